//! Numbers for people: three significant digits in a field that never changes its width.

use std::time::Duration;

/// How amounts and speeds are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Units {
    /// Bytes in steps of 1024: KiB, MiB.
    #[default]
    Iec,
    /// Bytes in steps of 1000: kB, MB.
    Si,
    /// Speeds in bits in steps of 1000 (Mbit/s), as providers sell them; amounts as [`Units::Si`].
    Bits,
}

impl Units {
    /// Every way, in the order in which a key cycles through them.
    pub const ALL: [Self; 3] = [Self::Iec, Self::Si, Self::Bits];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Iec => "iec",
            Self::Si => "si",
            Self::Bits => "bits",
        }
    }

    /// What a column of speeds is headed with: `B/s` or `bit/s`.
    #[must_use]
    pub const fn rate_symbol(self) -> &'static str {
        match self {
            Self::Iec | Self::Si => "B/s",
            Self::Bits => "bit/s",
        }
    }

    /// The next one in [`Units::ALL`].
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Iec => Self::Si,
            Self::Si => Self::Bits,
            Self::Bits => Self::Iec,
        }
    }
}

/// Letters for powers of the step. `u64::MAX` bytes in bits is 148 E, so nothing lies beyond.
const PREFIXES: [char; 7] = [' ', 'K', 'M', 'G', 'T', 'P', 'E'];

/// A value scaled to its prefix: four characters of number and the power of the step.
fn scale(value: u128, step: u128) -> (String, usize) {
    if value < step {
        return (format!("{value:>4}"), 0);
    }
    let mut power = 1;
    let mut unit = step;
    loop {
        let rounded = |factor: u128| (value * factor + unit / 2) / unit;
        let (hundredths, tenths, whole) = (rounded(100), rounded(10), rounded(1));
        if hundredths < 1_000 {
            return (format!("{}.{:02}", hundredths / 100, hundredths % 100), power);
        }
        if tenths < 1_000 {
            return (format!("{}.{}", tenths / 10, tenths % 10), power);
        }
        if whole < step || power + 1 == PREFIXES.len() {
            return (format!("{whole:>4}"), power);
        }
        power += 1;
        unit *= step;
    }
}

const fn step(units: Units) -> u128 {
    match units {
        Units::Iec => 1024,
        Units::Si | Units::Bits => 1000,
    }
}

fn field((number, power): (String, usize), base: char) -> String {
    let prefix = if power == 0 { base } else { PREFIXES[power] };
    format!("{number} {prefix}")
}

fn worded((number, power): (String, usize), units: Units, base: &str) -> String {
    let prefix = match (power, units) {
        (0, _) => String::new(),
        (_, Units::Iec) => format!("{}i", PREFIXES[power]),
        (1, _) => "k".into(),
        _ => PREFIXES[power].into(),
    };
    format!("{} {prefix}{base}", number.trim_start())
}

/// An amount in exactly six characters: `3.15 M`, ` 206 K`, `   0 B`.
#[must_use]
pub fn bytes(bytes: u64, units: Units) -> String {
    field(scale(bytes.into(), step(units)), 'B')
}

/// A speed in exactly six characters; the heading says of what ([`Units::rate_symbol`]).
#[must_use]
pub fn rate(bytes_per_s: u64, units: Units) -> String {
    match units {
        Units::Iec | Units::Si => bytes(bytes_per_s, units),
        Units::Bits => field(scale(u128::from(bytes_per_s) * 8, step(units)), 'b'),
    }
}

/// An amount with its unit in words: `3.15 MiB`, `206 kB`.
#[must_use]
pub fn bytes_with_unit(bytes: u64, units: Units) -> String {
    worded(scale(bytes.into(), step(units)), units, "B")
}

