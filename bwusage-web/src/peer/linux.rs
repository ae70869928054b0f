//! The kernel's list of TCP sockets, which names the user of each.

use std::{
    fs,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    os::unix::fs::MetadataExt as _,
};

pub(super) const ROOT: u32 = 0;

/// The user whose socket is at `theirs` and connected to `ours`, both on this machine.
pub(super) fn user_of(theirs: SocketAddr, ours: SocketAddr) -> Option<u32> {
    let find = |path| user_in(&fs::read_to_string(path).ok()?, theirs, ours);
    find("/proc/self/net/tcp").or_else(|| find("/proc/self/net/tcp6"))
}

pub(super) fn own_user() -> Option<u32> {
    fs::metadata("/proc/self").ok().map(|own| own.uid())
}

/// Looks in `list`, the text of `/proc/net/tcp` or `tcp6`.
fn user_in(list: &str, theirs: SocketAddr, ours: SocketAddr) -> Option<u32> {
    let is_end = |text: &str, end: SocketAddr| {
        address(text) == Some(SocketAddr::new(end.ip().to_canonical(), end.port()))
    };
    list.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let ends = is_end(words.next()?, theirs) && is_end(words.next()?, ours);
        // After the two ends: state, queues, timer, retransmissions.
        if ends { words.nth(4)?.parse().ok() } else { None }
    })
}

/// `0100007F:1F90`: words of four bytes as they lie in memory, then the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| Some(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    let address = match address.len() {
        8 => IpAddr::from(word(0)?),
        32 => {
            let mut bytes = [0; 16];
            for (index, part) in bytes.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(index * 8)?);
            }
            IpAddr::from(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(address, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_user_is_that_of_the_socket_with_both_ends() {
        let list = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 0100007F:2253 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0\n\
            \x20  1: 0100007F:2253 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0\n\
            \x20  2: 0100007F:C350 0100007F:2253 01 00000000:00000000 02:000000A7 00000000  1000        0 3 2 0\n";
        let (theirs, ours) = ("127.0.0.1:50000".parse().unwrap(), "127.0.0.1:8787".parse().unwrap());
        assert_eq!(user_in(list, theirs, ours), Some(1000));
        assert_eq!(user_in(list, ours, theirs), Some(0));
        assert_eq!(user_in(list, "127.0.0.1:50001".parse().unwrap(), ours), None);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn both_notations_of_an_address_are_read() {
        assert_eq!(address("00000000000000000000000001000000:2253"), Some("[::1]:8787".parse().unwrap()));
        assert_eq!(address("0000000000000000FFFF00000100007F:2253"), Some("127.0.0.1:8787".parse().unwrap()));
        for text in ["", "0100007F", "0100:2253", "0100007G:2253", "+100007F:2253x"] {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn a_real_connection_is_our_own() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // A machine may have no IPv6.
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let user = user_of(client.local_addr().unwrap(), client.peer_addr().unwrap());
            assert_eq!((user.is_some(), user), (true, own_user()), "{address}");
        }
    }
}
