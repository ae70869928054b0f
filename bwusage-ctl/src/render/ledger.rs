//! The ledger, for people.

use bwusage_proto::{
    format::{self, Units},
    ledger::{InterfaceLedger, Ledger, Reason, Side},
    quality::Estimate,
    report::{CarrierReport, Moment},
    text,
};

use super::{FAINT, HEADING, paint};

/// How amounts are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amounts {
    pub(crate) units: Units,
    /// To the byte.
    pub(crate) exact: bool,
}

impl Amounts {
    fn write(self, bytes: i64) -> String {
        let sign = if bytes < 0 { "-" } else { "" };
        let amount = bytes.unsigned_abs();
        if self.exact {
            format!("{sign}{amount}")
        } else {
            format!("{sign}{}", format::bytes_with_unit(amount, self.units))
        }
    }
}

/// Why there is none, and what would give one.
pub(crate) fn draw_missing(missing: &str, estimate: Option<Estimate<'_>>) -> String {
    let hint = estimate.map(|estimate| format!("  {}\n", estimate.without_ledger)).unwrap_or_default();
    format!("there is no ledger: {}\n{hint}", text::escape(missing))
}

/// A block of lines for everything that leads out (when the answer is `whole`), and for each interface.
pub(crate) fn draw(ledger: &Ledger, carriers: &[CarrierReport<'_>], amounts: Amounts, whole: bool) -> String {
    let mut drawn = String::new();
    if whole {
        let title = format!("everything that leads out, since {}", Moment(ledger.since_unix_ms));
        let summary = &ledger.summary;
        drawn.push_str(&block(&title, summary.attributed(), &summary.rx, &summary.tx, amounts));
    }
    for interface in &ledger.interfaces {
        if !drawn.is_empty() {
            drawn.push('\n');
        }
        let title = title(interface, carriers);
        drawn.push_str(&block(&title, interface.attributed(), &interface.rx, &interface.tx, amounts));
    }
    let losses = ledger.losses.iter().filter(|loss| loss.events > 0);
    drawn.extend(
        losses.map(|loss| format!("\nnot counted: {} ({} times)\n", text::escape(&loss.what), loss.events)),
    );
    drawn
}

fn title(interface: &InterfaceLedger, carriers: &[CarrierReport<'_>]) -> String {
    let mut title = format!("{} ({})", text::escape(&interface.name), interface.kind.name());
    let carriers = carriers.iter().filter(|carrier| carrier.interface == interface.name);
    title.extend(carriers.map(|carrier| {
        let name = text::escape(carrier.name.unwrap_or("a process that ended"));
        match carrier.pid {
            Some(pid) => format!(", carried by {name} (pid {pid})"),
            None => format!(", carried by {name}"),
        }
    }));
    title
}

/// The lines of both directions beside each other, and their sum.
fn block(title: &str, attributed: Option<u32>, rx: &Side, tx: &Side, amounts: Amounts) -> String {
    let reasons = Reason::ALL.into_iter().filter(|&reason| rx.bytes(reason) != 0 || tx.bytes(reason) != 0);
    let cells = |name: &str, of: &dyn Fn(&Side) -> Option<i64>| {
        let amount = |side| of(side).map_or(String::new(), |bytes| amounts.write(bytes));
        let share = |side| of(side).map_or(String::new(), |bytes| percent(bytes, moved(side)));
        [name.to_owned(), amount(rx), share(rx), amount(tx), share(tx)]
    };
    let mut lines: Vec<[String; 5]> =
        vec![[String::new(), "RECEIVED".into(), "%".into(), "SENT".into(), "%".into()]];
    for reason in reasons {
        let mut line = cells(reason.title(), &|side| Some(side.bytes(reason)).filter(|&bytes| bytes != 0));
        if reason == Reason::BeforeStart {
            // Shares are of what passed since.
            (line[2], line[4]) = (String::new(), String::new());
        }
        lines.push(line);
    }
    if rx.unnamed() != 0 || tx.unnamed() != 0 {
        lines.push(cells("without a name", &|side| Some(side.unnamed()).filter(|&bytes| bytes != 0)));
    }
    let whole = |side: &Side| amounts.write(i64::try_from(side.counter).unwrap_or(i64::MAX));
    lines.push(["counted by the interface".into(), whole(rx), String::new(), whole(tx), String::new()]);

    let mut drawn = paint(HEADING, title);
    drawn.extend(attributed.map(|attributed| format!(", {} attributed to processes", share(attributed))));
    drawn.push('\n');
    let widths: [usize; 5] =
        std::array::from_fn(|at| lines.iter().map(|line| text::width(&line[at])).max().unwrap_or(0));
    let last = lines.len() - 1;
    for (at, line) in lines.iter().enumerate() {
        let mut written = format!("  {:<width$}", line[0], width = widths[0]);
        written.extend(line.iter().zip(widths).skip(1).map(|(cell, width)| format!("  {cell:>width$}")));
        written.truncate(written.trim_end().len());
        drawn.push_str(&if at == 0 || at == last { paint(FAINT, &written) } else { written });
        drawn.push('\n');
    }
    drawn
}

/// What passed since the daemon's start.
fn moved(side: &Side) -> i128 {
    i128::from(side.counter) - i128::from(side.bytes(Reason::BeforeStart))
}

/// Two digits behind the point; what they cannot show is not 0.
fn percent(bytes: i64, of: i128) -> String {
    if of <= 0 {
        return String::new();
    }
    let hundredths = i128::from(bytes) * 10_000 / of;
    match (hundredths, bytes) {
        (0, 1..) => "<0.01".into(),
        (0, ..=-1) => "-<0.01".into(),
        _ => {
            let sign = if hundredths < 0 { "-" } else { "" };
            let hundredths = hundredths.unsigned_abs();
            format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
        }
    }
}

/// Hundredths of a percent: `99.98 %`.
pub(crate) fn share(hundredths: u32) -> String {
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{
        ledger::{InterfaceKind, Line, Summary},
        snapshot::Loss,
    };

    use super::*;

    const EXACT: Amounts = Amounts { units: Units::Iec, exact: true };

    fn side(counter: u64, lines: &[(Reason, i64)]) -> Side {
        Side { counter, lines: lines.iter().map(|&(reason, bytes)| Line { reason, bytes }).collect() }
    }

    fn ledger() -> Ledger {
        let rx =
            side(21_000, &[(Reason::Processes, 19_000), (Reason::Lost, 1_000), (Reason::BeforeStart, 1_000)]);
        let tx = side(9_000, &[(Reason::Processes, 9_468), (Reason::Segmentation, -468)]);
        Ledger {
            summary: Summary { rx: rx.clone(), tx: tx.clone() },
            interfaces: vec![InterfaceLedger {
                name: "tun0\x1b".into(),
                kind: InterfaceKind::Tunnel,
                rx,
                tx,
            }],
            losses: vec![Loss { what: "rows \x07".into(), events: 2 }],
            ..Ledger::default()
        }
    }

    fn plain(drawn: &str) -> String {
        anstream::adapter::strip_str(drawn).to_string()
    }

    #[test]
    fn every_reason_has_its_line_and_names_cannot_act_on_the_terminal() {
        let carrier =
            CarrierReport { interface: "tun0\x1b", pid: Some(42), name: Some("open\tvpn"), app: None };
        let drawn = plain(&draw(&ledger(), &[carrier], EXACT, false));
        let expected = "\
tun0\\x1b (tunnel), carried by open\\x09vpn (pid 42), 96.60 % attributed to processes
                             RECEIVED      %  SENT       %
  processes                     19000  95.00  9468  105.20
  segmentation                                -468   -5.20
  lost                           1000   5.00
  before the daemon started      1000
  counted by the interface      21000         9000

not counted: rows \\x07 (2 times)
";
        assert_eq!(drawn, expected);
    }

    #[test]
    fn the_whole_begins_with_everything_that_leads_out() {
        let drawn = plain(&draw(&ledger(), &[], Amounts { exact: false, ..EXACT }, true));
        assert!(
            drawn.starts_with("everything that leads out, since 1970-01-01T00:00:00.000Z, 96.60 %"),
            "{drawn}"
        );
        assert!(drawn.contains("18.6 KiB") && drawn.contains("-468 B"), "{drawn}");
    }

    #[test]
    fn without_numbers_the_reason_is_told() {
        assert_eq!(draw_missing("no\x1b", None), "there is no ledger: no\\x1b\n");
        let computed = draw_missing("no", Estimate::of("computed"));
        assert!(computed.ends_with("a ledger takes bwusaged --counting exact\n"), "{computed}");
    }

    #[test]
    fn a_share_too_small_to_show_is_not_zero() {
        assert_eq!((percent(1, 1_000_000).as_str(), percent(-1, 1_000_000).as_str()), ("<0.01", "-<0.01"));
        assert_eq!((percent(-50, 1000).as_str(), percent(5, 0).as_str()), ("-5.00", ""));
    }

    #[test]
    fn values_for_a_spreadsheet_are_numbers_and_complete() {
        let csv: String = bwusage_proto::csv::ledger(&ledger(), true).collect();
        assert!(csv.contains("tun0\\x1b,tunnel,tx,segmentation,-468\r\n"), "{csv}");
        assert_eq!(csv.lines().count(), 1 + 2 * (Reason::ALL.len() + 2));
    }
}
