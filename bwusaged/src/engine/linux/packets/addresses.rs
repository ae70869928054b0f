//! The addresses of this network namespace: what is neither from nor for one of them is passed on for others.

use std::{
    collections::HashSet,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ptr,
};

/// All of them.
pub(super) fn own() -> io::Result<HashSet<IpAddr>> {
    let mut first = ptr::null_mut();
    // SAFETY: writes the head of a list that is ours to free.
    if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut addresses = HashSet::new();
    let mut next = first;
    // SAFETY: each element is valid until the list is freed below, and the last one has no next.
    while let Some(element) = unsafe { next.as_ref() } {
        // SAFETY: null, or an address as long as its family says.
        addresses.extend(unsafe { ip(element.ifa_addr) });
        next = element.ifa_next;
    }
    // SAFETY: from the call above, and freed once.
    unsafe { libc::freeifaddrs(first) };
    Ok(addresses)
}

/// # Safety
///
/// `address` is null or points to as many bytes as its family has.
unsafe fn ip(address: *const libc::sockaddr) -> Option<IpAddr> {
    // SAFETY: null, or at least a family.
    let family = unsafe { address.as_ref() }?.sa_family;
    match libc::c_int::from(family) {
        libc::AF_INET => {
            // SAFETY: the family says so.
            let address = unsafe { ptr::read_unaligned(address.cast::<libc::sockaddr_in>()) };
            Some(Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: the family says so.
            let address = unsafe { ptr::read_unaligned(address.cast::<libc::sockaddr_in6>()) };
            Some(Ipv6Addr::from(address.sin6_addr.s6_addr).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_address_is_ours() {
        assert!(own().unwrap().contains(&IpAddr::from(Ipv4Addr::LOCALHOST)));
    }
}
