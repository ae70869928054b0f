//! Every key that does something, in one table. The footer and the help overlay print this same table.

use std::fmt;

use crate::{app::Screen, field::Edit};

/// A key press, independent of the terminal library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A character, as typed: `G` is shift and `g`.
    Char(char),
    /// Control and a letter.
    Ctrl(char),
    /// A function key.
    F(u8),
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Tabulator.
    Tab,
}

/// Where the keyboard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Works everywhere.
    Everywhere,
    /// In the table of any screen, and beside it in an open detail pane.
    Table,
    /// In the table of processes.
    Processes,
    /// In the table of connections.
    Connections,
    /// While the filter is typed. Other characters go into the text.
    Filter,
    /// In the list of sort keys.
    Sort,
    /// In the ledger overlay.
    Ledger,
    /// In the help overlay.
    Help,
    /// While the search of the help overlay is typed. Other characters go into the text.
    HelpSearch,
}

impl Context {
    /// The contexts that the help overlay lists, with their headings.
    pub const LISTED: [(Self, &'static str); 6] = [
        (Self::Table, "Tables"),
        (Self::Processes, "Processes"),
        (Self::Connections, "Connections"),
        (Self::Filter, "Filter"),
        (Self::Sort, "Sort list"),
        (Self::Everywhere, "Everywhere"),
    ];

    /// True in the table of a screen.
    #[must_use]
    pub const fn is_screen(self) -> bool {
        matches!(self, Self::Processes | Self::Connections)
    }

    /// Whether a binding of `other` works here.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        self == other || other == Self::Everywhere || (other == Self::Table && self.is_screen())
    }
}

/// A movement of the cursor or of a scrolled text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the first line.
    First,
    /// To the last line.
    Last,
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Ends the program.
    Quit,
    /// Stops the program until the shell continues it.
    Suspend,
    /// Draws the whole screen anew.
    Redraw,
    /// Opens the help overlay.
    Help,
    /// Moves the cursor or scrolls.
    Move(Motion),
    /// Sorts by the column to the left.
    SortLeft,
    /// Sorts by the column to the right.
    SortRight,
    /// Opens the list of sort keys.
    OpenSort,
    /// Turns the order around.
    Reverse,
    /// Opens the filter.
    OpenFilter,
    /// Opens the detail pane of the row under the cursor.
    OpenDetail,
    /// Groups by the next thing.
    GroupBy,
    /// Stops or resumes the screen.
    Pause,
    /// Writes numbers in the next units.
    Units,
    /// Shows speeds instead of totals, or the other way round.
    Figure,
    /// Refreshes less often.
    Slower,
    /// Refreshes more often.
    Faster,
    /// Keeps the rows in their present order, or sorts again.
    Freeze,
    /// Shows rows of less interest too, or leaves them out: without any traffic, or closed.
    Idle,
    /// Shows remote hosts by name, or by address.
    Names,
    /// Shows this screen.
    Show(Screen),
    /// Shows the next screen.
    NextScreen,
    /// Hides or shows the cards above the table.
    Cards,
    /// Opens the ledger.
    Ledger,
    /// Gives the mouse back to the terminal, or takes it.
    Mouse,
    /// Copies the row through the terminal.
    Copy,
    /// Connects now instead of after the pause.
    Retry,
    /// Accepts what was typed or chosen.
    Accept,
    /// Closes what is open; with nothing open, clears the filter.
    Back,
    /// Opens the search of the help overlay.
    SearchHelp,
    /// Edits the text.
    Edit(Edit),
}

/// One line of the table.
#[derive(Debug)]
pub struct Binding {
    /// Where it works.
    pub context: Context,
    /// The keys that do it, the one to show first in front.
    pub keys: &'static [Key],
    /// What it does.
    pub action: Action,
    /// The same in words, for the help overlay.
    pub does: &'static str,
    /// The word in the footer, for what belongs there.
    pub footer: Option<&'static str>,
}

const fn key(context: Context, keys: &'static [Key], action: Action, does: &'static str) -> Binding {
    Binding { context, keys, action, does, footer: None }
}

