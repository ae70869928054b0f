//! What a filter finds in a row about connections.

use std::net::IpAddr;

use super::{Kind, Row};
use crate::{
    filter::{NumberField, Subject, TextField},
    process::Pid,
};

impl Subject for Row {
    fn any_text(&self, field: TextField, test: &dyn Fn(&str) -> bool) -> bool {
        let passes = |text: &Option<String>| text.as_deref().is_some_and(test);
        match field {
            TextField::Name => passes(&self.name),
            TextField::App => passes(&self.app),
            TextField::User => passes(&self.user),
            TextField::Remote => {
                passes(&self.remote_name) || self.remote.is_some_and(|remote| test(&remote.to_string()))
            }
            TextField::Protocol => self.protocol.is_some_and(|protocol| test(&protocol.to_string())),
            TextField::State => match self.kind {
                Kind::Closed => test("closed"),
                _ => self.state.is_some_and(|state| test(state.name())),
            },
            TextField::Interface => passes(&self.interface),
            TextField::Service => self.service().is_some_and(test),
            _ => false,
        }
    }

    fn has_pid(&self, pid: Pid) -> bool {
        self.pid == Some(pid)
    }

    fn number(&self, field: NumberField) -> Option<u64> {
        match field {
            NumberField::RxTotal => Some(self.moved.rx_bytes),
            NumberField::TxTotal => Some(self.moved.tx_bytes),
            _ => None,
        }
    }

    fn has_port(&self, port: u16) -> bool {
        let local = self.local.map(|local| local.port());
        [self.port, self.remote_port, local].contains(&Some(port))
    }

    fn remote(&self) -> Option<IpAddr> {
        self.remote
    }
}