/// A speed with its unit in words: `3.15 MiB/s`, `25.2 Mbit/s`.
#[must_use]
pub fn rate_with_unit(bytes_per_s: u64, units: Units) -> String {
    let value = match units {
        Units::Iec | Units::Si => bytes_per_s.into(),
        Units::Bits => u128::from(bytes_per_s) * 8,
    };
    worded(scale(value, step(units)), units, units.rate_symbol())
}

/// Hundredths of a percent in exactly five characters: `  8.4`, `100.0`, ` 1600`. At most `99999`.
#[must_use]
pub fn percent(centipercent: u32) -> String {
    let tenths = centipercent.saturating_add(5) / 10;
    if tenths < 10_000 {
        format!("{:>3}.{}", tenths / 10, tenths % 10)
    } else {
        format!("{:>5}", (tenths / 10).min(99_999))
    }
}

/// A span in its two largest units: `4s`, `2m 05s`, `3h 04m`, `12d 03h`.
#[must_use]
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{minutes}m {:02}s", seconds % 60),
        3_600..86_400 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {:02}h", hours % 24),
    }
}

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// No digits where the number should be.
    #[error("a number is expected, such as 100, 1.5M or 2GiB")]
    Number,
    /// The letters after the number are no unit.
    #[error("unknown unit: use K, M, G, T, P or E, with B (1000) or iB (1024)")]
    Unit,
    /// More than 2^64.
    #[error("the number is too large")]
    TooLarge,
}

