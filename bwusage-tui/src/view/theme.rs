//! Colours, and what becomes of them on terminals that have fewer.

use ratatui::{
    buffer::Buffer,
    style::{Color, Modifier, Style},
};

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// None: only bold, dim, underline and reverse.
    None,
    /// The sixteen that every terminal has.
    Ansi,
    /// 256.
    Indexed,
    /// 24 bits.
    True,
}

/// What everything looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// How many colours there are.
    pub depth: Depth,
    /// True where only ASCII can be shown.
    pub ascii: bool,
}

/// What steps back. Needs no colour.
pub(super) const DIM: Style = Style::new().add_modifier(Modifier::DIM);
/// What stands out. Needs no colour.
pub(super) const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
/// What stands out of a frame, whose colour it would take otherwise.
pub(super) const TITLE: Style = STRONG.fg(Color::Reset);
/// What stands in a frame and steps back.
pub(super) const NOTE: Style = DIM.fg(Color::Reset);

/// What a colour stands for. Receiving is blue and sending orange, which every kind of colour vision tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Rx,
    Tx,
    /// The processor, and everything that is as it should be.
    Good,
    Memory,
    Disk,
    Frame,
    Warning,
    Bad,
}

impl Role {
    /// In 24 bits, in 256 colours, in sixteen. Middle tones, for light and dark backgrounds alike.
    const fn colours(self) -> ((u8, u8, u8), u8, Color) {
        match self {
            Self::Rx => ((64, 150, 255), 69, Color::LightBlue),
            Self::Tx => ((245, 146, 50), 208, Color::Yellow),
            Self::Memory => ((168, 128, 246), 141, Color::Magenta),
            Self::Disk => ((46, 172, 178), 37, Color::Cyan),
            Self::Frame => ((112, 120, 132), 243, Color::DarkGray),
            Self::Good => ((72, 187, 120), 71, Color::Green),
            Self::Warning => ((224, 168, 32), 178, Color::Yellow),
            Self::Bad => ((240, 84, 84), 203, Color::LightRed),
        }
    }
}

impl Theme {
    /// Everything a modern terminal can do.
    pub const FULL: Self = Self { depth: Depth::True, ascii: false };

    pub(super) fn colour(self, role: Role) -> Style {
        let ((r, g, b), index, ansi) = role.colours();
        match self.depth {
            Depth::None => Style::new(),
            Depth::Ansi => Style::new().fg(ansi),
            Depth::Indexed => Style::new().fg(Color::Indexed(index)),
            Depth::True => Style::new().fg(Color::Rgb(r, g, b)),
        }
    }

    /// `role` at `height` between 0 (bottom) and 1 (top): a gradient where there are colours enough for one.
    pub(super) fn at_height(self, role: Role, height: f32) -> Style {
        if self.depth != Depth::True {
            return self.colour(role);
        }
        let ((r, g, b), ..) = role.colours();
        let shade = |channel: u8| (f32::from(channel) * (0.62 + 0.38 * height)) as u8;
        Style::new().fg(Color::Rgb(shade(r), shade(g), shade(b)))
    }

    /// The row under the cursor.
    pub(super) const fn selected(self) -> Style {
        let style = Style::new().remove_modifier(Modifier::DIM);
        match self.depth {
            Depth::None | Depth::Ansi => style.add_modifier(Modifier::REVERSED),
            Depth::Indexed => style.bg(Color::Indexed(24)).fg(Color::Indexed(231)),
            Depth::True => style.bg(Color::Rgb(28, 66, 110)).fg(Color::Rgb(255, 255, 255)),
        }
    }

    /// A line that must not be overlooked.
    pub(super) fn alarm(self) -> Style {
        self.colour(Role::Bad).add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// Replaces everything in `buffer` that the terminal cannot show.
    pub(super) fn degrade(self, buffer: &mut Buffer) {
        if self.ascii {
            for cell in &mut buffer.content {
                if !cell.symbol().is_ascii() {
                    let plain = ascii(cell.symbol());
                    cell.set_char(plain);
                }
            }
        }
        if self.depth == Depth::None {
            for cell in &mut buffer.content {
                (cell.fg, cell.bg, cell.underline_color) = (Color::Reset, Color::Reset, Color::Reset);
            }
        }
    }
}

/// The nearest ASCII character. Graphs become shades of their height.
fn ascii(symbol: &str) -> char {
    let Some(first) = symbol.chars().next() else { return ' ' };
    match first {
        '\u{2800}'..='\u{28ff}' => {
            let dots = (u32::from(first) - 0x2800).count_ones();
            [' ', '.', '.', ':', ':', '+', '+', '#', '#'][dots as usize]
        }
        '╭' | '╮' | '╰' | '╯' | '†' => '+',
        '─' | '–' => '-',
        '‖' => '=',
        '│' | '▏' => '|',
        '▁'..='█' => '#',
        '▼' | '▾' | '↓' => 'v',
        '▲' | '▴' | '↑' => '^',
        '←' => '<',
        '→' => '>',
        '●' => '*',
        '○' | '◦' => 'o',
        '⚠' => '!',
        '✖' | '×' => 'x',
        '…' => '~',
        '“' | '”' => '"',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphs_stay_readable_without_braille() {
        assert_eq!(["\u{2800}", "⣀", "⣤", "⣿"].map(ascii), [' ', '.', ':', '#']);
    }

    #[test]
    fn a_name_in_another_script_leaves_a_question_mark() {
        assert_eq!(ascii("日"), '?');
    }
}
