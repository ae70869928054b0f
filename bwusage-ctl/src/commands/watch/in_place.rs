//! On a terminal: the table in place, until `q`.

use bwusage_proto::{
    client::{Event, Follow},
    format::{self, Units},
    mirror::Mirror,
    process::Category,
    report::Moment,
    table::{Query, Table, table},
    text,
    users::Users,
};

use super::screen::{Key, Screen, Size};
use crate::{
    cli::{Look, Watch},
    commands::stop::Stop,
    failure::{Exit, Failure, client_code},
    render::{
        FAINT, HEADING, paint,
        quality::Wire,
        table::{Layout, draw},
    },
};

pub(super) async fn run(mut follow: Follow, first: Event, arguments: &Watch) -> Result<Exit, Failure> {
    let users = Users::new();
    let mut stop = Stop::new().map_err(Failure::Start)?;
    let mut screen = Screen::open()?;
    let mut event = Some(first);
    let mut lost = None;
    let mut samples = 0;
    loop {
        match event {
            Some(Event::Up { .. } | Event::Tick) => {
                lost = None;
                samples += 1;
            }
            Some(Event::Down { error, .. }) if !error.is_transient() => return Err(error.into()),
            Some(Event::Down { error, .. }) => lost = Some(format!("{} ({})", error, client_code(&error))),
            None => {}
        }
        if let Some(mirror) = follow.mirror() {
            let size = Screen::size()?;
            let table = table(mirror, &users, &arguments.rows.query());
            let page = page(mirror, &table, &arguments.rows.query(), &arguments.look, lost.as_deref(), size);
            screen.draw(&page, size)?;
        }
        if arguments.count.is_some_and(|count| samples >= count) {
            return Ok(Exit::Done);
        }
        event = tokio::select! {
            event = follow.next() => Some(event),
            key = screen.key() => match key? {
                Key::Quit => return Ok(Exit::Done),
                Key::Interrupt => return Ok(Exit::Interrupted),
                Key::Redraw => None,
            },
            exit = stop.requested() => return Ok(exit),
        };
    }
}

/// Exactly what fits: a head line, and as many rows as there is room for.
fn page(
    mirror: &Mirror,
    table: &Table,
    query: &Query,
    look: &Look,
    lost: Option<&str>,
    size: Size,
) -> Vec<String> {
    let units = look.units.into();
    let width = if look.no_trunc { None } else { Some(size.columns) };
    let mut lines = vec![head(mirror, table, units, lost, size.columns)];
    let layout = Layout {
        by: query.by,
        units,
        width,
        header: !look.no_header,
        wire: Wire::of(mirror.coverage.estimate()),
        first_seen: query.category == Some(Category::Background),
        steady: true,
    };
    lines.extend(draw(table, &layout).lines().map(str::to_owned));
    lines.truncate(size.rows.max(1));
    lines
}

fn head(mirror: &Mirror, table: &Table, units: Units, lost: Option<&str>, columns: usize) -> String {
    let head = if let Some(why) = lost {
        format!("bwusaged is lost: {} - trying again, the rows are the last ones. q quits", text::escape(why))
    } else {
        let rates = mirror.total_rates();
        let quality = mirror.coverage.estimate().map(|estimate| format!("  {}", text::escape(estimate.word)));
        format!(
            "{}{}  ▼ {:>10}  ▲ {:>10}  {} rows, q quits  {}",
            text::escape(&mirror.host.hostname),
            quality.unwrap_or_default(),
            format::rate_with_unit(rates.rx_bytes_per_s, units),
            format::rate_with_unit(rates.tx_bytes_per_s, units),
            table.matched,
            Moment(mirror.taken_at_unix_ms),
        )
    };
    paint(if lost.is_some() { HEADING } else { FAINT }, &text::truncate(&head, columns))
}

#[cfg(test)]
mod tests {
    use bwusage_proto::snapshot::{Coverage, HostInfo};

    use super::*;
    use crate::cli::UnitsName;

    fn plain(lost: Option<&str>, rows: usize) -> Vec<String> {
        plain_of("exact", lost, rows)
    }

    fn plain_of(quality: &str, lost: Option<&str>, rows: usize) -> Vec<String> {
        let host = HostInfo { hostname: "web\x1b01".into(), ..HostInfo::default() };
        let coverage = Coverage { quality: quality.into(), ..Coverage::default() };
        let mirror = Mirror { host, coverage, ..Mirror::default() };
        let look = Look { units: UnitsName::Iec, no_trunc: false, no_header: false };
        let page =
            page(&mirror, &Table::default(), &Query::default(), &look, lost, Size { columns: 60, rows });
        page.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn the_head_names_machine_moment_and_speeds() {
        let page = plain(None, 10);
        assert_eq!(page[0], r"web\x1b01  ▼      0 B/s  ▲      0 B/s  0 rows, q quits  197…");
        assert!(page[1].starts_with("APP  USER "), "{page:?}");
    }

    #[test]
    fn the_head_says_when_the_speeds_are_an_estimate() {
        let page = plain_of("computed", None, 10);
        assert!(page[0].starts_with(r"web\x1b01  computed  ▼ "), "{page:?}");
        assert!(page[1].contains("~RX/s"), "{page:?}");
    }

    #[test]
    fn a_lost_daemon_is_said_first_and_the_page_never_outgrows_the_screen() {
        let page = plain(Some("connection refused"), 1);
        assert_eq!(page, ["bwusaged is lost: connection refused - trying again, the ro…"]);
    }
}
