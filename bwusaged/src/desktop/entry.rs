//! One desktop entry: the few keys of the freedesktop.org format that say which program is meant.

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// The program as written: a path, or a command.
    pub(super) program: String,
    /// How many words follow it that are no placeholders: an entry without any is about the program itself.
    pub(super) words: usize,
    pub(super) in_terminal: bool,
    /// Not for menus: a helper, or a duplicate.
    pub(super) hidden: bool,
    /// The flatpak or snap package.
    pub(super) package: Option<String>,
}

impl Entry {
    /// `None` for what is no application that could run.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim).skip_while(|line| *line != "[Desktop Entry]").skip(1);
        let (mut name, mut exec, mut kind, mut package) = (None, None, None, None);
        let (mut in_terminal, mut hidden, mut deleted) = (false, false, false);
        for line in lines.by_ref().take_while(|line| !line.starts_with('[')) {
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim();
            match key.trim() {
                "Name" => name = Some(unescape(value)),
                "Exec" => exec = Some(unescape(value)),
                "Type" => kind = Some(value),
                "Terminal" => in_terminal = value == "true",
                "NoDisplay" => hidden = value == "true",
                "Hidden" => deleted = value == "true",
                "X-Flatpak" | "X-SnapInstanceName" => package = Some(value.to_owned()),
                _ => {}
            }
        }
        let mut words = words(&exec?).into_iter().peekable();
        // `env VARIABLE=value program`.
        if words.peek().is_some_and(|word| matches!(word.as_str(), "env" | "/usr/bin/env")) {
            words.next();
            while words.next_if(|word| word.contains('=') || word.starts_with('-')).is_some() {}
        }
        let program = words.next().filter(|program| !program.is_empty())?;
        let name = name.filter(|name| !name.is_empty())?;
        let words = words.filter(|word| !(word.len() == 2 && word.starts_with('%'))).count();
        let is_application = kind.is_none_or(|kind| kind == "Application") && !deleted;
        is_application.then_some(Self { name, program, words, in_terminal, hidden, package })
    }
}

/// The words of a command line: separated by blanks, quoted with `"`, where a backslash takes the next character as it is.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted, mut begun) = (String::new(), false, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            '\\' => {
                word.extend(chars.next());
                begun = true;
            }
            ' ' | '\t' if !quoted => {
                if std::mem::take(&mut begun) {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

/// The escapes of every text value.
fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('s') => text.push(' '),
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some('\\') | None => text.push('\\'),
                Some(other) => text.extend(['\\', other]),
            },
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exec(line: &str) -> Option<(String, usize)> {
        let entry = Entry::parse(&format!("[Desktop Entry]\nName=x\nExec={line}\n"))?;
        Some((entry.program, entry.words))
    }

    #[test]
    fn the_program_is_the_first_word_that_is_no_environment() {
        for (line, program, words) in [
            ("/usr/lib/firefox/firefox %u", "/usr/lib/firefox/firefox", 0),
            ("libreoffice --writer %U", "libreoffice", 1),
            (r#""/opt/My App/run" --new %f"#, "/opt/My App/run", 1),
            (r#""/opt/a\\"b""#, r#"/opt/a"b"#, 0),
            ("env BAMF_DESKTOP_FILE_HINT=/x.desktop /snap/bin/firefox %u", "/snap/bin/firefox", 0),
            ("env -i FOO=1 scribus", "scribus", 0),
        ] {
            assert_eq!(exec(line), Some((program.to_owned(), words)), "{line}");
        }
        assert_eq!(exec(""), None);
        assert_eq!(exec("env A=1"), None);
    }

    #[test]
    fn only_the_first_group_and_only_untranslated_names_count() {
        let text = "# c\n[Desktop Entry]\nName=Files\nName[de]=Dateien\nExec=nautilus\nTerminal=false\nNoDisplay=true\nX-Flatpak=org.x\n[Desktop Action new]\nName=New Window\nExec=other";
        let entry = Entry::parse(text).unwrap();
        assert_eq!((entry.name.as_str(), entry.program.as_str()), ("Files", "nautilus"));
        assert!(entry.hidden && !entry.in_terminal);
        assert_eq!(entry.package.as_deref(), Some("org.x"));
    }

    #[test]
    fn what_cannot_run_is_no_entry() {
        for text in [
            "",
            "Name=x\nExec=y",
            "[Desktop Entry]\nName=x",
            "[Desktop Entry]\nExec=x",
            "[Desktop Entry]\nName=x\nExec=y\nType=Link",
            "[Desktop Entry]\nName=x\nExec=y\nHidden=true",
        ] {
            assert_eq!(Entry::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_harmless(text in "(\\[Desktop Entry\\]|Name=|Exec=|\\n|\"|\\\\|[a-z%= ]|\\PC){0,40}") {
            let _ = Entry::parse(&text);
        }
    }
}
