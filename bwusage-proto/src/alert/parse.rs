//! Reading the rule language.

use super::{
    Condition, Gauge, Limit, MAX_RULE_BYTES, News, Period, Rule, RuleError, RuleProblem, Scope, Summed,
    number::span_unit,
};
use crate::format::{self, AmountError};

/// The longest name that an application, unit or container can have.
const MAX_NAME_BYTES: usize = 255;
const MAX_SHARES: usize = 8;
const DAY_S: u32 = 86_400;
const YEAR_S: u32 = 366 * DAY_S;
/// Hundredths of a percent.
const EVERYTHING: u64 = 10_000;
/// Words that may follow an amount, and are no unit.
const AFTER_AMOUNTS: [&str; 3] = ["until", "for", "of"];

pub(super) fn parse(text: &str) -> Result<Rule, RuleError> {
    if text.len() > MAX_RULE_BYTES {
        return Err(RuleError { problem: RuleProblem::TooLong, at: 1 });
    }
    let mut parser = Parser { text, at: 0 };
    let scope = parser.scope()?;
    let condition = parser.condition(&scope)?;
    parser.skip_space();
    if parser.rest().is_empty() {
        Ok(Rule { scope, condition })
    } else {
        Err(parser.error(RuleProblem::Rest))
    }
}