/// Reads an amount of bytes: `100`, `1.5M`, `2GiB`, `100kB`. Letters may be small.
///
/// `M` alone means 1024², as in the columns; `MB` means 1000² and `MiB` 1024².
///
/// # Errors
///
/// Says what is wrong with the number or the unit.
pub fn parse_bytes(text: &str) -> Result<u64, AmountError> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start().to_ascii_lowercase();
    let unit = unit.strip_suffix("/s").unwrap_or(&unit);
    let mut letters = unit.chars();
    let prefix = match letters.clone().next() {
        Some('b') | None => None,
        Some(letter) => {
            PREFIXES.iter().position(|prefix| prefix.to_ascii_lowercase() == letter && letter != ' ')
        }
    };
    if prefix.is_some() {
        letters.next();
    }
    let (step, power) = match (letters.as_str(), prefix) {
        ("" | "ib", Some(power)) => (1024_u128, power),
        ("b", Some(power)) => (1000, power),
        ("" | "b", None) => (1, 0),
        _ if number.is_empty() => return Err(AmountError::Number),
        _ => return Err(AmountError::Unit),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if number.is_empty() || number == "." || fraction.contains('.') {
        return Err(AmountError::Number);
    }
    // A fraction of a byte has no meaning; nine digits are more than a fraction of an exbibyte can show.
    let fraction = &fraction[..fraction.len().min(9)];
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| AmountError::TooLarge)? };
    let unit = step.pow(power as u32);
    let parts =
        if fraction.is_empty() { 0 } else { fraction.parse::<u128>().map_err(|_| AmountError::Number)? };
    let total = whole
        .checked_mul(unit)
        .and_then(|bytes| bytes.checked_add(parts * unit / 10_u128.pow(fraction.len() as u32)))
        .ok_or(AmountError::TooLarge)?;
    total.try_into().map_err(|_| AmountError::TooLarge)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn three_digits_and_a_letter() {
        let shown = [0, 999, 1023, 1024, 210_944, 3_303_014, 1_048_063, 1_048_064, u64::MAX]
            .map(|n| bytes(n, Units::Iec));
        assert_eq!(
            shown,
            ["   0 B", " 999 B", "1023 B", "1.00 K", " 206 K", "3.15 M", "1023 K", "1.00 M", "16.0 E"]
        );
        let shown = [999, 1000, 999_499, 999_500, 12_345_678].map(|n| bytes(n, Units::Si));
        assert_eq!(shown, [" 999 B", "1.00 K", " 999 K", "1.00 M", "12.3 M"]);
    }

    #[test]
    fn only_speeds_are_written_in_bits() {
        assert_eq!(rate(1_250_000, Units::Bits), "10.0 M");
        assert_eq!(bytes(1_250_000, Units::Bits), "1.25 M");
        assert_eq!(rate(u64::MAX, Units::Bits), " 148 E");
    }

    #[test]
    fn units_in_words() {
        assert_eq!(rate_with_unit(3_303_014, Units::Iec), "3.15 MiB/s");
        assert_eq!(rate_with_unit(206_000, Units::Si), "206 kB/s");
        assert_eq!(rate_with_unit(1_250_000, Units::Bits), "10.0 Mbit/s");
        assert_eq!(bytes_with_unit(12, Units::Bits), "12 B");
        assert_eq!(bytes_with_unit(1536, Units::Iec), "1.50 KiB");
    }

    #[test]
    fn percentages_keep_their_width() {
        assert_eq!(
            [0, 4, 5, 840, 10_000, 160_000].map(percent),
            ["  0.0", "  0.0", "  0.1", "  8.4", "100.0", " 1600"]
        );
    }

    #[test]
    fn spans_show_their_two_largest_units() {
        let shown = [0, 59, 125, 11_040, 1_047_600].map(|s| duration(Duration::from_secs(s)));
        assert_eq!(shown, ["0s", "59s", "2m 05s", "3h 04m", "12d 03h"]);
    }

    #[test]
    fn amounts_are_read_as_the_columns_write_them() {
        assert_eq!(parse_bytes("100"), Ok(100));
        assert_eq!(parse_bytes("1M"), Ok(1 << 20));
        assert_eq!(parse_bytes("1.5 k"), Ok(1536));
        assert_eq!(parse_bytes("1GiB"), Ok(1 << 30));
        assert_eq!(parse_bytes("1MB/s"), Ok(1_000_000));
        assert_eq!(parse_bytes("16E"), Err(AmountError::TooLarge));
        assert_eq!(parse_bytes("5x"), Err(AmountError::Unit));
        assert_eq!(parse_bytes("5é"), Err(AmountError::Unit));
        for text in ["", ".", "1.2.3", "M"] {
            assert!(matches!(parse_bytes(text), Err(AmountError::Number)), "{text:?}");
        }
    }

    /// What a six-character field says, in bytes.
    fn read_back(field: &str, units: Units) -> f64 {
        let (number, prefix) = field.split_at(4);
        let power = PREFIXES.iter().position(|p| prefix.ends_with(*p) && *p != ' ').unwrap_or(0);
        number.trim().parse::<f64>().unwrap() * (step(units).pow(power as u32) as f64)
    }

    fn units() -> impl Strategy<Value = Units> {
        proptest::sample::select(&Units::ALL[..])
    }

    /// Every magnitude alike.
    fn amount() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64).prop_map(|(n, shift)| n >> shift)
    }

    proptest! {
        #[test]
        fn a_field_is_six_wide_and_within_half_a_percent(n in amount(), units in units()) {
            for (shown, value) in [(bytes(n, units), n as f64), (rate(n, units), n as f64 * if units == Units::Bits { 8.0 } else { 1.0 })] {
                prop_assert_eq!(shown.chars().count(), 6, "{}", shown);
                let read = read_back(&shown, units);
                prop_assert!((read - value).abs() <= value * 0.005 + f64::EPSILON, "{} for {}", shown, value);
            }
        }

        #[test]
        fn more_is_never_shown_as_less(a in amount(), b in amount(), units in units()) {
            let (less, more) = (a.min(b), a.max(b));
            prop_assert!(read_back(&bytes(less, units), units) <= read_back(&bytes(more, units), units));
        }

        #[test]
        fn a_percentage_is_five_wide(centipercent in any::<u32>()) {
            prop_assert_eq!(percent(centipercent).len(), 5);
        }

        #[test]
        fn reading_an_amount_never_panics(text in ".{0,30}") {
            let _ = parse_bytes(&text);
        }
    }
}
