//! Reading the filter language.

use regex_lite::RegexBuilder;

use super::{Comparison, Expr, FilterError, NumberField, TextField, TextTest, network};
use crate::{
    format::{self, AmountError},
    process::Pid,
};

/// Deeper nesting helps nobody and would cost stack.
const MAX_DEPTH: usize = 64;
/// Longer filters are an accident (a paste).
const MAX_LENGTH: usize = 4096;
/// Compiled size of one regular expression, in bytes.
const REGEX_SIZE: usize = 1 << 18;

pub(super) fn parse(text: &str) -> Result<Expr, FilterError> {
    if text.len() > MAX_LENGTH {
        return Err(FilterError::TooLong);
    }
    let mut parser = Parser { text, at: 0 };
    parser.skip_space();
    if parser.rest().is_empty() {
        return Ok(Expr::All(Vec::new()));
    }
    let expr = parser.alternatives(0)?;
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(FilterError::Unopened { at: parser.column() }),
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

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    /// The position as people count it.
    fn column(&self) -> usize {
        self.column_of(self.at)
    }

    fn column_of(&self, offset: usize) -> usize {
        self.text[..offset].chars().count() + 1
    }

    fn alternatives(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut parts = vec![self.sequence(depth)?];
        while self.eat("|") {
            parts.push(self.sequence(depth)?);
        }
        Ok(Expr::Any(parts))
    }

    fn sequence(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut parts = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                None | Some('|' | ')') if parts.is_empty() => {
                    return Err(FilterError::WordMissing { at: self.column() });
                }
                None | Some('|' | ')') => return Ok(Expr::All(parts)),
                Some(_) => parts.push(self.unary(depth)?),
            }
        }
    }

    fn unary(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let start = self.at;
        if depth > MAX_DEPTH {
            return Err(FilterError::TooDeep { at: self.column() });
        }
        if self.eat("!") {
            self.skip_space();
            return match self.peek() {
                None | Some('|' | ')') => Err(FilterError::WordMissing { at: self.column() }),
                Some(_) => Ok(Expr::Not(Box::new(self.unary(depth + 1)?))),
            };
        }
        if self.eat("(") {
            let expr = self.alternatives(depth + 1)?;
            return if self.eat(")") {
                Ok(expr)
            } else {
                Err(FilterError::Unclosed { opener: '(', at: self.column_of(start) })
            };
        }
        self.term()
    }

    fn term(&mut self) -> Result<Expr, FilterError> {
        let start = self.at;
        let identifier_len = self.rest().find(|c: char| !c.is_ascii_alphabetic() && c != '_');
        let name = &self.rest()[..identifier_len.unwrap_or(self.rest().len())];
        if !name.is_empty() {
            self.at += name.len();
            let unknown = || FilterError::UnknownField { name: name.into(), at: self.column_of(start) };
            match (self.peek(), number_field(name)) {
                (Some(':'), _) => {
                    let field = Field::named(name).ok_or_else(unknown)?;
                    self.at += 1;
                    return self.field(field);
                }
                (Some('<' | '>' | '='), None) => return Err(unknown()),
                (_, Some(field)) => {
                    self.skip_space();
                    if let Some(comparison) = self.comparison() {
                        return self.amount(field, comparison);
                    }
                }
                (_, None) => {}
            }
            self.at = start;
        }
        let (text, word) = self.text_test(false)?;
        Ok(Expr::Anywhere { text, pid: word.and_then(|word| word.parse().ok()) })
    }

    fn field(&mut self, field: Field) -> Result<Expr, FilterError> {
        let start = self.column();
        match field {
            Field::Text(field) => {
                let (text, _) = self.text_test(field == TextField::Exe)?;
                Ok(Expr::Text { field, text })
            }
            Field::Pid => {
                let pid: Pid = self.word().parse().map_err(|_| FilterError::Pid { at: start })?;
                Ok(Expr::Pid(pid))
            }
            Field::Port => {
                let port = network::port(self.word()).ok_or(FilterError::Port { at: start })?;
                Ok(Expr::Port(port))
            }
            Field::Remote => {
                let begin = self.at;
                if let Ok(network) = self.word().parse() {
                    return Ok(Expr::Remote(network));
                }
                self.at = begin;
                Ok(Expr::Text { field: TextField::Remote, text: self.text_test(false)?.0 })
            }
        }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        [
            (">=", Comparison::AtLeast),
            ("<=", Comparison::AtMost),
            (">", Comparison::Greater),
            ("<", Comparison::Less),
            ("=", Comparison::Equal),
        ]
        .into_iter()
        .find_map(|(token, comparison)| self.eat(token).then_some(comparison))
    }

    fn amount(&mut self, field: NumberField, comparison: Comparison) -> Result<Expr, FilterError> {
        self.skip_space();
        let at = self.column();
        let word = self.word();
        let value = match field {
            NumberField::Cpu => centipercent(word),
            _ => format::parse_bytes(word),
        };
        let value = value.map_err(|reason| FilterError::Number { reason, at })?;
        Ok(Expr::Compare { field, comparison, value })
    }

    /// What follows, up to space, bar or parenthesis.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end =
            rest.find(|c: char| c.is_whitespace() || matches!(c, '|' | '(' | ')')).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// A word, a quoted text or an expression; and the word, if it is a plain one.
    ///
    /// An expression without its closing slash may be a path: always where a `path_expected`, else when it has another
    /// slash (`/usr/bin`).
    fn text_test(&mut self, path_expected: bool) -> Result<(TextTest, Option<&'a str>), FilterError> {
        match self.peek() {
            Some('"') => Ok((TextTest::word(&self.quoted()?), None)),
            Some('/') => match self.pattern(path_expected)? {
                Some(pattern) => Ok((pattern, None)),
                None => Ok((TextTest::word(self.word()), None)),
            },
            _ => {
                let at = self.column();
                match self.word() {
                    "" => Err(FilterError::WordMissing { at }),
                    word => Ok((TextTest::word(word), Some(word))),
                }
            }
        }
    }

    fn quoted(&mut self) -> Result<String, FilterError> {
        let start = self.column();
        self.at += 1;
        let mut text = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((offset, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += offset + 1;
                    return Ok(text);
                }
                '\\' => text.extend(chars.next().map(|(_, escaped)| escaped)),
                c => text.push(c),
            }
        }
        Err(FilterError::Unclosed { opener: '"', at: start })
    }

    /// An expression between slashes, of which the closing one ends a word; `None` when it is a path.
    fn pattern(&mut self, path_expected: bool) -> Result<Option<TextTest>, FilterError> {
        let (start, rest) = (self.at, &self.rest()[1..]);
        let mut closing = None;
        let mut chars = rest.char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            let ends_word =
                chars.peek().is_none_or(|&(_, next)| next.is_whitespace() || matches!(next, '|' | ')'));
            match c {
                '\\' => drop(chars.next()),
                '/' if ends_word => {
                    closing = Some(offset);
                    break;
                }
                _ => {}
            }
        }
        let Some(closing) = closing else {
            let is_path =
                path_expected || rest.split_whitespace().next().is_some_and(|word| word.contains('/'));
            let unclosed = FilterError::Unclosed { opener: '/', at: self.column_of(start) };
            return if is_path { Ok(None) } else { Err(unclosed) };
        };
        let source = &rest[..closing];
        if let Some((opener, offset)) = unclosed_bracket(source) {
            return Err(FilterError::Unclosed { opener, at: self.column_of(start + 1 + offset) });
        }
        let pattern = RegexBuilder::new(source)
            .case_insensitive(!has_capital(source))
            .size_limit(REGEX_SIZE)
            .nest_limit(MAX_DEPTH as u32)
            .build()
            .map_err(|error| FilterError::Regex { reason: error.to_string(), at: self.column_of(start) })?;
        self.at = start + 1 + closing + 1;
        Ok(Some(TextTest::Pattern(pattern)))
    }
}

