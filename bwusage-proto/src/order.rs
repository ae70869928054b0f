//! What every table has in common: a column to sort by, the order that follows from it, and a limit.

use std::{cmp::Ordering, fmt, str::FromStr};

/// A column that rows can be sorted by.
pub trait Column: Copy + 'static {
    /// Every one.
    const ALL: &'static [Self];

    /// The name on the command line.
    fn name(self) -> &'static str;

    /// Whether it is meant by `name`.
    fn is_called(self, name: &str) -> bool {
        self.name() == name
    }
}

/// A column, and which end comes first. Amounts begin with the largest, names with A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Order<C> {
    /// The column.
    pub key: C,
    /// Whether the other end comes first.
    pub reversed: bool,
}

impl<C> Order<C> {
    /// Compares two amounts, the larger one first; an unknown one comes last whichever end comes first.
    pub(crate) fn amounts<T: Ord>(&self, a: Option<T>, b: Option<T>) -> Ordering {
        self.known(a, b, |a, b| b.cmp(a))
    }

    /// Compares two texts without regard to case, then with it; an unknown one comes last.
    pub(crate) fn texts(&self, a: Option<&str>, b: Option<&str>) -> Ordering {
        self.known(a, b, |a, b| by_letter(a, b).then_with(|| a.cmp(b)))
    }

    fn known<T>(&self, a: Option<T>, b: Option<T>, compare: impl FnOnce(&T, &T) -> Ordering) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) if self.reversed => compare(&a, &b).reverse(),
            (Some(a), Some(b)) => compare(&a, &b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }
}

fn by_letter(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        let (a, b) = (a.bytes(), b.bytes());
        return a.map(|c| c.to_ascii_lowercase()).cmp(b.map(|c| c.to_ascii_lowercase()));
    }
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    lower(a).cmp(&lower(b))
}

/// Sorts `rows` and keeps the first of them; returns how many there were.
pub(crate) fn sort_and_cut<R>(
    rows: &mut Vec<R>,
    limit: Option<usize>,
    compare: impl Fn(&R, &R) -> Ordering,
) -> usize {
    let matched = rows.len();
    if let Some(limit) = limit.filter(|&limit| limit < matched) {
        rows.select_nth_unstable_by(limit, &compare);
        rows.truncate(limit);
    }
    rows.sort_unstable_by(compare);
    matched
}

/// The one of `all` that follows `one`, and after the last the first.
pub(crate) fn after<T: Copy + PartialEq>(all: &[T], one: T) -> T {
    let next = all.iter().skip_while(|&&it| it != one).nth(1);
    next.or(all.first()).copied().unwrap_or(one)
}

/// A sort key that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no column {name:?}: use one of {}, with a leading - to reverse", .known.join(", "))]
pub struct UnknownColumn {
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub known: Vec<&'static str>,
}

/// `rx`, or `-rx` for the smallest first.
impl<C: Column> FromStr for Order<C> {
    type Err = UnknownColumn;

    fn from_str(text: &str) -> Result<Self, UnknownColumn> {
        let (name, reversed) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let key = C::ALL.iter().copied().find(|key| key.is_called(name));
        let known = || C::ALL.iter().map(|key| key.name()).collect();
        key.map(|key| Self { key, reversed })
            .ok_or_else(|| UnknownColumn { name: name.into(), known: known() })
    }
}

impl<C: Column> fmt::Display for Order<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.reversed { "-" } else { "" }, self.key.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(
        reversed: bool,
        rows: &[Option<&'static str>],
        limit: Option<usize>,
    ) -> Vec<Option<&'static str>> {
        let (order, mut rows) = (Order { key: (), reversed }, rows.to_vec());
        assert_eq!(sort_and_cut(&mut rows, limit, |a, b| order.texts(*a, *b)), 4);
        rows
    }

    #[test]
    fn what_is_unknown_comes_last_whichever_end_comes_first() {
        let rows = [None, Some("b"), Some("A"), Some("Ä")];
        assert_eq!(sorted(false, &rows, None), [Some("A"), Some("b"), Some("Ä"), None]);
        assert_eq!(sorted(true, &rows, None), [Some("Ä"), Some("b"), Some("A"), None]);
        assert_eq!(sorted(false, &rows, Some(2)), [Some("A"), Some("b")]);
    }

    #[test]
    fn the_largest_amount_comes_first() {
        let order = Order { key: (), reversed: false };
        assert_eq!(order.amounts(Some(2), Some(1)), Ordering::Less);
        assert_eq!(order.amounts(Some(0), None), Ordering::Less);
    }
}
