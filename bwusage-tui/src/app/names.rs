//! Names of remote hosts that the daemon does not know: asked for once, and kept.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::Arc,
};

/// How many addresses are remembered. The oldest are forgotten, and asked for again when they come into view.
const REMEMBERED: usize = 4096;

/// What is known about addresses.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// `None` while nobody answered, and for an address without a name.
    known: HashMap<IpAddr, Option<Arc<str>>>,
    order: VecDeque<IpAddr>,
}

impl Names {
    /// Those of `addresses` that nobody was asked about yet; from now on they count as asked.
    pub(super) fn unasked(&mut self, addresses: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
        let mut unasked = Vec::new();
        for address in addresses {
            if self.known.contains_key(&address) {
                continue;
            }
            if self.order.len() >= REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
            self.known.insert(address, None);
            self.order.push_back(address);
            unasked.push(address);
        }
        unasked
    }

    /// Takes note of an answer; true when there is a name.
    pub(super) fn learn(&mut self, address: IpAddr, name: Option<String>) -> bool {
        let Some(known) = self.known.get_mut(&address) else { return false };
        *known = name.map(Arc::from);
        known.is_some()
    }

    /// The name of `address`, where it has one.
    pub(super) fn of(&self, address: IpAddr) -> Option<Arc<str>> {
        self.known.get(&address).cloned().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    #[test]
    fn an_address_is_asked_for_once() {
        let mut names = Names::default();
        assert_eq!(names.unasked([address(1), address(2), address(1)].into_iter()), [address(1), address(2)]);
        assert!(names.unasked([address(2)].into_iter()).is_empty());
        assert!(names.learn(address(1), Some("one".into())) && !names.learn(address(2), None));
        assert_eq!((names.of(address(1)).as_deref(), names.of(address(2))), (Some("one"), None));
    }

    #[test]
    fn what_was_forgotten_is_asked_for_again_and_memory_is_bounded() {
        let mut names = Names::default();
        names.unasked((0..=REMEMBERED as u32).map(address));
        assert_eq!((names.known.len(), names.order.len()), (REMEMBERED, REMEMBERED));
        assert_eq!(names.unasked([address(0)].into_iter()), [address(0)]);
        assert!(!names.learn(address(9999), Some("never asked".into())));
    }
}