#[derive(Clone, Copy)]
enum Field {
    Text(TextField),
    Pid,
    Port,
    Remote,
}

impl Field {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "user" => Self::Text(TextField::User),
            "app" => Self::Text(TextField::App),
            "name" => Self::Text(TextField::Name),
            "exe" => Self::Text(TextField::Exe),
            "unit" => Self::Text(TextField::Unit),
            "ct" => Self::Text(TextField::Container),
            "title" => Self::Text(TextField::Title),
            "category" => Self::Text(TextField::Category),
            "pid" => Self::Pid,
            "port" => Self::Port,
            "remote" => Self::Remote,
            "proto" => Self::Text(TextField::Protocol),
            "state" => Self::Text(TextField::State),
            "iface" => Self::Text(TextField::Interface),
            _ => return None,
        })
    }
}

fn number_field(name: &str) -> Option<NumberField> {
    Some(match name {
        "rx" => NumberField::RxRate,
        "tx" => NumberField::TxRate,
        "rx_total" => NumberField::RxTotal,
        "tx_total" => NumberField::TxTotal,
        "cpu" => NumberField::Cpu,
        "mem" => NumberField::Memory,
        _ => return None,
    })
}

/// `5`, `8.4` or `8.4%` in hundredths of a percent.
fn centipercent(word: &str) -> Result<u64, AmountError> {
    let word = word.strip_suffix('%').unwrap_or(word);
    let (whole, fraction) = word.split_once('.').unwrap_or((word, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return Err(AmountError::Number);
    }
    let hundredths = format!("{fraction}0")[..2].parse::<u64>().map_err(|_| AmountError::Number)?;
    let whole = whole.parse::<u64>().map_err(|_| AmountError::TooLarge)?;
    whole.checked_mul(100).and_then(|whole| whole.checked_add(hundredths)).ok_or(AmountError::TooLarge)
}

/// Capital letters count, but not those of classes such as `\S`.
fn has_capital(source: &str) -> bool {
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c.is_uppercase() {
            return true;
        }
    }
    false
}

