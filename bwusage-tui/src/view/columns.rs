//! Which columns of the table there is room for, and how wide they are.

use bwusage_proto::table::{Grouping, SortKey};

use crate::app::Figure;

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Pid,
    Processes,
    Name,
    User,
    RxRate,
    TxRate,
    Graph,
    RxTotal,
    TxTotal,
    Cpu,
    Memory,
    DiskRead,
    DiskWrite,
    Age,
    App,
    Command,
}

/// A column with its place, counted from the left edge of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed<C> {
    pub(super) column: C,
    pub(super) x: u16,
    pub(super) width: u16,
}

/// Cells between two columns.
const GAP: u16 = 1;
/// What a name gets at least, and, where there is room for everything else, at most.
const NAME: (u16, u16) = (14, 28);
/// From this width on, names get more before further columns appear.
const ROOMY: (u16, u16) = (100, 22);
/// The graph's width, and that on a very wide screen.
const GRAPH: (u16, u16) = (10, 20);

impl Column {
    /// Headings of wire bytes say whether these are `estimated`.
    pub(super) const fn title(self, estimated: bool) -> &'static str {
        match self {
            Self::RxRate if estimated => "▼~RATE",
            Self::TxRate if estimated => "▲~RATE",
            Self::RxTotal if estimated => "▼~TOTAL",
            Self::TxTotal if estimated => "▲~TOTAL",
            Self::Pid => "PID",
            Self::Processes => "PROCS",
            Self::Name => "NAME",
            Self::User => "USER",
            Self::RxRate => "▼RATE",
            Self::TxRate => "▲RATE",
            Self::Graph => "GRAPH",
            Self::RxTotal => "▼TOTAL",
            Self::TxTotal => "▲TOTAL",
            Self::Cpu => "CPU%",
            Self::Memory => "MEM",
            Self::DiskRead => "READ/s",
            Self::DiskWrite => "WRITE/s",
            Self::Age => "STARTED",
            Self::App => "APP",
            Self::Command => "COMMAND",
        }
    }

    /// What a click on the heading sorts by.
    pub(super) const fn sort_key(self) -> Option<SortKey> {
        match self {
            Self::Pid => Some(SortKey::Pid),
            Self::Name => Some(SortKey::Name),
            Self::User => Some(SortKey::User),
            Self::RxRate => Some(SortKey::RxRate),
            Self::TxRate => Some(SortKey::TxRate),
            Self::RxTotal => Some(SortKey::RxTotal),
            Self::TxTotal => Some(SortKey::TxTotal),
            Self::Cpu => Some(SortKey::Cpu),
            Self::Memory => Some(SortKey::Memory),
            Self::DiskRead => Some(SortKey::DiskRead),
            Self::DiskWrite => Some(SortKey::DiskWrite),
            Self::App => Some(SortKey::App),
            Self::Processes | Self::Graph | Self::Age | Self::Command => None,
        }
    }

    /// Numbers stand at the right edge of their column.
    pub(super) const fn is_number(self) -> bool {
        !matches!(self, Self::Name | Self::User | Self::Graph | Self::App | Self::Command)
    }

    /// Room for the heading and its sort mark, and for six characters of number.
    const fn width(self, estimated: bool) -> u16 {
        match self {
            Self::RxRate | Self::TxRate | Self::RxTotal | Self::TxTotal if estimated => 8,
            Self::Name => NAME.0,
            Self::Graph => GRAPH.0,
            Self::App => 14,
            Self::User | Self::DiskWrite | Self::Age => 8,
            Self::Command => 20,
            Self::Cpu => 6,
            _ => 7,
        }
    }
}

