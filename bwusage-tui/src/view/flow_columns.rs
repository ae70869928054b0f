//! Which columns of the table of connections there is room for, and how wide they are.

use bwusage_proto::talk::{Grouping, SortKey};

use super::columns::Placed;

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Pid,
    Name,
    User,
    App,
    Protocol,
    Local,
    /// The other end, or what the rows of a group have in common.
    Title,
    Service,
    State,
    Interface,
    Open,
    Closed,
    Processes,
    Rx,
    Tx,
    Age,
}

/// Cells between two columns.
const GAP: u16 = 1;
/// What the other end gets at least.
const TITLE: u16 = 21;
/// From this width on our own end may be longer than an IPv4 address needs.
const LOCAL: (u16, u16) = (21, 44);

impl Column {
    /// Headings of wire bytes say whether these are `estimated`.
    pub(super) const fn title(self, by: Grouping, estimated: bool) -> &'static str {
        match self {
            Self::Rx if estimated => "▼~TOTAL",
            Self::Tx if estimated => "▲~TOTAL",
            Self::Pid => "PID",
            Self::Name => "NAME",
            Self::User => "USER",
            Self::App => "APP",
            Self::Protocol => "PROTO",
            Self::Local => "LOCAL",
            Self::Title => match by {
                Grouping::Connection => "REMOTE",
                Grouping::Remote => "REMOTE HOST",
                Grouping::Port => "SERVICE",
                Grouping::Interface => "INTERFACE",
                Grouping::Process => "PROCESS",
                Grouping::App => "APPLICATION",
            },
            Self::Service => "SERVICE",
            Self::State => "STATE",
            Self::Interface => "IFACE",
            Self::Open => "OPEN",
            Self::Closed => "CLOSED",
            Self::Processes => "PROCS",
            Self::Rx => "▼TOTAL",
            Self::Tx => "▲TOTAL",
            Self::Age => "AGE",
        }
    }

    /// What a click on the heading sorts by.
    pub(super) const fn sort_key(self, by: Grouping) -> Option<SortKey> {
        Some(match self {
            Self::Pid => SortKey::Pid,
            Self::Name => SortKey::Name,
            Self::User => SortKey::User,
            Self::App => SortKey::App,
            Self::Protocol => SortKey::Protocol,
            Self::Local => SortKey::Local,
            Self::Title => match by {
                Grouping::Connection | Grouping::Remote => SortKey::Remote,
                Grouping::Port => SortKey::Port,
                Grouping::Interface => SortKey::Interface,
                Grouping::Process => SortKey::Name,
                Grouping::App => SortKey::App,
            },
            Self::Service => SortKey::Port,
            Self::State => SortKey::State,
            Self::Interface => SortKey::Interface,
            Self::Open | Self::Closed => SortKey::Connections,
            Self::Processes => return None,
            Self::Rx => SortKey::Rx,
            Self::Tx => SortKey::Tx,
            Self::Age => SortKey::Age,
        })
    }

    /// Numbers stand at the right edge of their column.
    pub(super) const fn is_number(self) -> bool {
        matches!(
            self,
            Self::Pid | Self::Open | Self::Closed | Self::Processes | Self::Rx | Self::Tx | Self::Age
        )
    }

    /// Room for the heading and its sort mark, and for six characters of number.
    const fn width(self, estimated: bool) -> u16 {
        match self {
            Self::Rx | Self::Tx if estimated => 8,
            Self::Title => TITLE,
            Self::Local => LOCAL.0,
            Self::Name | Self::App => 14,
            Self::State => 12,
            Self::Service | Self::Interface => 9,
            Self::User | Self::Age => 8,
            Self::Protocol | Self::Open | Self::Processes => 6,
            Self::Pid | Self::Closed | Self::Rx | Self::Tx => 7,
        }
    }
}

