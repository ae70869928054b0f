//! How often somebody may try to log in. Pure: the time, since any fixed moment, is an argument.
//!
//! Three limits, each for another attacker: one address that tries many users, many addresses that try one user, and all
//! of them together, which is about what two hashes at a time can check. None of them locks anybody out for good: an
//! address gets its tries back by the minute, and a user's delay ends after [`LONGEST_DELAY`] at most.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

/// Tries of one address: so many at once, and as many again a minute.
const PER_ADDRESS: Rate = Rate { burst: 10.0, per_second: 10.0 / 60.0 };
/// Tries of everybody.
const OF_ALL: Rate = Rate { burst: 20.0, per_second: 20.0 };
/// Wrong passwords for one user before the next try has to wait.
const FREE_FAILURES: u32 = 5;
/// How long it waits first; then twice as long each time.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// The longest wait.
pub(crate) const LONGEST_DELAY: Duration = Duration::from_mins(15);
/// After so long without a try, failures are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);
/// Addresses and users that are remembered; beyond it, those that matter least are forgotten.
const REMEMBERED: usize = 10_000;

/// Why a try is not made, and when the next one may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) limit: Limit,
    pub(crate) span: Duration,
}

/// Which limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Address,
    User,
    All,
}

/// The state of every limit.
#[derive(Debug)]
pub(crate) struct Limits {
    addresses: HashMap<IpAddr, Bucket>,
    users: HashMap<String, Failures>,
    all: Bucket,
}

#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: f64,
    per_second: f64,
}

/// Tries that are left at a moment.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { addresses: HashMap::new(), users: HashMap::new(), all: Bucket::full(OF_ALL, Duration::ZERO) }
    }
}

impl Limits {
    /// Counts a try of `address` to log in as `user`, or says how long to wait. A try that has to wait counts for nothing,
    /// so that nobody waits longer because somebody else goes on trying.
    pub(crate) fn admit(&mut self, address: IpAddr, user: &str, now: Duration) -> Result<(), Wait> {
        let network = network(address);
        let known = self.addresses.get(&network).copied();
        let of_address = known.unwrap_or(Bucket::full(PER_ADDRESS, now)).refilled(PER_ADDRESS, now);
        let of_all = self.all.refilled(OF_ALL, now);
        let delay = self.users.get(&key(user)).map_or(Duration::ZERO, |failures| failures.delay(now));
        let waits = [
            (Limit::Address, of_address.wait(PER_ADDRESS)),
            (Limit::User, delay),
            (Limit::All, of_all.wait(OF_ALL)),
        ];
        if let Some((limit, span)) = waits.into_iter().find(|(_, span)| !span.is_zero()) {
            return Err(Wait { limit, span });
        }
        make_room(&mut self.addresses, |bucket| bucket.refilled(PER_ADDRESS, now).left, PER_ADDRESS.burst);
        self.addresses.insert(network, of_address.taken());
        self.all = of_all.taken();
        Ok(())
    }

    /// The password was wrong, or there is no such user.
    pub(crate) fn failed(&mut self, user: &str, now: Duration) {
        let fresh = |failures: &Failures| now.saturating_sub(failures.last) < FORGOTTEN_AFTER;
        let count =
            self.users.get(&key(user)).filter(|failures| fresh(failures)).map_or(0, |known| known.count);
        // The fewest failures matter least, and of a day ago none.
        make_room(
            &mut self.users,
            |failures| if fresh(failures) { -f64::from(failures.count) } else { 0.0 },
            0.0,
        );
        self.users.insert(key(user), Failures { count: count.saturating_add(1), last: now });
    }

    /// The password was right.
    pub(crate) fn succeeded(&mut self, user: &str) {
        self.users.remove(&key(user));
    }
}

impl Failures {
    /// How long the next try has to wait.
    fn delay(self, now: Duration) -> Duration {
        let Some(doublings) = self.count.checked_sub(FREE_FAILURES) else { return Duration::ZERO };
        let delay = FIRST_DELAY.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX));
        (self.last + delay.min(LONGEST_DELAY)).saturating_sub(now)
    }
}

impl Bucket {
    const fn full(rate: Rate, now: Duration) -> Self {
        Self { left: rate.burst, at: now }
    }

    fn refilled(self, rate: Rate, now: Duration) -> Self {
        let gained = now.saturating_sub(self.at).as_secs_f64() * rate.per_second;
        Self { left: (self.left + gained).min(rate.burst), at: now }
    }

    fn taken(self) -> Self {
        Self { left: self.left - 1.0, ..self }
    }

    fn wait(self, rate: Rate) -> Duration {
        Duration::from_secs_f64(((1.0 - self.left) / rate.per_second).max(0.0))
    }
}

/// A user as far as trying goes: names are the same in any case, and what is typed may be of any length.
fn key(user: &str) -> String {
    user.chars().take(64).flat_map(char::to_lowercase).collect()
}

