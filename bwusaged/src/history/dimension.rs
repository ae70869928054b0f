//! Which series of the database a question is about, and whose they are in the answer.

use bwusage_proto::{
    history::{HistoryFilter, HistoryQuery, Per, SeriesKey},
    process::UserId,
};
use rusqlite::Connection;

use super::{
    names::{category_number, category_of, kind_of, residual_of, user_of},
    query::Asker,
    schema::Kind,
};
use crate::usage::store::Mover;

/// One series of the database that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Its number.
    pub(super) id: i64,
    /// What it is.
    pub(super) kind: Kind,
    /// Whose it is in the answer.
    pub(super) key: SeriesKey,
}

/// The series that a question is about.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// Processes.
    pub(super) processes: Vec<Member>,
    /// The sums of the same processes by user and category; none where a choice of applications is asked for.
    pub(super) groups: Vec<Member>,
    /// Everything else.
    pub(super) plain: Vec<Member>,
}

/// Whether applications are told apart, so that the groups alone do not answer.
#[must_use]
pub(super) fn by_process(query: &HistoryQuery) -> bool {
    query.per == Per::App || !query.filter.apps.is_empty()
}

/// The series that `query` of `asker` is about.
///
/// # Errors
///
/// Fails when the database does.
pub(super) fn members(
    connection: &Connection,
    query: &HistoryQuery,
    asker: &Asker,
) -> rusqlite::Result<Members> {
    let mut read = connection.prepare_cached("SELECT id, kind, name, user, category FROM series")?;
    let mut rows = read.query([])?;
    let mut members = Members::default();
    while let Some(row) = rows.next()? {
        let Some(kind) = kind_of(row.get(1)?) else { continue };
        let user: String = row.get(3)?;
        let stored = Stored { kind, name: row.get(2)?, user: user_of(&user), category: row.get(4)? };
        let Some(key) = stored.key(query, asker) else { continue };
        let of_kind = match kind {
            Kind::Process => &mut members.processes,
            Kind::Group => &mut members.groups,
            Kind::Residual | Kind::Interface | Kind::Imported => &mut members.plain,
        };
        of_kind.push(Member { id: row.get(0)?, kind, key });
    }
    Ok(members)
}

/// Whose what `mover` moved is in the answer to `query` of `asker`; `None` when it does not count.
#[must_use]
pub(super) fn key_of(mover: &Mover, query: &HistoryQuery, asker: &Asker) -> Option<SeriesKey> {
    let stored = match mover {
        Mover::Process { app, user, category } => Stored {
            kind: Kind::Process,
            name: app.clone(),
            user: user.clone(),
            category: category_number(*category),
        },
        Mover::Residual(reason) => {
            Stored { kind: Kind::Residual, name: reason.name().into(), user: None, category: -1 }
        }
    };
    stored.key(query, asker)
}

struct Stored {
    kind: Kind,
    name: String,
    user: Option<UserId>,
    category: i64,
}

impl Stored {
    /// Whose it is in the answer; `None` when it does not count.
    fn key(self, query: &HistoryQuery, asker: &Asker) -> Option<SeriesKey> {
        let HistoryQuery { per, filter, .. } = query;
        let counts = match self.kind {
            Kind::Interface | Kind::Imported => {
                let named = filter.interfaces.is_empty() || filter.interfaces.contains(&self.name);
                return (*per == Per::Interface && named).then(|| self.interface());
            }
            _ if *per == Per::Interface || !filter.interfaces.is_empty() => false,
            Kind::Process => self.fits(filter),
            // Groups do not know applications.
            Kind::Group => filter.apps.is_empty() && self.fits(filter),
            Kind::Residual => {
                filter.apps.is_empty() && filter.users.is_empty() && filter.categories.is_empty()
            }
        };
        if !counts {
            return None;
        }
        let own = asker.only(*per);
        if self.kind != Kind::Residual && own.is_some() && own != self.user.as_ref() {
            let choosy = !(filter.apps.is_empty() && filter.users.is_empty() && filter.categories.is_empty());
            return match per {
                // A sum of a choice would tell what is in the choice.
                _ if choosy => None,
                Per::Total => Some(SeriesKey::Total),
                Per::Scope => Some(SeriesKey::Other(0)),
                _ => Some(SeriesKey::OtherUsers),
            };
        }
        Some(match per {
            Per::Total | Per::Host => SeriesKey::Total,
            // Told apart amount by amount.
            Per::Scope => SeriesKey::Other(0),
            _ if self.kind == Kind::Residual => SeriesKey::Residual(residual_of(&self.name)?),
            // Until the hosts are taken from it.
            Per::Remote => SeriesKey::Other(0),
            Per::App if self.kind == Kind::Group => SeriesKey::Other(0),
            Per::App => SeriesKey::App(self.name),
            Per::User => SeriesKey::User(self.user),
            Per::Category => SeriesKey::Category(category_of(self.category)),
            Per::Interface => return None,
        })
    }

    fn interface(self) -> SeriesKey {
        match self.kind {
            Kind::Imported => SeriesKey::Imported(self.name),
            _ => SeriesKey::Interface(self.name),
        }
    }

    fn fits(&self, filter: &HistoryFilter) -> bool {
        let HistoryFilter { apps, users, categories, scopes: _, interfaces: _ } = filter;
        let category = category_of(self.category);
        (apps.is_empty() || apps.contains(&self.name))
            && (users.is_empty() || self.user.as_ref().is_some_and(|user| users.contains(user)))
            && (categories.is_empty() || category.is_some_and(|category| categories.contains(&category)))
    }
}