impl Binding {
    const fn footer(self, word: &'static str) -> Self {
        Self { footer: Some(word), ..self }
    }

    /// The keys as people read them: `j ↓`.
    #[must_use]
    pub fn keys_shown(&self) -> String {
        self.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

use Action as A;
use Context as C;
use Key::{
    Backspace, Char, Ctrl, Delete, Down, End, Enter, Esc, F, Home, Left, PageDown, PageUp, Right, Tab, Up,
};

/// The table. The order is that of the help overlay; the footer takes its words in this order too.
pub const BINDINGS: &[Binding] = &[
    key(C::Everywhere, &[F(1), Char('?')], A::Help, "this help").footer("Help"),
    key(C::Table, &[Up, Char('k')], A::Move(Motion::Up), "one row up"),
    key(C::Table, &[Down, Char('j')], A::Move(Motion::Down), "one row down"),
    key(C::Table, &[PageUp, Ctrl('b')], A::Move(Motion::PageUp), "one page up"),
    key(C::Table, &[PageDown, Ctrl('f')], A::Move(Motion::PageDown), "one page down"),
    key(C::Table, &[Home, Char('g')], A::Move(Motion::First), "first row"),
    key(C::Table, &[End, Char('G')], A::Move(Motion::Last), "last row"),
    key(C::Table, &[Char('/'), F(4)], A::OpenFilter, "filter while you type").footer("Filter"),
    key(C::Table, &[Char('s'), F(6)], A::OpenSort, "choose what to sort by").footer("Sort"),
    key(C::Table, &[Left, Char('h')], A::SortLeft, "sort by the column to the left"),
    key(C::Table, &[Right, Char('l')], A::SortRight, "sort by the column to the right"),
    key(C::Table, &[Char('r')], A::Reverse, "turn the order around"),
    key(C::Processes, &[Char('F')], A::Freeze, "keep the rows where they are, or sort again"),
    key(C::Processes, &[Char('a')], A::Idle, "leave out rows without any traffic, or show them"),
    key(
        C::Processes,
        &[Char('b')],
        A::GroupBy,
        "a row per application, process, user, unit, container, category",
    )
    .footer("By"),
    key(C::Processes, &[Char('t')], A::Figure, "totals or speeds first").footer("Total/Rate"),
    key(
        C::Connections,
        &[Char('b')],
        A::GroupBy,
        "a row per connection, remote host, port, interface, process, app",
    )
    .footer("By"),
    key(C::Table, &[Char('n')], A::Names, "remote hosts by name, or by address").footer("Names"),
    key(C::Connections, &[Char('a')], A::Idle, "leave out what is closed, or show it").footer("Closed"),
    key(C::Table, &[Char('u')], A::Units, "units: KiB, kB, bits").footer("Units"),
    key(C::Table, &[Char(' '), Char('p')], A::Pause, "pause the screen; nothing is lost meanwhile")
        .footer("Pause"),
    key(C::Table, &[Char('L')], A::Ledger, "the ledger: where the bytes of every interface went")
        .footer("Ledger"),
    key(C::Table, &[Char('1')], A::Show(Screen::Processes), "processes"),
    key(C::Table, &[Char('3')], A::Show(Screen::Connections), "connections"),
    key(C::Table, &[Tab], A::NextScreen, "the next of these screens"),
    key(C::Table, &[Enter], A::OpenDetail, "everything about the row").footer("Detail"),
    key(C::Table, &[Esc, Backspace], A::Back, "close the detail pane; clear the filter").footer("Back"),
    key(C::Table, &[Char('e')], A::Cards, "hide or show the cards"),
    key(C::Table, &[Char('+'), Char('=')], A::Slower, "refresh less often"),
    key(C::Table, &[Char('-')], A::Faster, "refresh more often"),
    key(C::Table, &[Char('y')], A::Copy, "copy the row to the clipboard"),
    key(C::Table, &[Char('M')], A::Mouse, "give the mouse to the terminal, or take it back"),
    key(C::Table, &[Char('R')], A::Retry, "connect to the daemon now, while it is lost").footer("Retry"),
    key(C::Table, &[Char('q'), F(10)], A::Quit, "quit").footer("Quit"),
    key(C::Filter, &[Enter], A::Accept, "keep the filter").footer("Keep"),
    key(C::Filter, &[Esc], A::Back, "clear the filter").footer("Clear"),
    key(C::Filter, &[Up], A::Move(Motion::Up), "one row up"),
    key(C::Filter, &[Down], A::Move(Motion::Down), "one row down"),
    key(C::Filter, &[Left, Ctrl('b')], A::Edit(Edit::Left), "one character to the left"),
    key(C::Filter, &[Right, Ctrl('f')], A::Edit(Edit::Right), "one character to the right"),
    key(C::Filter, &[Home, Ctrl('a')], A::Edit(Edit::Start), "to the start"),
    key(C::Filter, &[End, Ctrl('e')], A::Edit(Edit::End), "to the end"),
    key(
        C::Filter,
        &[Backspace, Ctrl('h')],
        A::Edit(Edit::Backspace),
        "remove the character before the cursor",
    ),
    key(C::Filter, &[Delete, Ctrl('d')], A::Edit(Edit::Delete), "remove the character under the cursor"),
    key(C::Filter, &[Ctrl('w')], A::Edit(Edit::DeleteWord), "remove the word before the cursor"),
    key(C::Filter, &[Ctrl('u')], A::Edit(Edit::DeleteToStart), "remove everything before the cursor"),
    key(C::Sort, &[Up, Char('k')], A::Move(Motion::Up), "one entry up"),
    key(C::Sort, &[Down, Char('j')], A::Move(Motion::Down), "one entry down"),
    key(C::Sort, &[Home, Char('g')], A::Move(Motion::First), "first entry"),
    key(C::Sort, &[End, Char('G')], A::Move(Motion::Last), "last entry"),
    key(C::Sort, &[Enter], A::Accept, "sort by it; the present one again turns it around").footer("Sort"),
    key(C::Sort, &[Char('r')], A::Reverse, "turn the order around").footer("Reverse"),
    key(C::Sort, &[Esc, Backspace, Char('s'), F(6), Char('q')], A::Back, "close the list").footer("Close"),
    key(C::Ledger, &[Up, Char('k')], A::Move(Motion::Up), "one line up"),
    key(C::Ledger, &[Down, Char('j')], A::Move(Motion::Down), "one line down"),
    key(C::Ledger, &[PageUp, Ctrl('b')], A::Move(Motion::PageUp), "one page up"),
    key(C::Ledger, &[PageDown, Ctrl('f'), Char(' ')], A::Move(Motion::PageDown), "one page down"),
    key(C::Ledger, &[Home, Char('g')], A::Move(Motion::First), "first line"),
    key(C::Ledger, &[End, Char('G')], A::Move(Motion::Last), "last line"),
    key(C::Ledger, &[Char('u')], A::Units, "units: KiB, kB, bits").footer("Units"),
    key(C::Ledger, &[Esc, Backspace, Enter, Char('L'), Char('q')], A::Back, "close the ledger")
        .footer("Close"),
    key(C::Help, &[Up, Char('k')], A::Move(Motion::Up), "one line up"),
    key(C::Help, &[Down, Char('j')], A::Move(Motion::Down), "one line down"),
    key(C::Help, &[PageUp, Ctrl('b')], A::Move(Motion::PageUp), "one page up"),
    key(C::Help, &[PageDown, Ctrl('f'), Char(' ')], A::Move(Motion::PageDown), "one page down"),
    key(C::Help, &[Home, Char('g')], A::Move(Motion::First), "first line"),
    key(C::Help, &[End, Char('G')], A::Move(Motion::Last), "last line"),
    key(C::Help, &[Char('/')], A::SearchHelp, "search the help").footer("Search"),
    key(C::Help, &[Esc, Backspace, Enter, F(1), Char('?'), Char('q')], A::Back, "close the help")
        .footer("Close"),
    key(C::HelpSearch, &[Enter], A::Accept, "keep the search").footer("Keep"),
    key(C::HelpSearch, &[Esc], A::Back, "clear the search").footer("Clear"),
    key(C::HelpSearch, &[Up], A::Move(Motion::Up), "one line up"),
    key(C::HelpSearch, &[Down], A::Move(Motion::Down), "one line down"),
    key(C::HelpSearch, &[Left], A::Edit(Edit::Left), "one character to the left"),
    key(C::HelpSearch, &[Right], A::Edit(Edit::Right), "one character to the right"),
    key(
        C::HelpSearch,
        &[Backspace, Ctrl('h')],
        A::Edit(Edit::Backspace),
        "remove the character before the cursor",
    ),
    key(C::HelpSearch, &[Ctrl('w')], A::Edit(Edit::DeleteWord), "remove the word before the cursor"),
    key(C::HelpSearch, &[Ctrl('u')], A::Edit(Edit::DeleteToStart), "remove everything before the cursor"),
    key(C::Everywhere, &[Ctrl('l')], A::Redraw, "draw the whole screen anew"),
    key(C::Everywhere, &[Ctrl('z')], A::Suspend, "suspend, `fg` continues"),
    key(C::Everywhere, &[Ctrl('c')], A::Quit, "quit"),
];

/// What `key` does in `context`.
#[must_use]
pub fn action(context: Context, key: Key) -> Option<Action> {
    let typed = matches!(context, Context::Filter | Context::HelpSearch) && matches!(key, Key::Char(_));
    let bound = |wanted| {
        BINDINGS
            .iter()
            .find(|binding| binding.context == wanted && binding.keys.contains(&key))
            .map(|b| b.action)
    };
    let shared = || if context.is_screen() { bound(Context::Table) } else { None };
    let everywhere = || if typed { None } else { bound(Context::Everywhere) };
    bound(context).or_else(shared).or_else(everywhere)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(' ') => f.write_str("Space"),
            Self::Char(character) => write!(f, "{character}"),
            Self::Ctrl(letter) => write!(f, "Ctrl-{letter}"),
            Self::F(number) => write!(f, "F{number}"),
            Self::Up => f.write_str("↑"),
            Self::Down => f.write_str("↓"),
            Self::Left => f.write_str("←"),
            Self::Right => f.write_str("→"),
            Self::PageUp => f.write_str("PgUp"),
            Self::PageDown => f.write_str("PgDn"),
            Self::Home => f.write_str("Home"),
            Self::End => f.write_str("End"),
            Self::Enter => f.write_str("Enter"),
            Self::Esc => f.write_str("Esc"),
            Self::Backspace => f.write_str("Backspace"),
            Self::Delete => f.write_str("Del"),
            Self::Tab => f.write_str("Tab"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Context; 7] = [
        Context::Processes,
        Context::Connections,
        Context::Filter,
        Context::Sort,
        Context::Ledger,
        Context::Help,
        Context::HelpSearch,
    ];

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for (at, binding) in BINDINGS.iter().enumerate() {
            for other in &BINDINGS[at + 1..] {
                let both = binding.keys.iter().find(|key| other.keys.contains(key));
                let table = |one: &Binding, other: &Binding| {
                    one.context.is_screen() && other.context == Context::Table
                };
                let together =
                    binding.context == other.context || table(binding, other) || table(other, binding);
                assert!(both.is_none() || !together, "{both:?} in {:?}", binding.context);
            }
        }
    }

    #[test]
    fn a_question_mark_is_text_while_a_filter_is_typed() {
        assert_eq!(action(Context::Filter, Key::Char('?')), None);
        assert_eq!(action(Context::Processes, Key::Char('?')), Some(Action::Help));
        assert_eq!(action(Context::Filter, Key::F(1)), Some(Action::Help));
    }

    #[test]
    fn control_c_quits_from_everywhere() {
        for context in ALL {
            assert_eq!(action(context, Key::Ctrl('c')), Some(Action::Quit), "{context:?}");
        }
    }

    #[test]
    fn every_open_thing_closes_with_escape() {
        for context in ALL {
            assert_eq!(action(context, Key::Esc), Some(Action::Back), "{context:?}");
        }
    }
}