/// The columns that fit into `width` cells, from left to right. There is always the other end.
pub(super) fn plan(width: u16, by: Grouping, estimated: bool) -> Vec<Placed<Column>> {
    use Column as C;
    // What matters most comes first here, and is dropped last.
    let wanted: &[Column] = match by {
        Grouping::Connection => &[
            C::Rx,
            C::Tx,
            C::Name,
            C::Service,
            C::State,
            C::Age,
            C::Protocol,
            C::Pid,
            C::Local,
            C::Interface,
            C::User,
            C::App,
        ],
        Grouping::Remote => &[
            C::Rx,
            C::Tx,
            C::Open,
            C::Closed,
            C::Name,
            C::Service,
            C::Processes,
            C::Interface,
            C::App,
            C::User,
        ],
        Grouping::Port | Grouping::Interface => {
            &[C::Rx, C::Tx, C::Open, C::Closed, C::Processes, C::Name, C::App, C::User]
        }
        Grouping::Process => {
            &[C::Rx, C::Tx, C::Open, C::Closed, C::Pid, C::User, C::Service, C::Interface, C::App]
        }
        Grouping::App => &[C::Rx, C::Tx, C::Open, C::Closed, C::Processes, C::User, C::Service, C::Interface],
    };
    let order: &[Column] = match by {
        Grouping::Connection => &[C::Pid, C::Name, C::User, C::App, C::Protocol, C::Local, C::Title],
        _ => &[C::Title, C::Pid, C::Name, C::User, C::App],
    };
    arrange(width, wanted, order, estimated)
}

/// The same for the connections of one process, whose name stands above them.
pub(super) fn plan_of_process(width: u16, estimated: bool) -> Vec<Placed<Column>> {
    use Column as C;
    let wanted = [C::Rx, C::Tx, C::Service, C::State, C::Age, C::Protocol, C::Local, C::Interface];
    arrange(width, &wanted, &[C::Protocol, C::Local, C::Title], estimated)
}

/// Those of `wanted` that fit: what is in `order` first, and then what every table has.
fn arrange(width: u16, wanted: &[Column], order: &[Column], estimated: bool) -> Vec<Placed<Column>> {
    use Column as C;
    let mut left = width.saturating_sub(TITLE + GAP);
    let mut chosen = vec![C::Title];
    for &column in wanted {
        let Some(rest) = left.checked_sub(column.width(estimated) + GAP) else { break };
        left = rest;
        chosen.push(column);
    }

    let mut order = order.to_vec();
    order.extend([
        C::Service,
        C::State,
        C::Interface,
        C::Open,
        C::Closed,
        C::Processes,
        C::Rx,
        C::Tx,
        C::Age,
    ]);
    order.retain(|column| chosen.contains(column));
    let local_grows = if order.contains(&C::Local) { (left / 2).min(LOCAL.1 - LOCAL.0) } else { 0 };

    let mut x = GAP;
    let mut placed = Vec::with_capacity(order.len());
    for column in order {
        let column_width = match column {
            C::Title => (TITLE + left - local_grows).min(width.saturating_sub(GAP)),
            C::Local => LOCAL.0 + local_grows,
            _ => column.width(estimated),
        };
        placed.push(Placed { column, x, width: column_width });
        x += column_width + GAP;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(width: u16, by: Grouping) -> String {
        titles_of(&plan(width, by, false), by, false)
    }

    fn titles_of(columns: &[Placed<Column>], by: Grouping, estimated: bool) -> String {
        columns.iter().map(|placed| placed.column.title(by, estimated)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn headings_of_estimated_bytes_are_marked_and_have_room_for_it() {
        let by = Grouping::Connection;
        let columns = plan(40, by, true);
        assert_eq!(titles_of(&columns, by, true), "REMOTE ▼~TOTAL ▲~TOTAL");
        assert!(columns[1..].iter().all(|placed| placed.width == 8), "{columns:?}");
    }

    #[test]
    fn the_least_important_columns_are_dropped_first() {
        let by = Grouping::Connection;
        assert_eq!(titles(10, by), "REMOTE");
        assert_eq!(titles(38, by), "REMOTE ▼TOTAL ▲TOTAL");
        assert_eq!(titles(78, by), "NAME REMOTE SERVICE STATE ▼TOTAL ▲TOTAL");
        assert_eq!(
            titles(198, by),
            "PID NAME USER APP PROTO LOCAL REMOTE SERVICE STATE IFACE ▼TOTAL ▲TOTAL AGE"
        );
    }

    #[test]
    fn a_group_is_not_named_twice() {
        assert!(titles(198, Grouping::Process).starts_with("PROCESS PID USER APP SERVICE"));
        assert!(!titles(198, Grouping::Interface).contains("IFACE"));
    }

    #[test]
    fn columns_never_overlap_nor_leave_the_table() {
        for width in 0..400 {
            let estimated = width % 2 == 0;
            let plans = Grouping::ALL.map(|by| plan(width, by, estimated));
            for columns in plans.into_iter().chain([plan_of_process(width, estimated)]) {
                let mut end = 0;
                for placed in &columns {
                    assert!(placed.x > end || end == 0, "{width}: {columns:?}");
                    end = placed.x + placed.width;
                }
                assert!(end <= width.max(1), "{width}: {columns:?}");
            }
        }
    }
}
