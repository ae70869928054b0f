//! Programs at the other end of an interface: a VPN, and a host beyond a router.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    mem,
    net::UdpSocket,
    os::fd::AsRawFd as _,
    process::Command,
    sync::Arc,
    thread,
};

use super::{number, received, say_listening, sent, until_input_ends};

/// `TUNSETIFF`, `_IOW('T', 202, int)`.
const TUNSETIFF: libc::c_ulong = 0x4004_54ca;
/// Of `struct ifreq`: the name, then the flags.
const REQUEST_BYTES: usize = 40;
const NAME_BYTES: usize = 16;
/// So that a packet fits into a packet that carries it.
const MTU: &str = "1400";
/// More packets than ever wait for this process, so that none is dropped.
const QUEUE: &str = "20000";

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["carry", tun, address, own, peer] => carry(tun, address, own, peer)?,
        ["be-two-hosts", first, second, count, size] => {
            be_two_hosts([first, second], number(count)?, number(size)?)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// An interface whose packets this process sends and receives, IP header first.
fn open(name: &str, address: &str) -> io::Result<File> {
    let tun = OpenOptions::new().read(true).write(true).open("/dev/net/tun")?;
    let mut request = [0_u8; REQUEST_BYTES];
    request[..name.len()].copy_from_slice(name.as_bytes());
    let flags = (libc::IFF_TUN | libc::IFF_NO_PI) as u16;
    request[NAME_BYTES..NAME_BYTES + 2].copy_from_slice(&flags.to_ne_bytes());
    // SAFETY: the request is as long as `struct ifreq`.
    if unsafe { libc::ioctl(tun.as_raw_fd(), TUNSETIFF, request.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    for words in [
        format!("link set {name} addrgenmode none mtu {MTU} txqueuelen {QUEUE}"),
        format!("address add {address} dev {name}"),
        format!("link set {name} up"),
    ] {
        let done = Command::new("ip").args(words.split(' ')).status()?;
        assert!(done.success(), "ip {words}: {done}");
    }
    Ok(tun)
}

/// A VPN: what enters the interface goes to the peer as the payload of a datagram, and the other way round.
fn carry(tun: &str, address: &str, own: &str, peer: &str) -> io::Result<()> {
    let tun = Arc::new(open(tun, address)?);
    let socket = Arc::new(UdpSocket::bind(own)?);
    let buffer: i32 = 4_000_000;
    super::option::set(&socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &buffer.to_ne_bytes())?;
    socket.connect(peer)?;
    say_listening(socket.local_addr()?)?;
    let (inside, outside) = (Arc::clone(&tun), Arc::clone(&socket));
    thread::spawn(move || -> io::Result<()> {
        let mut packet = [0; 2048];
        loop {
            let length = (&*inside).read(&mut packet)?;
            // While the peer is not there yet, it is refused.
            if let Ok(count) = outside.send(&packet[..length]) {
                sent(count);
            }
        }
    });
    thread::spawn(move || -> io::Result<()> {
        let mut packet = [0; 2048];
        loop {
            if let Ok(length) = socket.recv(&mut packet) {
                received(length);
                (&*tun).write_all(&packet[..length])?;
            }
        }
    });
    until_input_ends()
}

/// A host behind each of two interfaces: the first sends, and the second counts what the machine passes on to it.
fn be_two_hosts(names: [&str; 2], count: u64, size: u64) -> io::Result<()> {
    let mut first = open(names[0], "10.90.1.1/24")?;
    let mut second = open(names[1], "10.90.2.1/24")?;
    let mut packet = vec![0; size as usize];
    let header = [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 253, 0, 0, 10, 90, 1, 2, 10, 90, 2, 2];
    packet[..header.len()].copy_from_slice(&header);
    packet[2..4].copy_from_slice(&(size as u16).to_be_bytes());
    let sum: u32 = packet[..20].chunks(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]]))).sum();
    let sum = !((sum & 0xffff) as u16).wrapping_add((sum >> 16) as u16);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    let mut room = vec![0; 2048];
    for _ in 0..count {
        first.write_all(&packet)?;
        sent(packet.len());
        // Others may come too.
        loop {
            let length = second.read(&mut room)?;
            if room[9] == 253 {
                received(length);
                break;
            }
        }
    }
    // The interfaces end with this process.
    mem::forget((first, second));
    Ok(())
}
