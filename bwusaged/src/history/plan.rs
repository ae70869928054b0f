//! Which tables a question reads, and which part of each. Pure.

use bwusage_proto::history::Bucket;

use crate::calendar::Calendar;

/// Half of what an amount of each tier of [`super::schema::TIERS`] stands for, more or less.
pub const HALF_S: [i64; 4] = [30, 1800, 43_200, 15 * 86_400];
/// How each tier is cut.
pub const CUTS: [Bucket; 4] = [Bucket::Minute, Bucket::Hour, Bucket::Day, Bucket::Month];

/// Amounts of one tier that begin in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Which one of [`super::schema::TIERS`].
    pub tier: usize,
    /// The first beginning, in seconds of Unix time.
    pub from: i64,
    /// The first beginning that is not part of it any more.
    pub to: i64,
    /// What is added to a beginning before its bucket is looked up. An amount counts where its middle is: the machine may have
    /// been in another time zone when it was booked, and then it was cut differently.
    pub shift: i64,
}

impl Piece {
    /// For minutes, which are the same in every zone, and hours: where clocks change by half an hour, one of them is so short that
    /// it would not be where half an hour after its beginning is.
    const fn by_beginning(tier: usize, from: i64, to: i64) -> Self {
        Self { tier, from, to, shift: 0 }
    }

    /// How many amounts a series can have in it, more or less.
    #[must_use]
    pub const fn amounts(&self) -> i64 {
        (self.to - self.from) / (2 * HALF_S[self.tier]) + 1
    }

    const fn by_middle(tier: usize, from: i64, to: i64) -> Self {
        let shift = HALF_S[tier];
        Self { tier, from: from - shift, to: to - shift, shift }
    }
}

/// How long each tier reaches back.
#[derive(Debug, Clone, Copy, Default)]
pub struct Horizons {
    /// The first minute that is kept.
    pub minutes: i64,
    /// The first hour that is kept.
    pub hours: i64,
}

impl Horizons {
    /// The first moment of which there are figures as fine as `bucket`.
    #[must_use]
    pub fn of(&self, bucket: Bucket) -> i64 {
        match bucket {
            Bucket::Second | Bucket::Minute => self.minutes,
            Bucket::Hour => self.hours,
            Bucket::Day | Bucket::Month | Bucket::Whole => i64::MIN,
        }
    }
}

/// The calendars of a question.
#[derive(Debug, Clone, Copy)]
pub struct Calendars<'a> {
    /// In which the amounts are stored.
    pub home: &'a Calendar,
    /// In which they are asked for.
    pub asked: &'a Calendar,
    /// Whether these are of one time zone.
    pub same_zone: bool,
}

/// What to read for buckets that begin at `from` and end at `to`.
#[must_use]
pub fn pieces(
    bucket: Bucket,
    calendars: Calendars<'_>,
    from: i64,
    to: i64,
    horizons: Horizons,
) -> Vec<Piece> {
    let Calendars { home, asked, same_zone } = calendars;
    match bucket {
        Bucket::Second => Vec::new(),
        Bucket::Minute => vec![Piece::by_beginning(0, from, to)],
        Bucket::Hour if same_zone => vec![Piece::by_beginning(1, from, to)],
        Bucket::Hour => vec![Piece::by_middle(1, from, to)],
        Bucket::Month if same_zone && asked.billing_day() == 1 => vec![Piece::by_middle(3, from, to)],
        Bucket::Day | Bucket::Month if same_zone => vec![Piece::by_middle(2, from, to)],
        Bucket::Day | Bucket::Month => {
            let hours = Piece::by_middle(1, from, to);
            let split = home.ceil(Bucket::Day, horizons.hours.max(0));
            if split <= from {
                return vec![hours];
            }
            let days = Piece::by_middle(2, from, to);
            let days = Piece { to: days.to.min(split), ..days };
            let hours = Piece { from: split, ..hours };
            [days, hours].into_iter().filter(|piece| piece.from < piece.to).collect()
        }
        Bucket::Whole => {
            let mut pieces = Vec::new();
            cover(3, home, from, to, horizons, &mut pieces);
            pieces
        }
    }
}