/// The first `[` or `(` that is never closed, and its byte offset: the compiler of expressions does not say where.
fn unclosed_bracket(source: &str) -> Option<(char, usize)> {
    let (mut groups, mut class) = (Vec::new(), None);
    let mut chars = source.char_indices();
    while let Some((offset, c)) = chars.next() {
        match (c, class) {
            ('\\', _) => drop(chars.next()),
            ('[', None) => {
                class = Some(offset);
                // A bracket that comes first belongs to the class: `[]a]`, `[^]a]`.
                let mut ahead = chars.clone();
                let first = ahead.next().map(|(_, c)| c);
                let negated = first == Some('^');
                if negated {
                    chars.next();
                }
                if if negated { ahead.next().map(|(_, c)| c) } else { first } == Some(']') {
                    chars.next();
                }
            }
            (']', Some(_)) => class = None,
            ('(', None) => groups.push(offset),
            (')', None) => drop(groups.pop()),
            _ => {}
        }
    }
    class.map(|offset| ('[', offset)).or_else(|| groups.pop().map(|offset| ('(', offset)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(text: &str) -> String {
        parse(text).expect_err(text).to_string()
    }

    #[test]
    fn an_error_says_what_and_where() {
        assert_eq!(error("a /fo [b/"), "unclosed '[' at 7");
        assert_eq!(error("/a(b/"), "unclosed '(' at 3");
        assert_eq!(error("ä (b c"), "unclosed '(' at 3");
        assert_eq!(error("x \"y"), "unclosed '\"' at 3");
        assert_eq!(error("/fire"), "unclosed '/' at 1");
        assert_eq!(error("a)"), "')' without '(' at 2");
        assert_eq!(error("a | "), "a word is missing at 5");
        assert_eq!(error("a !"), "a word is missing at 4");
        assert_eq!(error("user:"), "a word is missing at 6");
        assert_eq!(error("pid:x"), "a process number is expected at 5");
        assert_eq!(error("rx>"), "a number is expected, such as 100, 1.5M or 2GiB at 4");
        assert_eq!(error("cpu>1M"), "a number is expected, such as 100, 1.5M or 2GiB at 5");
        assert!(error("usr:alice").starts_with("unknown field 'usr' at 1"));
        assert!(error("rss>5").starts_with("unknown field 'rss' at 1"));
        assert!(
            error("a /*/").starts_with("the regular expression at 3 is not valid: "),
            "{}",
            error("a /*/")
        );
    }

    #[test]
    fn a_greedy_expression_is_refused_not_built() {
        assert!(error("/((a{100}){100}){100}/").starts_with("the regular expression at 1"));
    }

    #[test]
    fn deep_nesting_is_refused_before_the_stack_ends() {
        assert!(error(&"(".repeat(4000)).starts_with("more than 64 levels"));
        assert!(error(&"!".repeat(4000)).starts_with("more than 64 levels"));
        assert_eq!(error(&"a".repeat(5000)), "the filter is longer than 4096 bytes");
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn reading_what_looks_like_a_filter_never_panics(text in r#"([a-z]{1,3}|rx|cpu|user:|pid:|[ |!()/\\":<>=\[\]^0-9.%ä-]){0,20}"#) {
            let _ = parse(&text);
        }
    }
}