/// Who is at `address`: the address, or the /64 of an IPv6 address, of which every network has all.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Forgets the entries that are at their `rest`, and where that is not enough the half that is nearest to it.
fn make_room<K: Clone + Eq + Hash, V>(map: &mut HashMap<K, V>, level: impl Fn(&V) -> f64, rest: f64) {
    if map.len() < REMEMBERED {
        return;
    }
    map.retain(|_, value| level(value) < rest);
    if map.len() < REMEMBERED {
        return;
    }
    let mut entries: Vec<_> = map.iter().map(|(key, value)| (level(value), key.clone())).collect();
    entries.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    entries.truncate(REMEMBERED / 2);
    for (_, key) in entries {
        map.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Another address for every number.
    fn elsewhere(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).into()
    }

    #[test]
    fn an_address_has_ten_tries_and_ten_more_a_minute() {
        let mut limits = Limits::default();
        for n in 0..10 {
            assert_eq!(limits.admit(HERE, &n.to_string(), seconds(0)), Ok(()));
        }
        let wait = limits.admit(HERE, "alice", seconds(0)).unwrap_err();
        assert_eq!(wait, Wait { limit: Limit::Address, span: seconds(6) });
        assert_eq!(limits.admit(elsewhere(1), "alice", seconds(0)), Ok(()), "others go on");
        assert_eq!(limits.admit(HERE, "alice", seconds(6)), Ok(()));
        assert!(limits.admit(HERE, "alice", seconds(6)).is_err());
        assert!((0..10).all(|_| limits.admit(HERE, "alice", seconds(3600)).is_ok()));
        assert!(limits.admit(HERE, "alice", seconds(3600)).is_err(), "and never more at once");
    }

    #[test]
    fn all_of_one_ipv6_network_are_one() {
        let mut limits = Limits::default();
        let inside = |n: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, n, 0, 0, n]);
        assert!((0..10).all(|n| limits.admit(inside(n), "alice", seconds(0)).is_ok()));
        assert_eq!(limits.admit(inside(99), "alice", seconds(0)).unwrap_err().limit, Limit::Address);
        let next = IpAddr::from([0x2001, 0xdb8, 0, 2, 0, 0, 0, 1]);
        assert_eq!(limits.admit(next, "alice", seconds(0)), Ok(()));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_the_same_and_not_a_network() {
        let mut limits = Limits::default();
        let mapped = |last| IpAddr::from(std::net::Ipv4Addr::new(192, 0, 2, last).to_ipv6_mapped());
        assert!((0..10).all(|_| limits.admit(mapped(1), "alice", seconds(0)).is_ok()));
        assert!(limits.admit(HERE, "alice", seconds(0)).is_err());
        assert_eq!(limits.admit(mapped(2), "alice", seconds(0)), Ok(()));
    }

    #[test]
    fn from_the_fifth_failure_on_a_user_waits_twice_as_long_each_time_and_15_minutes_at_most() {
        let mut limits = Limits::default();
        let mut now = seconds(0);
        let mut waits = Vec::new();
        for n in 0..20 {
            assert_eq!(limits.admit(elsewhere(n), "alice", now), Ok(()));
            limits.failed("alice", now);
            let wait = limits.admit(elsewhere(n), "ALICE", now).err();
            waits.push(wait.map_or(0, |wait| wait.span.as_secs()));
            now += wait.map_or(seconds(1), |wait| wait.span);
        }
        assert_eq!(waits[..8], [0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(waits[13..], [512, 900, 900, 900, 900, 900, 900], "never for good");
    }

    #[test]
    fn a_try_that_has_to_wait_makes_the_wait_no_longer() {
        let mut limits = Limits::default();
        for _ in 0..9 {
            limits.failed("alice", seconds(0));
        }
        for n in 0..1000 {
            let wait = limits.admit(elsewhere(n), "alice", seconds(1)).unwrap_err();
            assert_eq!(wait, Wait { limit: Limit::User, span: seconds(15) });
        }
        assert_eq!(limits.admit(elsewhere(0), "alice", seconds(16)), Ok(()));
    }

    #[test]
    fn a_right_password_ends_the_delay_and_so_does_a_day() {
        let mut limits = Limits::default();
        for _ in 0..9 {
            limits.failed("alice", seconds(0));
            limits.failed("bob", seconds(0));
        }
        limits.succeeded("Alice");
        limits.failed("bob", FORGOTTEN_AFTER);
        assert_eq!(limits.admit(HERE, "alice", seconds(0)), Ok(()));
        assert_eq!(limits.admit(HERE, "bob", FORGOTTEN_AFTER), Ok(()));
    }

    #[test]
    fn all_addresses_together_have_20_tries_a_second() {
        let mut limits = Limits::default();
        let admitted = |limits: &mut Limits, now, from: u32| {
            (from..from + 1000).filter(|&n| limits.admit(elsewhere(n), &n.to_string(), now).is_ok()).count()
        };
        assert_eq!(admitted(&mut limits, seconds(0), 0), 20);
        assert_eq!(admitted(&mut limits, seconds(1), 1000), 20);
        assert_eq!(admitted(&mut limits, seconds(9), 2000), 20);
    }

    #[test]
    fn a_million_made_up_users_and_addresses_take_no_more_memory() {
        let mut limits = Limits::default();
        for _ in 0..8 {
            limits.failed("alice", seconds(1));
        }
        for n in 0..50_000_u32 {
            let now = Duration::from_millis(1000 + u64::from(n) * 50);
            assert_eq!(limits.admit(elsewhere(n), &n.to_string(), now), Ok(()));
            limits.failed(&n.to_string(), now);
        }
        assert!(limits.users.len() <= REMEMBERED && limits.addresses.len() <= REMEMBERED);
        assert!(limits.users.contains_key("alice"), "who is attacked is not forgotten");
    }

    #[test]
    fn a_name_of_a_megabyte_is_kept_short() {
        let mut limits = Limits::default();
        limits.failed(&"x".repeat(1 << 20), seconds(0));
        assert!(limits.users.keys().all(|key| key.len() <= 64));
    }
}
