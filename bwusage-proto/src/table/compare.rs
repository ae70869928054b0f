//! How two cells of a column compare, in every table.

use std::cmp::Ordering;

/// Compares two amounts, the larger one first; an unknown one comes last whichever end comes first.
pub(crate) fn amounts<T: Ord>(reversed: bool, a: Option<T>, b: Option<T>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => turned(reversed, b.cmp(&a)),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Compares two texts without regard to case, then with it; an unknown one comes last.
pub(crate) fn texts(reversed: bool, a: Option<&str>, b: Option<&str>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => {
            let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
            let by_letter = if a.is_ascii() && b.is_ascii() {
                let (a, b) = (a.bytes(), b.bytes());
                a.map(|c| c.to_ascii_lowercase()).cmp(b.map(|c| c.to_ascii_lowercase()))
            } else {
                lower(a).cmp(&lower(b))
            };
            turned(reversed, by_letter.then_with(|| a.cmp(b)))
        }
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn turned(reversed: bool, ordering: Ordering) -> Ordering {
    if reversed { ordering.reverse() } else { ordering }
}
