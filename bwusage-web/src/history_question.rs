//! A part of the past that somebody asked for: the query string of `/api/v1/history`.
//!
//! The parameters are the options of `bwusage-ctl history`, under names that go with those of the other tables here: `by` is
//! what makes a series (`--per`), `bucket` how time is cut (`--by`), `range` the whole of a time.

use bwusage_proto::{
    history::{
        self, BILLING_DAYS, Bucket, HistoryFilter, HistoryQuery, MAX_SERIES, Per, RangeError, TypedRange,
    },
    process::{Category, UserId},
    units::Scope,
    users,
    when::When,
};
use jiff::{Timestamp, Zoned, tz::TimeZone};

/// Series that somebody gets who does not say how many.
const DEFAULT_TOP: u32 = 20;
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;

/// The parameters as they came. A list can be given more than once.
#[derive(Debug, Default)]
struct Words<'a> {
    range: Option<&'a str>,
    from: Option<&'a str>,
    to: Option<&'a str>,
    tz: Option<&'a str>,
    billing_day: Option<&'a str>,
    bucket: Option<&'a str>,
    by: Option<&'a str>,
    top: Option<&'a str>,
    app: Vec<&'a str>,
    user: Vec<&'a str>,
    scope: Vec<&'a str>,
    category: Vec<&'a str>,
    interface: Vec<&'a str>,
}

/// What `parameters` ask of the daemon at `now`, or a sentence that says what is wrong.
pub(crate) fn read(parameters: &[(String, String)], now: Timestamp) -> Result<HistoryQuery, String> {
    let words = Words::new(parameters)?;
    let now = now.to_zoned(words.zone()?);
    let per = named("by", words.by, Per::ALL, Per::name)?.unwrap_or(Per::Total);
    let range = words.range(&now)?;
    let bucket = match named("bucket", words.bucket, Bucket::ALL, Bucket::name)? {
        None if per == Per::Host => range.map(chart),
        bucket => bucket,
    };
    let (range, bucket) =
        history::complete(range, bucket, per, &now).map_err(|error| format!("range: {error}"))?;
    Ok(HistoryQuery {
        from_unix_s: range.start_unix_s,
        to_unix_s: range.end_unix_s,
        bucket,
        per,
        filter: words.filter()?,
        top: words.top()?,
        time_zone: now.time_zone().iana_name().map(str::to_owned),
        billing_day: words.billing_day()?,
    })
}

/// How a chart of the machine is cut: into hundreds of points, but as finely as is stored unless somebody configured it
/// otherwise: minutes of two days, hours of ninety.
fn chart(range: When) -> Bucket {
    let seconds = range.end_unix_s.saturating_sub(range.start_unix_s);
    // The second that is not over yet is one more.
    match seconds - 1 {
        ..=172_800 => Bucket::Minute,
        seconds if seconds <= 31 * DAY_S => Bucket::Hour,
        seconds if seconds <= 731 * DAY_S => Bucket::Day,
        _ => Bucket::Month,
    }
}

impl<'a> Words<'a> {
    fn new(parameters: &'a [(String, String)]) -> Result<Self, String> {
        let mut words = Self::default();
        for (name, value) in parameters {
            let once = match name.as_str() {
                "range" => &mut words.range,
                "from" => &mut words.from,
                "to" => &mut words.to,
                "tz" => &mut words.tz,
                "billing_day" => &mut words.billing_day,
                "bucket" => &mut words.bucket,
                "by" => &mut words.by,
                "top" => &mut words.top,
                list => {
                    let list = match list {
                        "app" => &mut words.app,
                        "user" => &mut words.user,
                        "scope" => &mut words.scope,
                        "category" => &mut words.category,
                        "interface" => &mut words.interface,
                        unknown => return Err(format!("there is no parameter {unknown:?}")),
                    };
                    list.push(value);
                    continue;
                }
            };
            if once.replace(value).is_some() {
                return Err(format!("{name} is given more than once"));
            }
        }
        if words.range.is_some() && (words.from.is_some() || words.to.is_some()) {
            return Err("range is the whole of a time: it does not go with from and to".into());
        }
        Ok(words)
    }

    fn zone(&self) -> Result<TimeZone, String> {
        match self.tz {
            Some(name) => TimeZone::get(name).map_err(|_| {
                format!("tz={name:?} is no time zone of the IANA database, such as Europe/Berlin")
            }),
            None => Ok(TimeZone::system()),
        }
    }

    fn range(&self, now: &Zoned) -> Result<Option<When>, String> {
        let typed = TypedRange { whole: self.range, from: self.from, to: self.to };
        typed.read(now).map_err(|error| match error {
            RangeError::Whole(error) => format!("range: {error}"),
            RangeError::From(error) => format!("from: {error}"),
            RangeError::To(error) => format!("to: {error}"),
            RangeError::Empty => error.to_string(),
        })
    }

    fn top(&self) -> Result<u32, String> {
        let Some(top) = self.top else { return Ok(DEFAULT_TOP) };
        let top = top.parse().ok().filter(|top| (1..=MAX_SERIES).contains(top));
        top.ok_or_else(|| format!("top must be a number of series from 1 to {MAX_SERIES}"))
    }

    fn billing_day(&self) -> Result<Option<u8>, String> {
        let Some(day) = self.billing_day else { return Ok(None) };
        let day = day.parse().ok().filter(|day| BILLING_DAYS.contains(day));
        day.map(Some).ok_or_else(|| {
            format!("billing_day must be from {} to {}", BILLING_DAYS.start(), BILLING_DAYS.end())
        })
    }

