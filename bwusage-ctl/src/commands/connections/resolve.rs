//! Names of addresses, asked of the system's resolver: hosts file, DNS, mDNS, as it is set up.
//!
//! The daemon never does this: it would tell the network whom its users talk to.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::render::connections::Reverse;

/// Lookups at the same time.
const THREADS: usize = 4;
/// More are not looked at by anybody, and the network need not hear of them.
const MOST: usize = 256;

/// The names of `addresses`, as far as they can be had in time.
pub(super) async fn names(addresses: impl Iterator<Item = IpAddr>, within: Duration) -> Reverse {
    names_by(addresses, within, |address| dns_lookup::lookup_addr(&address).ok()).await
}

async fn names_by(
    addresses: impl Iterator<Item = IpAddr>,
    within: Duration,
    look_up: impl Fn(IpAddr) -> Option<String> + Clone + Send + 'static,
) -> Reverse {
    let mut waiting: Vec<IpAddr> = addresses.collect::<BTreeSet<_>>().into_iter().take(MOST).collect();
    let (threads, deadline) = (waiting.len().min(THREADS), Instant::now() + within);
    waiting.reverse();
    let waiting = Arc::new(Mutex::new(waiting));
    let (found, mut names) = mpsc::unbounded_channel();
    for _ in 0..threads {
        let (waiting, found, look_up) = (Arc::clone(&waiting), found.clone(), look_up.clone());
        // Not waited for: a lookup cannot be called off, but the program can end.
        thread::spawn(move || {
            let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
            while let Some(address) = next() {
                let name = look_up(address).filter(|name| name.parse::<IpAddr>().is_err());
                if found.send((address, name)).is_err() {
                    return;
                }
            }
        });
    }
    drop(found);
    let mut known = Reverse::new();
    while let Ok(Some((address, name))) = timeout_at(deadline, names.recv()).await {
        if let Some(name) = name {
            known.insert(address, name);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn every_address_is_looked_up_once_and_an_address_is_no_name() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let look_up = move |looked_up: IpAddr| {
            log.lock().unwrap().push(looked_up);
            match looked_up {
                at if at == address(1) => Some("one.test".into()),
                at if at == address(2) => Some("192.0.2.2".into()),
                _ => None,
            }
        };
        let addresses = [1, 2, 1, 3, 2].map(address).into_iter();
        let names = block_on(names_by(addresses, Duration::from_mins(1), look_up));
        assert_eq!(names, Reverse::from([(address(1), "one.test".into())]));
        let mut asked = asked.lock().unwrap().clone();
        asked.sort_unstable();
        assert_eq!(asked, [1, 2, 3].map(address));
    }

    #[test]
    fn a_resolver_that_hangs_is_not_waited_for() {
        let (_never, hang) = std::sync::mpsc::channel::<()>();
        let hang = Arc::new(Mutex::new(hang));
        let look_up = move |_| {
            let _ = hang.lock().unwrap_or_else(PoisonError::into_inner).recv();
            None
        };
        let names = block_on(names_by([address(1)].into_iter(), Duration::from_millis(1), look_up));
        assert_eq!(names, Reverse::new());
    }
}
