//! Keeps the database open, stores what it is given, and tries again what could not be stored. The time is an argument.

use jiff::Timestamp;
use rusqlite::Connection;

use super::{
    Settings,
    book::{self, Instance, Numbers},
    fault::{self, Fault},
    minute::Pending,
    rollup,
    writer::hour,
};

/// The keeper of the database.
#[derive(Debug)]
pub struct Keeper {
    settings: Settings,
    instance: Instance,
    connection: Option<Connection>,
    numbers: Numbers,
    /// The number of the last flush that was begun.
    flushes: u64,
    /// What that flush could not store, or not surely.
    failed: Option<Pending>,
    /// The hour in which hours were last rolled up.
    rolled_up: Option<i64>,
    /// Whether what is too old was forgotten in this hour.
    forgot: bool,
    oldest: Option<i64>,
    until: Option<i64>,
    notes: Vec<String>,
    /// Most pages of the database, where somebody says so.
    pages: Option<u32>,
}

impl Keeper {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(settings: Settings, instance: Instance) -> Self {
        Self {
            settings,
            instance,
            connection: None,
            numbers: Numbers::default(),
            flushes: 0,
            failed: None,
            rolled_up: None,
            forgot: false,
            oldest: None,
            until: None,
            notes: Vec::new(),
            pages: None,
        }
    }

    /// Stores what could not be stored before, and then what `take` gives; at the end of an hour rolls it up, and, when the clock
    /// is `trusted`, forgets what is too old.
    ///
    /// # Errors
    ///
    /// Says why nothing can be stored. What could not be is kept for the next time.
    pub fn flush(&mut self, mut take: impl FnMut() -> Pending, now: i64, trusted: bool) -> Result<(), Fault> {
        match self.try_flush(&mut take, now, trusted) {
            Err(Fault::Broken(error)) => {
                self.close();
                self.set_aside(&error, now)?;
                self.try_flush(&mut take, now, trusted)
            }
            Err(fault) => {
                self.close();
                Err(fault)
            }
            Ok(()) => Ok(()),
        }
    }

    fn try_flush(&mut self, take: &mut impl FnMut() -> Pending, now: i64, trusted: bool) -> Result<(), Fault> {
        if !self.settings.file.exists() {
            self.close();
        }
        self.retry()?;
        let pending = take();
        if pending.given_up > 0 {
            self.notes.push(format!(
                "{} minutes could not be kept in memory while nothing could be stored, and are gaps",
                pending.given_up
            ));
        }
        if !pending.is_empty() {
            self.flushes += 1;
            self.failed = Some(pending);
            self.retry()?;
        }
        self.once_an_hour(now, trusted)
    }

    /// Stores what is left of the last flush, under its number.
    fn retry(&mut self) -> Result<(), Fault> {
        if self.failed.is_none() {
            return self.open().map(drop);
        }
        self.open()?;
        if let (Some(connection), Some(pending)) = (&mut self.connection, &self.failed) {
            book::book(connection, &mut self.numbers, self.instance, self.flushes, pending)?;
            self.until = pending.covered.iter().map(|span| span.to).chain(self.until).max();
            self.oldest = pending.covered.iter().map(|span| span.from).chain(self.oldest).min();
            self.failed = None;
        }
        Ok(())
    }

    fn once_an_hour(&mut self, now: i64, trusted: bool) -> Result<(), Fault> {
        let hour = hour(&self.settings, now);
        self.open()?;
        let Some(connection) = &mut self.connection else { return Ok(()) };
        if self.rolled_up != Some(hour) {
            rollup::roll_up(connection, &mut self.numbers, &self.settings.home(), now)?;
            (self.rolled_up, self.forgot) = (Some(hour), false);
        }
        if trusted && !self.forgot {
            rollup::forget(connection, &self.settings.retention, now)?;
            self.forgot = true;
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), Fault> {
        if self.connection.is_none() {
            let connection = fault::open(&self.settings.file)?;
            self.oldest = connection
                .query_row("SELECT begins FROM covered ORDER BY begins LIMIT 1", [], |row| row.get(0))
                .map(Some)
                .or_else(|error| match error {
                    rusqlite::Error::QueryReturnedNoRows => Ok(None),
                    error => Err(error),
                })?;
            if let Some(pages) = self.pages {
                connection.pragma_update(None, "max_page_count", pages)?;
            }
            self.connection = Some(connection);
        }
        Ok(())
    }

    /// What another file knows is not what the next one knows.
    fn close(&mut self) {
        self.connection = None;
        self.numbers = Numbers::default();
        self.rolled_up = None;
    }

    fn set_aside(&mut self, error: &rusqlite::Error, now: i64) -> Result<(), Fault> {
        let at = Timestamp::from_second(now).unwrap_or_default();
        let aside = fault::set_aside(&self.settings.file, at).map_err(Fault::Open)?;
        self.notes.push(format!(
            "the history was broken ({error}); it is kept as {}, and a new one was begun",
            aside.display()
        ));
        Ok(())
    }

    /// Lets the database grow to so many pages at most, or to any number: a disk that is full, as far as it can tell.
    pub fn limit_pages(&mut self, pages: Option<u32>) {
        self.pages = pages;
        self.connection = None;
    }

    /// What happened since this was last asked that somebody should know.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The first and the last second that are stored.
    #[must_use]
    pub fn span(&self) -> (Option<i64>, Option<i64>) {
        (self.oldest, self.until)
    }
}
