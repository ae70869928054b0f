//! Names of services by port.
//!
//! The well-known ones out of IANA's Service Name and Transport Protocol Port Number Registry (RFC 6335), under the names that
//! it gives them. A port says what usually listens there, not what does.

use crate::connection::Protocol;

mod table;
use table::{Both, TABLE, Tcp, Transport, Udp};

/// The service that is registered for `port` of `protocol`.
#[must_use]
pub fn name(protocol: Protocol, port: u16) -> Option<&'static str> {
    let first = TABLE.partition_point(|&(listed, ..)| listed < port);
    TABLE[first..]
        .iter()
        .take_while(|&&(listed, ..)| listed == port)
        .find(|(_, transport, _)| transport.carries(protocol))
        .map(|&(.., name)| name)
}

/// The port of the service called `name`, in any case.
#[must_use]
pub fn port(name: &str) -> Option<u16> {
    TABLE.iter().find(|(.., listed)| listed.eq_ignore_ascii_case(name)).map(|&(port, ..)| port)
}

impl Transport {
    fn carries(self, protocol: Protocol) -> bool {
        match self {
            Tcp => protocol == Protocol::TCP,
            Udp => protocol == Protocol::UDP,
            Both => matches!(protocol, Protocol::TCP | Protocol::UDP),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_has_the_name_of_its_own_transport() {
        assert_eq!(name(Protocol::TCP, 443), Some("https"));
        assert_eq!(name(Protocol::UDP, 443), Some("https"));
        assert_eq!(name(Protocol::TCP, 514), Some("shell"));
        assert_eq!(name(Protocol::UDP, 514), Some("syslog"));
        assert_eq!(name(Protocol::UDP, 22), None);
        assert_eq!(name(Protocol::ICMP, 443), None);
        assert_eq!((name(Protocol::TCP, 0), name(Protocol::TCP, u16::MAX)), (None, None));
    }

    #[test]
    fn a_name_leads_back_to_a_port_that_has_it() {
        assert_eq!((port("HTTPS"), port("domain"), port("nothing")), (Some(443), Some(53), None));
        for &(.., listed) in TABLE {
            let port = port(listed).unwrap();
            assert!(
                [Protocol::TCP, Protocol::UDP].iter().any(|&protocol| name(protocol, port) == Some(listed))
            );
        }
    }

    #[test]
    fn ports_are_in_order_and_none_is_said_twice() {
        assert!(TABLE.is_sorted_by_key(|&(port, ..)| port));
        for pair in TABLE.windows(2) {
            let ((a, of_a, _), (b, of_b, _)) = (pair[0], pair[1]);
            let both = [Protocol::TCP, Protocol::UDP].iter().any(|&p| of_a.carries(p) && of_b.carries(p));
            assert!(a != b || !both, "{a}");
        }
    }
}
