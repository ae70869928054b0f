//! Whom a machine talks to: as an engine tells it, with one process for each user.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use bwusage_proto::{
    connection::{Moved, Protocol},
    process::{ProcessId, UserId},
};
use bwusaged::{
    engine::{RemoteSample, Talk},
    history::remotes::Directory,
};

/// Totals by user and host. Each host has an address of its own.
#[derive(Debug, Default)]
pub(crate) struct Phone {
    totals: BTreeMap<(u32, IpAddr), u64>,
    names: Vec<String>,
}

impl Phone {
    pub(crate) fn moved(&mut self, uid: u32, host: &str, rx_bytes: u64) {
        let number = self.names.iter().position(|name| name == host).unwrap_or_else(|| {
            self.names.push(host.into());
            self.names.len() - 1
        });
        *self.totals.entry((uid, Ipv4Addr::from(number as u32).into())).or_default() += rx_bytes;
    }

    pub(crate) fn talk(&self) -> Talk {
        let remote = |(&(uid, address), &rx_bytes): (&(u32, IpAddr), &u64)| RemoteSample {
            process: ProcessId::new(uid, 1),
            protocol: Protocol::TCP,
            remote: Some(address),
            port: 443,
            inbound: false,
            interface: None,
            connections: 1,
            moved: Moved { rx_bytes, tx_bytes: 0 },
            last_at_unix_ms: 0,
        };
        Talk { remotes: self.totals.iter().map(remote).collect(), ..Talk::default() }
    }
}

impl Directory for Phone {
    fn user(&self, process: ProcessId) -> Option<Option<UserId>> {
        Some(Some(UserId::Uid(process.pid)))
    }

    fn host(&self, address: IpAddr) -> String {
        let IpAddr::V4(address) = address else { panic!("{address}") };
        self.names[u32::from(address) as usize].clone()
    }
}
