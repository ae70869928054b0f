//! Spans as people type them.

use std::time::Duration;

/// Reads `500ms`, `5s`, `1.5m` or `2h`.
pub(super) fn parse(text: &str) -> Result<Duration, &'static str> {
    const USAGE: &str = "a number with its unit is expected, such as 500ms, 5s, 1.5m or 2h";
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(USAGE)?;
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(USAGE),
    };
    let number: f64 = number.parse().map_err(|_| USAGE)?;
    let span = Duration::try_from_secs_f64(number * seconds).map_err(|_| "the span is too long")?;
    if span.is_zero() { Err("the span must be longer than nothing") } else { Ok(span) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_need_a_unit() {
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(parse("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("2h"), Ok(Duration::from_hours(2)));
        for wrong in ["5", "", "s", "-5s", "5d", "1.2.3s", "0s", "99999999999999999999h"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