struct Parser<'a> {
    text: &'a str,
    /// Byte offset of what comes next.
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c: char| !wanted(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    /// The letters and dots that come next, after space.
    fn word(&mut self) -> &'a str {
        self.skip_space();
        self.take_while(|c| c.is_ascii_alphabetic() || c == '.')
    }

    /// Takes `words`, each after space, all or none.
    fn eat_words(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        let found = words.iter().all(|word| self.word() == *word);
        if !found {
            self.at = start;
        }
        found
    }

    /// Takes `sign` after space.
    fn eat(&mut self, sign: char) -> bool {
        let start = self.at;
        self.skip_space();
        let found = self.rest().starts_with(sign);
        self.at = if found { self.at + sign.len_utf8() } else { start };
        found
    }

    /// What is wrong with what comes next.
    fn error(&self, problem: RuleProblem) -> RuleError {
        self.error_at(self.at, problem)
    }

    /// What is wrong with what comes next after space.
    fn error_ahead(&mut self, problem: RuleProblem) -> RuleError {
        self.skip_space();
        self.error(problem)
    }

    fn error_at(&self, offset: usize, problem: RuleProblem) -> RuleError {
        RuleError { problem, at: self.text[..offset].chars().count() + 1 }
    }

    fn scope(&mut self) -> Result<Scope, RuleError> {
        let start = self.at;
        let of: fn(String) -> Scope = match self.word() {
            "host" => |_| Scope::Host,
            "app" => Scope::App,
            "user" => Scope::User,
            "unit" => Scope::Unit,
            "container" | "ct" => Scope::Container,
            "interface" | "iface" => Scope::Interface,
            _ => {
                self.at = start;
                return Ok(Scope::Host);
            }
        };
        let mut scope = of(String::new());
        if scope != Scope::Host {
            scope = of(self.name()?);
        }
        if self.eat(':') { Ok(scope) } else { Err(self.error_ahead(RuleProblem::Colon)) }
    }

    fn name(&mut self) -> Result<String, RuleError> {
        self.skip_space();
        let start = self.at;
        let name = if self.eat('"') { self.quoted(start)? } else { self.bare() };
        match name.len() {
            0 => Err(self.error_at(start, RuleProblem::Name)),
            1..=MAX_NAME_BYTES => Ok(name),
            _ => Err(self.error_at(start, RuleProblem::NameTooLong)),
        }
    }

    /// Up to a space, or to a colon that a space follows: names may hold colons.
    fn bare(&mut self) -> String {
        let rest = self.rest();
        let mut end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        if rest[..end].ends_with(':') {
            end -= 1;
        }
        self.at += end;
        rest[..end].into()
    }

    fn quoted(&mut self, start: usize) -> Result<String, RuleError> {
        let mut name = String::new();
        loop {
            let mut chars = self.rest().chars();
            let Some(c) = chars.next() else { return Err(self.error_at(start, RuleProblem::Unclosed)) };
            let escape = self.at;
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(name),
                '\\' => match self.escaped() {
                    Some(c) => name.push(c),
                    None => return Err(self.error_at(escape, RuleProblem::Escape)),
                },
                c => name.push(c),
            }
        }
    }

    /// What follows a backslash.
    fn escaped(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        match c {
            '"' | '\\' => Some(c),
            'u' => {
                let digits = self.rest().strip_prefix('{')?.split_once('}')?.0;
                self.at += digits.len() + 2;
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)
            }
            _ => None,
        }
    }

    fn condition(&mut self, scope: &Scope) -> Result<Condition, RuleError> {
        self.skip_space();
        let start = self.at;
        let condition = match self.word() {
            "rx" => self.sum(Summed::Rx),
            "tx" => self.sum(Summed::Tx),
            "total" => self.sum(Summed::Total),
            "ledger.lost" => self.sum(Summed::Lost),
            "rate.rx" => self.level(Gauge::RxRate),
            "rate.tx" => self.level(Gauge::TxRate),
            "rate.total" => self.level(Gauge::TotalRate),
            "cpu" => self.level(Gauge::Cpu),
            "mem" => self.level(Gauge::MemoryShare),
            "new" if self.eat_words(&["application"]) => self.news(News::NewApplication),
            "background" if self.eat_words(&["application", "moves", "data"]) => {
                self.news(News::BackgroundTraffic)
            }
            _ => Err(self.error_at(start, RuleProblem::Condition)),
        }?;
        match unfit(scope, &condition) {
            Some(problem) => Err(self.error_at(start, problem)),
            None => Ok(condition),
        }
    }

    fn greater(&mut self) -> Result<(), RuleError> {
        let found = self.eat('>') && !self.rest().starts_with('=');
        if found { Ok(()) } else { Err(self.error_ahead(RuleProblem::Greater)) }
    }

    fn sum(&mut self, of: Summed) -> Result<Condition, RuleError> {
        self.greater()?;
        let limit = self.limit()?;
        let period = if self.eat('/') {
            self.period()?
        } else if of == Summed::Lost {
            Rule::LOST_PERIOD
        } else {
            return Err(self.error_ahead(RuleProblem::Period));
        };
        let until = self.until(limit.bytes, Self::amount)?;
        let ends_by_itself = !matches!(period, Period::Trailing { .. }) || !limit.percents.is_empty();
        if until.is_some() && ends_by_itself {
            return Err(self.error(RuleProblem::UntilNotHere));
        }
        Ok(Condition::Sum { of, limit, period, until })
    }

    fn limit(&mut self) -> Result<Limit, RuleError> {
        self.skip_space();
        let start = self.at;
        let mut percents = Vec::new();
        while let Some(percent) = self.centipercent()? {
            let whole = u16::try_from(percent / 100).ok().filter(|whole| (1..=1000).contains(whole));
            let ascends = whole.is_some() && percents.last().copied() < whole;
            match whole.filter(|_| percent.is_multiple_of(100) && ascends && percents.len() < MAX_SHARES) {
                Some(whole) => percents.push(whole),
                None => return Err(self.error_at(start, RuleProblem::Shares)),
            }
            if !self.eat(',') {
                break;
            }
        }
        if !percents.is_empty() && !self.eat_words(&["of"]) {
            return Err(self.error_ahead(RuleProblem::OfAmount));
        }
        Ok(Limit { bytes: self.amount()?, percents })
    }

    fn period(&mut self) -> Result<Period, RuleError> {
        self.skip_space();
        let start = self.at;
        let named = match self.word() {
            "day" => Period::Day,
            "week" => Period::Week,
            "month" => Period::Month,
            "s" | "sec" | "second" => return Err(self.error_at(start, RuleProblem::PeriodIsRate)),
            "" => return Ok(Period::Trailing { seconds: self.span(YEAR_S, "366d")? }),
            _ => return Err(self.error_at(start, RuleProblem::Period)),
        };
        Ok(named)
    }

    fn level(&mut self, of: Gauge) -> Result<Condition, RuleError> {
        self.greater()?;
        self.skip_space();
        let start = self.at;
        let (of, above) = match of {
            Gauge::MemoryShare | Gauge::MemoryBytes => match self.centipercent()? {
                Some(share) => (Gauge::MemoryShare, share),
                None => (Gauge::MemoryBytes, self.amount()?),
            },
            Gauge::Cpu => (of, self.percent()?),
            Gauge::RxRate | Gauge::TxRate | Gauge::TotalRate => (of, self.rate()?),
        };
        if of == Gauge::MemoryShare && above >= EVERYTHING {
            return Err(self.error_at(start, RuleProblem::Never));
        }
        let held_s = if self.eat_words(&["for"]) { self.span(DAY_S, "1d")? } else { 0 };
        let until = self.until(above, |parser| match of {
            Gauge::MemoryShare | Gauge::Cpu => parser.percent(),
            Gauge::MemoryBytes => parser.amount(),
            Gauge::RxRate | Gauge::TxRate | Gauge::TotalRate => parser.rate(),
        })?;
        Ok(Condition::Level { of, above, held_s, until })
    }

    fn news(&mut self, of: News) -> Result<Condition, RuleError> {
        if !self.eat_words(&["until"]) {
            return Ok(Condition::News { of, quiet_s: Rule::QUIET_S });
        }
        if !self.eat_words(&["quiet", "for"]) {
            return Err(self.error_ahead(RuleProblem::UntilQuiet));
        }
        Ok(Condition::News { of, quiet_s: self.span(DAY_S, "1d")? })
    }

    /// `until < VALUE`, where it is there.
    fn until(
        &mut self,
        above: u64,
        read: impl FnOnce(&mut Self) -> Result<u64, RuleError>,
    ) -> Result<Option<u64>, RuleError> {
        if !self.eat_words(&["until"]) {
            return Ok(None);
        }
        if !self.eat('<') {
            return Err(self.error_ahead(RuleProblem::Until));
        }
        self.skip_space();
        let start = self.at;
        let value = read(self)?;
        if (1..=above).contains(&value) {
            Ok(Some(value))
        } else {
            Err(self.error_at(start, RuleProblem::Until))
        }
    }

    fn number(&mut self) -> &'a str {
        self.skip_space();
        self.take_while(|c| c.is_ascii_digit() || c == '.')
    }

    fn amount(&mut self) -> Result<u64, RuleError> {
        self.skip_space();
        let start = self.at;
        let number = self.number();
        let after = self.at;
        let mut unit = self.word();
        if AFTER_AMOUNTS.contains(&unit) {
            (self.at, unit) = (after, "");
        }
        let read = match unit.to_ascii_lowercase().strip_suffix("bit") {
            Some(prefix) => format::parse_bytes(&format!("{number}{prefix}b")).map(|bits| bits / 8),
            None => format::parse_bytes(&format!("{number}{unit}")),
        };
        let read = if number.is_empty() { Err(AmountError::Number) } else { read };
        read.map_err(|error| self.error_at(start, RuleProblem::Amount(error)))
    }

    fn rate(&mut self) -> Result<u64, RuleError> {
        self.skip_space();
        let start = self.at;
        let amount = self.amount()?;
        if self.eat('/') && self.word() == "s" {
            Ok(amount)
        } else {
            Err(self.error_at(start, RuleProblem::Rate))
        }
    }

    fn percent(&mut self) -> Result<u64, RuleError> {
        let read = self.centipercent()?;
        read.ok_or_else(|| self.error_ahead(RuleProblem::Percent))
    }

    /// Hundredths of a percent; `None`, and nothing is taken, where no percentage comes next.
    fn centipercent(&mut self) -> Result<Option<u64>, RuleError> {
        let start = self.at;
        let number = self.number();
        if number.is_empty() || !self.eat('%') {
            self.at = start;
            return Ok(None);
        }
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let hundredths =
            format!("{fraction:0<2}").parse::<u64>().ok().filter(|_| (1..=2).contains(&fraction.len()));
        let whole = whole.parse::<u64>().ok().filter(|whole| *whole <= 1_000_000);
        let read = whole.zip(hundredths).map(|(whole, hundredths)| whole * 100 + hundredths);
        read.map(Some).ok_or_else(|| self.error_at(start, RuleProblem::Percent))
    }

    /// From a second to `most` seconds.
    fn span(&mut self, most: u32, most_text: &'static str) -> Result<u32, RuleError> {
        self.skip_space();
        let start = self.at;
        let number = self.take_while(|c| c.is_ascii_digit());
        let unit = self.word();
        let (false, Some(unit)) = (number.is_empty(), span_unit(unit)) else {
            return Err(self.error_at(start, RuleProblem::Span));
        };
        let seconds = number.parse::<u32>().ok().and_then(|number| number.checked_mul(unit));
        seconds
            .filter(|seconds| (1..=most).contains(seconds))
            .ok_or_else(|| self.error_at(start, RuleProblem::SpanRange { least: "1s", most: most_text }))
    }
}

/// Why `scope` cannot have `condition`.
fn unfit(scope: &Scope, condition: &Condition) -> Option<RuleProblem> {
    use Scope::{App, Container, Host, Interface, Unit, User};
    match (condition, scope) {
        (Condition::Sum { of: Summed::Lost, .. }, App(_) | User(_) | Unit(_) | Container(_)) => {
            Some(RuleProblem::NotOfProcesses)
        }
        (Condition::News { .. }, Unit(_) | Container(_) | Interface(_)) => Some(RuleProblem::NewsScope),
        (Condition::Level { of: Gauge::Cpu | Gauge::MemoryShare | Gauge::MemoryBytes, .. }, Interface(_)) => {
            Some(RuleProblem::NotOfInterface)
        }
        (Condition::Level { of: Gauge::Cpu, above: EVERYTHING.., .. }, Host) => Some(RuleProblem::Never),
        _ => None,
    }
}
