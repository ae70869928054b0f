//! Numbers as rules write them: exact, so that what is written can be read back.

use crate::format::Units;

/// Units of amounts, largest first.
const UNITS: [(&str, u64); 13] = [
    ("EB", 1_000_000_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("EiB", 1 << 60),
    ("PiB", 1 << 50),
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];
const SPANS: [(char, u32); 5] = [('w', 604_800), ('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// `5MB`, `1GiB`, `1536MiB`, `0`: the shortest of the exact ways.
pub(super) fn amount(bytes: u64) -> String {
    if bytes == 0 {
        return "0".into();
    }
    let exact = UNITS.iter().filter(|(_, unit)| bytes.is_multiple_of(*unit));
    let written = exact.map(|(name, unit)| format!("{}{name}", bytes / unit));
    written.min_by_key(String::len).unwrap_or_default()
}

/// In which units `bytes` is written.
pub(super) fn units(bytes: u64) -> Units {
    let written = amount(bytes);
    let is_decimal = !written.ends_with("iB") && written.trim_end_matches('B').ends_with(char::is_alphabetic);
    if is_decimal { Units::Si } else { Units::Iec }
}

/// `90%`, `12.5%`, of hundredths of a percent.
pub(super) fn percent(centipercent: u64) -> String {
    let (whole, hundredths) = (centipercent / 100, centipercent % 100);
    match hundredths {
        0 => format!("{whole}%"),
        tenths if tenths.is_multiple_of(10) => format!("{whole}.{}%", tenths / 10),
        hundredths => format!("{whole}.{hundredths:02}%"),
    }
}

/// `90s`, `15m`, `1d`: in the largest unit that is exact.
pub(super) fn span(seconds: u32) -> String {
    let unit = SPANS.iter().find(|(_, unit)| seconds > 0 && seconds.is_multiple_of(*unit));
    let (name, unit) = unit.unwrap_or(&('s', 1));
    format!("{}{name}", seconds / unit)
}

/// The seconds of a unit of time.
pub(super) fn span_unit(name: &str) -> Option<u32> {
    SPANS.iter().find(|(unit, _)| name.chars().eq([*unit])).map(|&(_, seconds)| seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_exact_and_as_short_as_can_be() {
        let written = [0, 1, 1000, 1023, 1024, 5_000_000, 1 << 30, 3 << 29, u64::MAX].map(amount);
        let expected = ["0", "1B", "1kB", "1023B", "1KiB", "5MB", "1GiB", "1536MiB", "18446744073709551615B"];
        assert_eq!(written, expected);
    }

    #[test]
    fn decimal_amounts_are_told_from_binary_ones() {
        let units = [50_000_000_000, 1000, 1 << 30, 3 << 29, 1023, 0].map(units);
        assert_eq!(units, [Units::Si, Units::Si, Units::Iec, Units::Iec, Units::Iec, Units::Iec]);
    }

    #[test]
    fn percentages_and_spans_are_exact() {
        assert_eq!([9000, 1250, 1205, 5].map(percent), ["90%", "12.5%", "12.05%", "0.05%"]);
        assert_eq!([0, 90, 900, 86_400, 1_209_600].map(span), ["0s", "90s", "15m", "1d", "2w"]);
    }
}
