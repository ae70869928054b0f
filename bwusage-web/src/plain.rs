//! The process table as a page that needs no script: `/?plain=1`, with the parameters of `/api/v1/top` and `refresh`.
//!
//! It shows what the API shows to the same asker, because it is made of the same [`Seen`]: there is no other way to a process.
//! Everything that somebody else chose goes through [`html::text`]. All links are relative, so it works below every path.

use bwusage_proto::{
    ledger::Summary,
    mirror::Mirror,
    report::{Moment, RetiredReport, TopReport},
    table::{Grouping, Row, Table},
    users::Users,
};

use crate::{
    html,
    moment::Seen,
    question::{DEFAULT_LIMIT, Question},
};

mod columns;
mod form;
#[cfg(test)]
mod tests;
mod wanted;
mod words;

use columns::{Column, UNKNOWN, bytes, columns, falls};
pub(crate) use wanted::Wanted;

/// Around every table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// What was asked for.
    pub(crate) wanted: &'a Wanted,
    /// Who is logged in, where there is a login.
    pub(crate) user: Option<&'a str>,
}

/// The page with the table that `question`, made of what is wanted, asks for.
pub(crate) fn table_page(frame: Frame<'_>, question: &Question, seen: &Seen, users: &Users) -> String {
    let mirror = seen.mirror();
    let table = question.table(mirror, users);
    let top = TopReport::new(mirror, &table, question.by(), seen.daemon_version());
    let rows = [
        summary(frame.wanted, question, &table),
        rows(frame.wanted, question, &table, &top),
        more(frame.wanted, question, &table),
    ];
    let content = [fault(mirror), programs(frame.wanted, &rows.concat()), ledger(mirror)].concat();
    let about = format!(
        "Counted by {} ({}), bwusaged {}. As of <time datetime=\"{}\">{}</time>; totals are bytes on the wire since {}.",
        html::text(&mirror.coverage.engine),
        html::text(&mirror.coverage.quality),
        html::text(seen.daemon_version()),
        Moment(mirror.taken_at_unix_ms),
        words::moment(mirror.taken_at_unix_ms),
        words::moment(mirror.started_at_unix_ms),
    );
    document(frame, &mirror.host.hostname, &machine(mirror), &content, &about)
}

/// The page that says why there is no table, and what to do.
pub(crate) fn failure_page(frame: Frame<'_>, message: &str, hints: &[String]) -> String {
    let hints = each(hints, |hint| format!("<p><code>{}</code></p>\n", html::text(hint)));
    let refusal =
        format!("<div class=\"notice\" role=\"alert\">\n<p>{}</p>\n{hints}</div>\n", html::text(message));
    let content = [refusal, programs(frame.wanted, "")].concat();
    document(frame, "bwusage", "", &content, "")
}

fn document(frame: Frame<'_>, title: &str, machine: &str, content: &str, about: &str) -> String {
    let refresh = match frame.wanted.refresh_s() {
        Ok(Some(seconds)) => format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n"),
        _ => String::new(),
    };
    let title = html::text(title);
    let user = frame.user.map_or_else(String::new, |user| {
        format!(
            "<form class=\"controls\" method=\"post\" action=\"logout\"><bdi>{}</bdi> <button type=\"submit\">Log out</button></form>\n",
            html::text(user)
        )
    });
    format!(
        "<!doctype html>
<html lang=\"en\" data-theme=\"auto\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"dark light\">
<meta name=\"referrer\" content=\"same-origin\">
{refresh}<title>{title} – bwusage</title>
<link rel=\"icon\" href=\"assets/icon.svg\" type=\"image/svg+xml\">
<link rel=\"stylesheet\" href=\"assets/style.css\">
<link rel=\"stylesheet\" href=\"assets/plain.css\">
</head>
<body class=\"plain\">
<a class=\"skip\" href=\"#programs\">Skip to the table</a>
<header>
<h1><img src=\"assets/icon.svg\" alt=\"\" width=\"24\" height=\"24\">bwusage</h1>
{machine}<nav aria-label=\"Other pages\"><a href=\"./\">With graphs (JavaScript)</a></nav>
{user}</header>
<main>
{content}</main>
<footer>{about}</footer>
</body>
</html>
"
    )
}