/// As [`pieces`] of the whole range, without what is finer than days: enough to tell large from small.
#[must_use]
pub fn coarse(home: &Calendar, from: i64, to: i64) -> Vec<Piece> {
    let (from, to) = (home.start(Bucket::Day, from), home.ceil(Bucket::Day, to));
    let mut pieces = Vec::new();
    cover(3, home, from, to, Horizons { minutes: i64::MAX, hours: i64::MAX }, &mut pieces);
    pieces
}

/// Covers a span by the coarsest amounts that are wholly in it, and its ends by finer ones as far as these reach back.
fn cover(tier: usize, home: &Calendar, from: i64, to: i64, horizons: Horizons, pieces: &mut Vec<Piece>) {
    if from >= to {
        return;
    }
    if tier == 0 {
        return pieces.push(Piece::by_beginning(0, from, to));
    }
    let (begin, end) = (home.ceil(CUTS[tier], from), home.start(CUTS[tier], to));
    let finer = |from: i64, to: i64, pieces: &mut Vec<Piece>| {
        let reach = home.ceil(CUTS[tier], horizons.of(CUTS[tier - 1]).max(0)).clamp(from, to);
        if from < reach {
            pieces.push(Piece::by_middle(tier, from, reach));
        }
        cover(tier - 1, home, reach, to, horizons, pieces);
    };
    if begin >= end {
        return finer(from, to, pieces);
    }
    finer(from, begin, pieces);
    pieces.push(if tier == 1 {
        Piece::by_beginning(1, begin, end)
    } else {
        Piece::by_middle(tier, begin, end)
    });
    finer(end, to, pieces);
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    fn utc() -> Calendar {
        Calendar::new(TimeZone::UTC, 1)
    }

    fn whole(from: &str, to: &str, horizons: Horizons) -> Vec<(usize, i64)> {
        let home = utc();
        let calendars = Calendars { home: &home, asked: &home, same_zone: true };
        let pieces = pieces(Bucket::Whole, calendars, at(from), at(to), horizons);
        pieces.into_iter().map(|piece| (piece.tier, piece.to - piece.from)).collect()
    }

    #[test]
    fn a_whole_range_is_read_as_coarsely_as_it_can_be_and_to_the_minute_at_its_ends() {
        assert_eq!(
            whole("2026-01-30T22:58:00Z", "2026-04-02T01:03:00Z", Horizons::default()),
            [(0, 120), (1, 3600), (2, 86_400), (3, 59 * 86_400), (2, 86_400), (1, 3600), (0, 180)]
        );
        assert_eq!(whole("2026-01-30T22:10:00Z", "2026-01-30T22:20:00Z", Horizons::default()), [(0, 600)]);
        assert_eq!(whole("2026-01-30T22:10:00Z", "2026-01-30T22:10:00Z", Horizons::default()), []);
    }

    #[test]
    fn where_finer_figures_are_forgotten_the_coarser_ones_stand_in_by_their_middle() {
        let horizons = Horizons { minutes: at("2026-02-01T00:00:00Z"), hours: at("2026-02-01T00:00:00Z") };
        let home = utc();
        let calendars = Calendars { home: &home, asked: &home, same_zone: true };
        let pieces = pieces(
            Bucket::Whole,
            calendars,
            at("2026-01-10T06:00:00Z"),
            at("2026-01-12T00:00:00Z"),
            horizons,
        );
        assert_eq!(
            pieces,
            [
                Piece::by_middle(2, at("2026-01-10T06:00:00Z"), at("2026-01-11T00:00:00Z")),
                Piece::by_middle(2, at("2026-01-11T00:00:00Z"), at("2026-01-12T00:00:00Z"))
            ]
        );
    }

    #[test]
    fn days_of_another_time_zone_are_made_of_hours_as_far_as_these_reach() {
        let (home, asked) = (utc(), Calendar::new(TimeZone::get("Europe/Berlin").unwrap(), 1));
        let calendars = Calendars { home: &home, asked: &asked, same_zone: false };
        let horizons = Horizons { minutes: 0, hours: at("2026-01-02T12:00:00Z") };
        let (from, to) = (at("2025-12-31T23:00:00Z"), at("2026-01-04T23:00:00Z"));
        let pieces = pieces(Bucket::Day, calendars, from, to, horizons);
        assert_eq!(pieces.iter().map(|piece| piece.tier).collect::<Vec<_>>(), [2, 1]);
        assert_eq!((pieces[0].to, pieces[1].from), (at("2026-01-03T00:00:00Z"), at("2026-01-03T00:00:00Z")));
    }
}
