//! What is remembered about the other ends: the names of addresses, the names of interfaces, and whose processes were whose
//! rows are given up. All of it bounded, because others decide how much there is.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use bwusage_proto::process::{ProcessId, UserId};

use super::recent::Recent;
use crate::{dns, engine::Sample};

/// Most addresses of which the name is known: some 2 MiB.
pub const KEEP_NAMES: usize = 16_384;
/// Most given up processes of which application and user are known.
pub const KEEP_OWNERS: usize = 4096;
/// Most interfaces of which the name is known. A machine with containers makes and forgets them all day.
pub const KEEP_INTERFACES: usize = 4096;

/// Whose a process was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its application.
    pub app: String,
    /// Its user.
    pub user: Option<UserId>,
}

/// The memory.
#[derive(Debug)]
pub struct Remotes {
    names: Recent<IpAddr, Arc<str>>,
    owners: Recent<ProcessId, Owner>,
    interfaces: BTreeMap<u32, String>,
}

impl Default for Remotes {
    fn default() -> Self {
        let (names, owners) = (Recent::new(KEEP_NAMES), Recent::new(KEEP_OWNERS));
        Self { names, owners, interfaces: BTreeMap::new() }
    }
}

impl Remotes {
    /// Takes in what one tick says about names.
    pub fn learn(&mut self, sample: &Sample) {
        for (address, name) in &sample.names {
            if let Some(name) = dns::escaped(name) {
                self.names.learn(address.to_canonical(), name.into());
            }
        }
        // One that is gone has no name any more, but is still asked for.
        for interface in sample.interfaces.iter().filter(|interface| !interface.name.is_empty()) {
            if self.interfaces.get(&interface.index) != Some(&interface.name) {
                self.interfaces.insert(interface.index, interface.name.clone());
            }
        }
        // Numbers are given out in ascending order, so the lowest is the oldest.
        while self.interfaces.len() > KEEP_INTERFACES {
            self.interfaces.pop_first();
        }
    }

    /// The row of a process is given up.
    pub(super) fn keep_owner(&mut self, process: ProcessId, owner: Owner) {
        self.owners.learn(process, owner);
    }

    /// The name that this machine asked for and got `address` for last.
    #[must_use]
    pub fn name(&self, address: IpAddr) -> Option<&str> {
        self.names.get(&address.to_canonical()).map(|name| &**name)
    }

    /// The name of the interface with number `index`.
    #[must_use]
    pub fn interface(&self, index: u32) -> Option<&str> {
        self.interfaces.get(&index).map(String::as_str)
    }

    /// Whose `process` was, after its row was given up.
    #[must_use]
    pub fn owner(&self, process: ProcessId) -> Option<&Owner> {
        self.owners.get(&process)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::engine::InterfaceSample;

    fn learn(remotes: &mut Remotes, names: &[(&str, &str)]) {
        let names = names.iter().map(|&(address, name)| (address.parse().unwrap(), name.into()));
        remotes.learn(&Sample { names: names.collect(), ..Sample::default() });
    }

    fn name<'a>(remotes: &'a Remotes, address: &str) -> Option<&'a str> {
        remotes.name(address.parse().unwrap())
    }

    #[test]
    fn the_newest_name_of_an_address_wins() {
        let mut remotes = Remotes::default();
        learn(&mut remotes, &[("192.0.2.7", "old.test"), ("2001:db8::7", "six.test")]);
        learn(&mut remotes, &[("192.0.2.7", "new.test")]);
        assert_eq!(
            (name(&remotes, "192.0.2.7"), name(&remotes, "2001:db8::7")),
            (Some("new.test"), Some("six.test"))
        );
        assert_eq!(
            name(&remotes, "::ffff:192.0.2.7"),
            Some("new.test"),
            "the same host in the other notation"
        );
        assert_eq!(name(&remotes, "192.0.2.8"), None);
    }

    #[test]
    fn a_name_that_could_act_on_a_reader_is_escaped_and_one_that_is_none_is_dropped() {
        let mut remotes = Remotes::default();
        learn(
            &mut remotes,
            &[("192.0.2.1", "A\x1b[2J.test"), ("192.0.2.2", ""), ("192.0.2.3", &"a".repeat(300))],
        );
        assert_eq!(name(&remotes, "192.0.2.1"), Some(r"a\027\0912j.test"));
        assert_eq!((name(&remotes, "192.0.2.2"), name(&remotes, "192.0.2.3")), (None, None));
    }

    #[test]
    fn names_are_bounded_and_the_oldest_goes() {
        let mut remotes = Remotes::default();
        let address = |n: usize| IpAddr::from(Ipv4Addr::from(0x0a00_0000 + n as u32));
        let names = (0..=KEEP_NAMES).map(|n| (address(n), format!("h{n}.test"))).collect();
        remotes.learn(&Sample { names, ..Sample::default() });
        assert_eq!(remotes.name(address(0)), None);
        assert_eq!(
            (remotes.name(address(1)), remotes.name(address(KEEP_NAMES))),
            (Some("h1.test"), Some("h16384.test"))
        );
    }

    #[test]
    fn an_interface_keeps_its_name_after_its_end() {
        let mut remotes = Remotes::default();
        let mut say = |index, name: &str| {
            let interface = InterfaceSample { index, name: name.into(), ..InterfaceSample::default() };
            remotes.learn(&Sample { interfaces: vec![interface], ..Sample::default() });
        };
        say(2, "eth0");
        say(9, "veth1");
        say(9, "");
        say(2, "lan0");
        assert_eq!(
            (remotes.interface(2), remotes.interface(9), remotes.interface(3)),
            (Some("lan0"), Some("veth1"), None)
        );
    }
}