    fn filter(&self) -> Result<HistoryFilter, String> {
        Ok(HistoryFilter {
            apps: self.app.iter().map(|&app| app.to_owned()).collect(),
            users: self.user.iter().map(|name| user(name)).collect::<Result<_, _>>()?,
            scopes: all_named("scope", &self.scope, Scope::ALL, Scope::name)?,
            categories: all_named("category", &self.category, Category::ALL, Category::name)?,
            interfaces: self.interface.iter().map(|&interface| interface.to_owned()).collect(),
        })
    }
}

fn user(name: &str) -> Result<UserId, String> {
    let uid = name.parse().map(UserId::Uid).ok();
    uid.or_else(|| users::id_of(name)).ok_or_else(|| format!("there is no user {name:?}"))
}

/// The one that is called so, of those that can be named.
fn named<T: Copy, const N: usize>(
    parameter: &str,
    value: Option<&str>,
    all: [T; N],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, String> {
    let Some(value) = value else { return Ok(None) };
    let found = all.into_iter().find(|&one| name(one) == value);
    found.map(Some).ok_or_else(|| format!("{parameter}={value:?} is none of {}", all.map(name).join(", ")))
}

fn all_named<T: Copy, const N: usize>(
    parameter: &str,
    values: &[&str],
    all: [T; N],
    name: fn(T) -> &'static str,
) -> Result<Vec<T>, String> {
    let found = values.iter().map(|value| named(parameter, Some(value), all, name));
    Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T20:00:00Z";

    fn ask(query: &[(&str, &str)]) -> Result<HistoryQuery, String> {
        let parameters: Vec<_> = [("tz", "Europe/Berlin")]
            .iter()
            .chain(query)
            .map(|&(a, b)| (a.to_owned(), b.to_owned()))
            .collect();
        read(&parameters, NOW.parse().unwrap())
    }

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn nothing_asked_is_everything_of_the_last_thirty_days_by_day() {
        let query = ask(&[]).unwrap();
        assert_eq!((query.bucket, query.per, query.top), (Bucket::Day, Per::Total, DEFAULT_TOP));
        assert_eq!((query.time_zone.as_deref(), query.billing_day), (Some("Europe/Berlin"), None));
        assert_eq!(query.filter, HistoryFilter::default());
        assert_eq!(query.to_unix_s, at(NOW) + 1);
    }

    #[test]
    fn a_range_is_of_the_time_zone_that_is_asked_for() {
        let query = ask(&[("range", "yesterday"), ("by", "app"), ("top", "3")]).unwrap();
        assert_eq!(query.from_unix_s, at("2026-11-21T00:00:00+01:00"));
        assert_eq!(query.to_unix_s, at("2026-11-22T00:00:00+01:00"));
        assert_eq!((query.per, query.bucket, query.top), (Per::App, Bucket::Hour, 3));
        let moments = ask(&[("from", "2026-11-22T18:00:00Z"), ("to", "2026-11-22T19:00:00Z")]).unwrap();
        assert_eq!(moments.to_unix_s - moments.from_unix_s, 3_600);
        assert_eq!(moments.bucket, Bucket::Minute);
    }

    #[test]
    fn a_chart_of_the_machine_is_cut_as_finely_as_is_stored() {
        for (range, bucket) in
            [("10m", Bucket::Minute), ("24h", Bucket::Minute), ("30d", Bucket::Hour), ("1y", Bucket::Day)]
        {
            assert_eq!(ask(&[("by", "host"), ("range", range)]).unwrap().bucket, bucket, "{range}");
        }
        let said = ask(&[("by", "host"), ("range", "10m"), ("bucket", "second")]).unwrap();
        assert_eq!(said.bucket, Bucket::Second);
    }

    #[test]
    fn lists_can_be_given_more_than_once() {
        let query = ask(&[
            ("app", "a b"),
            ("app", "c"),
            ("user", "1000"),
            ("scope", "lan"),
            ("scope", "internet"),
            ("category", "service"),
            ("interface", "eth0"),
        ]);
        let filter = query.unwrap().filter;
        assert_eq!((filter.apps.len(), filter.users), (2, vec![UserId::Uid(1000)]));
        assert_eq!(filter.scopes, [Scope::Lan, Scope::Internet]);
        assert_eq!((filter.categories, filter.interfaces), (vec![Category::Service], vec!["eth0".into()]));
    }

    #[test]
    fn every_mistake_is_named() {
        for (query, word) in [
            (&[("colour", "red")][..], "colour"),
            (&[("by", "pid")], "none of total, app"),
            (&[("bucket", "week")], "none of second, minute"),
            (&[("scope", "wan")], "loopback, lan, internet"),
            (&[("category", "game")], "service"),
            (&[("user", "no such user")], "no such user"),
            (&[("top", "0")], "from 1 to 5000"),
            (&[("billing_day", "31")], "from 1 to 28"),
            (&[("range", "noon")], "range: a time is expected"),
            (&[("from", "noon")], "from: a time"),
            (&[("from", "today"), ("to", "yesterday")], "ends before it begins"),
            (&[("range", "7d"), ("from", "today")], "does not go with"),
            (&[("by", "app"), ("by", "user")], "more than once"),
        ] {
            let said = ask(query).unwrap_err();
            assert!(said.contains(word), "{query:?}: {said}");
        }
    }
}
