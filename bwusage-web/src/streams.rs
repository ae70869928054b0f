//! How many event streams are open: in all, so that the server stays small, and of one user, so that nobody takes all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::failure::Failure;

/// Streams that one user may have open. A browser has six connections for one server.
pub(crate) const PER_USER: usize = 8;

/// The streams that are open. A copy counts the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    most: usize,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    of_users: HashMap<String, usize>,
}

/// A stream's place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    streams: Streams,
    user: Option<String>,
}

impl Streams {
    /// Room for `most`.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, open: Arc::default() }
    }

    /// A place for a stream of `user`, where there is one; without a login, nobody is told from another.
    pub(crate) fn take(&self, user: Option<&str>) -> Result<Place, Failure> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.most {
            return Err(Failure::too_many_streams(self.most));
        }
        if let Some(user) = user {
            let count = open.of_users.entry(user.to_owned()).or_default();
            if *count >= PER_USER {
                return Err(Failure::too_many_streams_of_one(PER_USER));
            }
            *count += 1;
        }
        open.all += 1;
        Ok(Place { streams: self.clone(), user: user.map(Into::into) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        let Some(user) = &self.user else { return };
        if let Some(count) = open.of_users.get_mut(user) {
            *count -= 1;
            if *count == 0 {
                open.of_users.remove(user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_places_of_others() {
        let streams = Streams::new(PER_USER + 1);
        let mut places: Vec<_> = (0..PER_USER).map(|_| streams.take(Some("alice")).unwrap()).collect();
        assert!(streams.take(Some("alice")).is_err());
        let bobs = streams.take(Some("bob")).unwrap();
        assert!(streams.take(Some("carol")).is_err() && streams.take(None).is_err(), "no room at all");
        places.pop();
        let _alices = streams.take(Some("alice")).unwrap();
        drop(bobs);
        assert!(streams.take(None).is_ok());
    }

    #[test]
    fn what_has_ended_leaves_nothing_behind() {
        let streams = Streams::new(2);
        drop(streams.take(Some("alice")).unwrap());
        let open = streams.open.lock().unwrap();
        assert_eq!((open.all, open.of_users.len()), (0, 0));
    }
}