/// The columns that fit into `width` cells, from left to right. There is always a name.
pub(super) fn plan(width: u16, by: Grouping, figure: Figure, estimated: bool) -> Vec<Placed<Column>> {
    use Column as C;
    let who = if by == Grouping::Process { C::Pid } else { C::Processes };
    let (first, second) = match figure {
        Figure::Total => ([C::RxTotal, C::TxTotal], [C::RxRate, C::TxRate]),
        Figure::Rate => ([C::RxRate, C::TxRate], [C::RxTotal, C::TxTotal]),
    };
    let application: &[C] = if by == Grouping::Process { &[C::Age, C::App] } else { &[C::Age] };
    // What matters most comes first here, and is dropped last.
    let mut wanted = vec![first[0], first[1], second[0], second[1], C::Graph, who, C::Cpu, C::Memory];
    // By user, the name is the user.
    wanted.extend((by != Grouping::User).then_some(C::User));
    wanted.extend([C::DiskRead, C::DiskWrite]);
    wanted.extend(application);
    wanted.push(C::Command);

    let name = if width >= ROOMY.0 { ROOMY.1 } else { NAME.0 };
    let mut left = width.saturating_sub(name + GAP);
    let mut chosen = vec![C::Name];
    for column in wanted {
        let Some(rest) = left.checked_sub(column.width(estimated) + GAP) else { break };
        left = rest;
        chosen.push(column);
    }

    // The order on screen; the graph follows the speeds that it shows.
    let mut order = vec![who, C::Name, C::User];
    match figure {
        Figure::Total => order.extend([C::RxTotal, C::TxTotal, C::RxRate, C::TxRate, C::Graph]),
        Figure::Rate => order.extend([C::RxRate, C::TxRate, C::Graph, C::RxTotal, C::TxTotal]),
    }
    order.extend([C::Cpu, C::Memory, C::DiskRead, C::DiskWrite, C::Age, C::App, C::Command]);
    order.retain(|column| chosen.contains(column));

    let has_command = order.contains(&C::Command);
    let name_grows = left.min(if has_command { NAME.1.saturating_sub(name) } else { left });
    left -= name_grows;
    let graph_grows = if has_command { (left / 3).min(GRAPH.1 - GRAPH.0) } else { 0 };
    left -= graph_grows;

    let mut x = GAP;
    let mut placed = Vec::with_capacity(order.len());
    for column in order {
        let column_width = match column {
            C::Name => (name + name_grows).min(width.saturating_sub(GAP)),
            C::Graph => GRAPH.0 + graph_grows,
            C::Command => C::Command.width(estimated) + left,
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

    fn titles(width: u16, by: Grouping, figure: Figure) -> String {
        titles_of(width, by, figure, false)
    }

    fn titles_of(width: u16, by: Grouping, figure: Figure, estimated: bool) -> String {
        let columns = plan(width, by, figure, estimated);
        columns.iter().map(|placed| placed.column.title(estimated)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn headings_of_estimated_bytes_are_marked_and_have_room_for_it() {
        let titles = titles_of(78, Grouping::Process, Figure::Total, true);
        assert_eq!(titles, "PID NAME ▼~TOTAL ▲~TOTAL ▼~RATE ▲~RATE GRAPH CPU%");
    }

    #[test]
    fn the_least_important_columns_are_dropped_first() {
        let by = Grouping::Process;
        assert_eq!(titles(10, by, Figure::Total), "NAME");
        assert_eq!(titles(38, by, Figure::Total), "NAME ▼TOTAL ▲TOTAL");
        assert_eq!(titles(38, by, Figure::Rate), "NAME ▼RATE ▲RATE");
        assert_eq!(titles(78, by, Figure::Total), "PID NAME ▼TOTAL ▲TOTAL ▼RATE ▲RATE GRAPH CPU%");
        assert_eq!(
            titles(198, by, Figure::Total),
            "PID NAME USER ▼TOTAL ▲TOTAL ▼RATE ▲RATE GRAPH CPU% MEM READ/s WRITE/s STARTED APP COMMAND"
        );
    }

    #[test]
    fn applications_have_no_process_number() {
        assert!(titles(118, Grouping::App, Figure::Total).starts_with("PROCS NAME USER ▼TOTAL"));
    }

    #[test]
    fn a_user_is_not_named_twice() {
        assert!(titles(198, Grouping::User, Figure::Total).starts_with("PROCS NAME ▼TOTAL"));
    }

    #[test]
    fn columns_never_overlap_nor_leave_the_table() {
        for width in 0..400 {
            for by in Grouping::ALL {
                let columns = plan(width, by, Figure::Rate, width % 2 == 0);
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
