//! The alternating run: each round measures every subject once, in an order of its own.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use anyhow::Result;

/// What was measured of each subject, one value a round.
pub(super) struct Rounds<S, M> {
    measured: Vec<(S, Vec<M>)>,
}

impl<S: Copy + PartialEq, M> Rounds<S, M> {
    /// Runs `measure` `rounds` times for each of `subjects`.
    pub(super) fn run(
        subjects: &[S],
        rounds: usize,
        mut measure: impl FnMut(S) -> Result<M>,
    ) -> Result<Self> {
        let mut measured: Vec<(S, Vec<M>)> = subjects.iter().map(|&subject| (subject, Vec::new())).collect();
        for _ in 0..rounds {
            for index in order(subjects.len(), random) {
                let (subject, values) = &mut measured[index];
                values.push(measure(*subject)?);
            }
        }
        Ok(Self { measured })
    }

    pub(super) fn subjects(&self) -> impl Iterator<Item = S> {
        self.measured.iter().map(|&(subject, _)| subject)
    }

    /// One number of each round of `subject`; empty where it was not measured.
    pub(super) fn values(&self, subject: S, value: impl Fn(&M) -> f64) -> Vec<f64> {
        self.of(subject).iter().map(value).collect()
    }

    /// What was measured of `subject`.
    pub(super) fn of(&self, subject: S) -> &[M] {
        let found = self.measured.iter().find(|&&(other, _)| other == subject);
        found.map(|(_, values)| values.as_slice()).unwrap_or_default()
    }
}

/// The numbers below `count`, shuffled.
fn order(count: usize, mut random: impl FnMut() -> u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, (random() % (last as u64 + 1)) as usize);
    }
    order
}

/// The standard library seeds its hash tables at random; nothing here needs better.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_measures_every_subject_once() {
        let mut calls = Vec::new();
        let rounds = Rounds::run(&['a', 'b'], 3, |subject| {
            calls.push(subject);
            Ok(calls.len() as f64)
        })
        .expect("nothing fails");
        for round in calls.chunks(2) {
            assert!(round == ['a', 'b'] || round == ['b', 'a'], "{round:?}");
        }
        assert_eq!(rounds.of('a').len(), 3);
        assert_eq!(rounds.values('a', |value| *value).len(), 3);
        assert!(rounds.of('c').is_empty());
    }

    #[test]
    fn every_order_keeps_all_of_them() {
        for number in 0..24 {
            let mut order = order(4, || number);
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3]);
        }
        assert_eq!(order(3, || 0), [1, 2, 0], "not the order they came in");
    }
}
