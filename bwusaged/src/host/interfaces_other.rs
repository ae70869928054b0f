//! Interface counters where `sysinfo` is the only source.

use bwusage_proto::snapshot::Interface;
use sysinfo::Networks;

/// The counters of every interface.
#[derive(Debug)]
pub(super) struct Interfaces(Option<Networks>);

impl Interfaces {
    pub(super) fn new() -> Self {
        Self(Networks::new_with_refreshed_list().ok())
    }

    pub(super) fn read(&mut self) -> Vec<Interface> {
        let Some(networks) = &mut self.0 else { return Vec::new() };
        networks.refresh(true);
        let interface = |name: String, counters: &sysinfo::NetworkData| Interface {
            loopback: name == "lo0" || name.starts_with("Loopback "),
            name,
            rx_bytes_total: counters.total_received(),
            tx_bytes_total: counters.total_transmitted(),
            rx_packets_total: counters.total_packets_received(),
            tx_packets_total: counters.total_packets_transmitted(),
            rates: None,
        };
        let each =
            networks.iter().map(|(name, counters)| interface(name.to_string_lossy().into_owned(), counters));
        let mut interfaces: Vec<_> = each.collect();
        interfaces.sort_by(|a, b| a.name.cmp(&b.name));
        interfaces
    }
}