/// Its name, how its bytes are counted, and how many of them have a process.
fn machine(mirror: &Mirror) -> String {
    let host = &mirror.host;
    let name = [host.hostname.as_str(), host.os.as_str()].into_iter().filter(|word| !word.is_empty());
    let name = name.collect::<Vec<_>>().join(" · ");
    let quality = match mirror.coverage.quality.as_str() {
        "exact" => "<p class=\"count\">exact</p>".to_owned(),
        quality => format!("<p id=\"quality\"><a href=\"#ledger\">{}</a></p>", html::text(quality)),
    };
    let attributed = mirror.ledger.as_ref().and_then(Summary::attributed);
    let attributed = attributed.map_or_else(|| UNKNOWN.into(), hundredths);
    format!(
        "<p id=\"host\"><bdi>{}</bdi></p>\n{quality}\n\
         <p id=\"attributed\"><a href=\"#ledger\"><span id=\"attributed-now\">{attributed}</span> attributed</a></p>\n",
        html::text(&name)
    )
}

/// Nearly everything is not everything: both digits stay.
fn hundredths(centipercent: u32) -> String {
    format!("{}.{:02} %", centipercent / 100, centipercent % 100)
}

fn fault(mirror: &Mirror) -> String {
    mirror.fault.as_deref().map_or_else(String::new, |fault| {
        format!(
            "<p class=\"notice\" role=\"alert\">Nothing is stored at present: {}</p>\n",
            html::text(fault)
        )
    })
}

/// The table's card: what can be chosen, and `rows`.
fn programs(wanted: &Wanted, rows: &str) -> String {
    let form = form::form(wanted);
    format!(
        "<section class=\"card\" id=\"programs\" aria-labelledby=\"programs-title\">\n{form}{rows}</section>\n"
    )
}

fn summary(wanted: &Wanted, question: &Question, table: &Table) -> String {
    let count = words::count(table.rows.len(), question.by());
    let count = if table.truncated() { format!("first {count} of {}", table.matched) } else { count };
    let api = html::text(&wanted.of_api()).to_string();
    format!(
        "<p class=\"count\">{count} · <a href=\"api/v1/top.csv?{api}\" download=\"top.csv\">CSV</a> \
         <a href=\"api/v1/top?{api}\" download=\"top.json\">JSON</a></p>\n"
    )
}

fn rows(wanted: &Wanted, question: &Question, table: &Table, top: &TopReport<'_>) -> String {
    let by = question.by();
    if table.rows.is_empty() {
        let word = match (wanted.filter.as_deref().map(str::trim), question.category()) {
            (Some(filter), _) if !filter.is_empty() => format!("nothing matches “{}”", html::text(filter)),
            (_, Some(category)) => format!("no {} program has used the network yet", category.name()),
            _ => "no program has used the network yet".into(),
        };
        return format!("<p class=\"empty\">{word}</p>\n");
    }
    let heads = each(columns(by), |column| head(wanted, question, column));
    let lines = each(&table.rows, |row| line(row, by));
    format!(
        "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"Table of programs\">
<table>
<caption>Programs by network use; wire bytes, seen from the program</caption>
<thead><tr>{heads}</tr></thead>
<tbody>
{lines}</tbody>
<tfoot>
{}</tfoot>
</table>
</div>
",
        rest(top, by)
    )
}

/// A head; where rows can be sorted by it, a link that does, and once more the other way round.
fn head(wanted: &Wanted, question: &Question, column: &Column) -> String {
    let Column { head, about, class, .. } = column;
    let about = if about.is_empty() { String::new() } else { format!(" title=\"{about}\"") };
    let Some(key) = column.sort else {
        return format!("<th class=\"{class}\" scope=\"col\"{about}>{head}</th>");
    };
    let order = question.order();
    let is_current = order.key == key;
    let reverse = if is_current && !order.reversed { "-" } else { "" };
    let sorted = match (is_current, falls(key) == order.reversed) {
        (false, _) => "",
        (true, true) => " aria-sort=\"ascending\"",
        (true, false) => " aria-sort=\"descending\"",
    };
    let query = wanted.with("sort", &format!("{reverse}{}", key.name()));
    format!(
        "<th class=\"{class}\" scope=\"col\"{sorted}><a href=\"?{}\"{about}>{head}</a></th>",
        html::text(&query)
    )
}

