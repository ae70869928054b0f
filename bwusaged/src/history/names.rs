//! What a series is called in the database, and back.

use bwusage_proto::{
    process::{Category, UserId},
    snapshot::ResidualReason,
    units::Scope,
};

use super::schema::Kind;
use crate::usage::store::Mover;

/// The scope of an amount that has none: an interface's.
pub const NO_SCOPE: i64 = Scope::Internet as i64 + 1;

/// What tells one series from all others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// What it is.
    pub kind: Kind,
    /// The application, the residual's reason, the interface; empty for a group.
    pub name: String,
    /// The user, as [`user_text`]; empty where there is none.
    pub user: String,
    /// The number of the category; -1 where there is none.
    pub category: i64,
}

impl Name {
    /// The series of `mover`.
    #[must_use]
    pub fn of_mover(mover: &Mover) -> Self {
        match mover {
            Mover::Process { app, user, category } => Self {
                kind: Kind::Process,
                name: app.clone(),
                user: user_text(user.as_ref()),
                category: category_number(*category),
            },
            Mover::Residual(reason) => Self::plain(Kind::Residual, reason.name()),
        }
    }

    /// One without user and category.
    #[must_use]
    pub fn plain(kind: Kind, name: &str) -> Self {
        Self { kind, name: name.into(), user: String::new(), category: -1 }
    }

    /// The group of a process.
    #[must_use]
    pub fn group(user: String, category: i64) -> Self {
        Self { kind: Kind::Group, name: String::new(), user, category }
    }
}

/// A user as text: a number, or a security identifier.
#[must_use]
pub fn user_text(user: Option<&UserId>) -> String {
    user.map(ToString::to_string).unwrap_or_default()
}

/// What [`user_text`] wrote.
#[must_use]
pub fn user_of(text: &str) -> Option<UserId> {
    if text.is_empty() {
        return None;
    }
    Some(text.parse().map_or_else(|_| UserId::Sid(text.into()), UserId::Uid))
}

/// The number of a category. They are appended to, never renumbered.
#[must_use]
pub fn category_number(category: Option<Category>) -> i64 {
    category.map_or(-1, |category| match category {
        Category::App => 0,
        Category::Terminal => 1,
        Category::Service => 2,
        Category::Container => 3,
        Category::Kernel => 4,
        Category::Background => 5,
    })
}

/// What [`category_number`] counted.
#[must_use]
pub fn category_of(number: i64) -> Option<Category> {
    Category::ALL.into_iter().find(|&category| category_number(Some(category)) == number)
}

/// The reason that is called `name`.
#[must_use]
pub fn residual_of(name: &str) -> Option<ResidualReason> {
    ResidualReason::ALL.into_iter().find(|reason| reason.name() == name)
}

/// The kind with this number.
#[must_use]
pub fn kind_of(number: i64) -> Option<Kind> {
    [Kind::Process, Kind::Residual, Kind::Interface, Kind::Group, Kind::Imported]
        .into_iter()
        .find(|&kind| kind as i64 == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for user in [None, Some(UserId::Uid(1000)), Some(UserId::Sid("S-1-5-18".into()))] {
            assert_eq!(user_of(&user_text(user.as_ref())), user);
        }
        for category in Category::ALL.map(Some).into_iter().chain([None]) {
            assert_eq!(category_of(category_number(category)), category);
        }
        for reason in ResidualReason::ALL {
            assert_eq!(residual_of(reason.name()), Some(reason));
        }
        for kind in 0..5 {
            assert_eq!(kind_of(kind).map(|kind| kind as i64), Some(kind));
        }
        assert_eq!(kind_of(5), None);
    }
}
