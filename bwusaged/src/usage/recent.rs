//! A memory of bounded size: what was learnt longest ago is forgotten first.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

/// The newest values, by key.
#[derive(Debug)]
pub struct Recent<K, V> {
    capacity: usize,
    /// Each with the number of its learning.
    known: HashMap<K, (V, u64)>,
    /// In the order of learning. Entries of which a newer one exists are skipped.
    order: VecDeque<(K, u64)>,
    learnt: u64,
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    /// Remembers at most `capacity` values.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, known: HashMap::new(), order: VecDeque::new(), learnt: 0 }
    }

    /// Remembers `value`, in place of an older one of the same key.
    pub fn learn(&mut self, key: K, value: V) {
        self.learnt += 1;
        self.known.insert(key, (value, self.learnt));
        self.order.push_back((key, self.learnt));
        while self.known.len() > self.capacity {
            let Some((oldest, number)) = self.order.pop_front() else { break };
            if self.is_newest(&oldest, number) {
                self.known.remove(&oldest);
            }
        }
        // Keys that are learnt again and again must not make the order grow.
        if self.order.len() > 2 * self.capacity {
            let order = std::mem::take(&mut self.order);
            self.order = order.into_iter().filter(|(key, number)| self.is_newest(key, *number)).collect();
        }
    }

    fn is_newest(&self, key: &K, number: u64) -> bool {
        self.known.get(key).is_some_and(|(_, newest)| *newest == number)
    }

    /// What was learnt last of `key`.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.known.get(key).map(|(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learnt_longest_ago_is_forgotten_first() {
        let mut recent = Recent::new(2);
        recent.learn(1, "one");
        recent.learn(2, "two");
        recent.learn(1, "one again");
        recent.learn(3, "three");
        assert_eq!(
            (recent.get(&1), recent.get(&2), recent.get(&3)),
            (Some(&"one again"), None, Some(&"three"))
        );
    }

    #[test]
    fn a_key_that_is_learnt_again_and_again_costs_no_memory() {
        let mut recent = Recent::new(4);
        for round in 0..1000 {
            recent.learn(round % 3, round);
        }
        assert!(recent.order.len() <= 8, "{}", recent.order.len());
        assert_eq!((recent.get(&0), recent.get(&2)), (Some(&999), Some(&998)));
    }
}