fn line(row: &Row, by: Grouping) -> String {
    let idle = row.rates.rx_bytes_per_s == 0 && row.rates.tx_bytes_per_s == 0;
    let kind = match (idle, row.exited_at_unix_ms.is_some()) {
        (true, true) => "idle exited",
        (true, false) => "idle",
        (false, true) => "exited",
        (false, false) => "",
    };
    let cells = each(columns(by), |column| cell(column, &(column.cell)(row, by)));
    format!("<tr class=\"{kind}\">{cells}</tr>\n")
}

fn cell(column: &Column, content: &str) -> String {
    format!("<td class=\"{}\">{content}</td>", column.class)
}

/// What `write` makes of each, one after the other.
fn each<T>(all: impl IntoIterator<Item = T>, write: impl Fn(T) -> String) -> String {
    all.into_iter().map(write).collect()
}

/// What has no row, so that the columns add up to what the machine moved.
fn rest(top: &TopReport<'_>, by: Grouping) -> String {
    let none = &top.unattributed;
    let ended = top.retired.filter(|RetiredReport { processes, .. }| *processes > 0).map(|retired| {
        let name = format!("({} ended)", retired.processes);
        (name, retired.totals.rx_bytes_total, retired.totals.tx_bytes_total)
    });
    let none = ("(no program)".to_owned(), none.rx_bytes_total, none.tx_bytes_total);
    let line = |(name, rx, tx): (String, u64, u64)| {
        let cells = each(columns(by), |column| match column.head {
            "Name" => cell(column, &name),
            "▼ total" => cell(column, &bytes(Some(rx))),
            "▲ total" => cell(column, &bytes(Some(tx))),
            _ => cell(column, ""),
        });
        format!("<tr>{cells}</tr>\n")
    };
    each(ended.into_iter().chain([none]), line)
}

fn more(wanted: &Wanted, question: &Question, table: &Table) -> String {
    if !table.truncated() {
        return String::new();
    }
    let limit = question.limit().saturating_add(DEFAULT_LIMIT);
    let query = wanted.with("limit", &limit.to_string());
    format!("<p class=\"more\"><a href=\"?{}\">Show {DEFAULT_LIMIT} more</a></p>\n", html::text(&query))
}

/// Where every byte of the interfaces went, or why nobody knows.
fn ledger(mirror: &Mirror) -> String {
    let estimate = mirror.coverage.estimate();
    let how = estimate.map_or_else(String::new, |estimate| {
        format!("<p>{}: {}.</p>\n", html::text(estimate.word), estimate.how)
    });
    let lines = match (&mirror.ledger, estimate) {
        (Some(ledger), _) => format!(
            "<p><span class=\"rx\">▼</span> {}</p>\n<p><span class=\"tx\">▲</span> {}</p>\n",
            words::side(&ledger.rx, "received"),
            words::side(&ledger.tx, "sent")
        ),
        (None, Some(estimate)) => format!("<p>There is no ledger: {}.</p>\n", estimate.without_ledger),
        (None, None) => "<p>There is no ledger of this machine's interfaces.</p>\n".into(),
    };
    format!(
        "<section class=\"card\" id=\"ledger\" aria-labelledby=\"ledger-title\">\n<h2 id=\"ledger-title\">Ledger</h2>\n{how}{lines}\
         <p class=\"count\"><a href=\"api/v1/ledger.csv\" download=\"ledger.csv\">CSV</a> <a href=\"api/v1/ledger\" download=\"ledger.json\">JSON</a></p>\n</section>\n"
    )
}
