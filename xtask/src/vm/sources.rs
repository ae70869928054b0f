//! Where other releases of Debian come from: from where this machine's own comes.

/// The mirrors of the release called `own`, as apt's entries for the release called `wanted`. `files` are the contents of apt's
/// lists of sources, in either of its two formats; what is not of Debian itself does not follow its releases and is left out.
pub(super) fn of_release(files: &[String], own: &str, wanted: &str) -> String {
    let mut entries = String::new();
    for source in files.iter().flat_map(|file| sources(file)) {
        for suffix in ["", "-security"] {
            if source.suites.iter().any(|suite| *suite == format!("{own}{suffix}")) {
                let entry = format!("deb {}{} {wanted}{suffix} main\n", source.key(), source.mirror);
                if !entries.contains(&entry) {
                    entries.push_str(&entry);
                }
            }
        }
    }
    entries
}

struct Source<'a> {
    mirror: &'a str,
    suites: Vec<&'a str>,
    signed_by: Option<&'a str>,
}

impl Source<'_> {
    /// The option that names the file of keys, where one was named.
    fn key(&self) -> String {
        self.signed_by.map_or_else(String::new, |file| format!("[signed-by={file}] "))
    }
}

fn sources(file: &str) -> Vec<Source<'_>> {
    let lines = file.lines().filter_map(one_line);
    let paragraphs = file.split("\n\n").flat_map(paragraph);
    lines.chain(paragraphs).collect()
}

/// `deb [signed-by=FILE] MIRROR SUITE COMPONENT…`
fn one_line(line: &str) -> Option<Source<'_>> {
    let rest = line.trim().strip_prefix("deb ")?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let signed_by = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
    let mut words = rest.split_whitespace();
    Some(Source { mirror: words.next()?, suites: vec![words.next()?], signed_by })
}

/// Fields, each with a name and a colon; several mirrors are several sources.
fn paragraph(text: &str) -> Vec<Source<'_>> {
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let (Some(types), Some(mirrors), Some(suites)) = (field("Types"), field("URIs"), field("Suites")) else {
        return Vec::new();
    };
    if !types.split_whitespace().any(|kind| kind == "deb") {
        return Vec::new();
    }
    let suites: Vec<&str> = suites.split_whitespace().collect();
    // It may also be the key itself.
    let signed_by = field("Signed-By").filter(|key| key.starts_with('/'));
    mirrors.split_whitespace().map(|mirror| Source { mirror, suites: suites.clone(), signed_by }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_entries_lead_to_the_other_release() {
        let file = "# own\ndeb [arch=amd64 signed-by=/k.gpg] http://a.test/debian bookworm main contrib\n\
                    deb-src http://a.test/debian bookworm main\n\
                    deb http://a.test/security bookworm-security main\n";
        assert_eq!(
            of_release(&[file.into()], "bookworm", "trixie"),
            "deb [signed-by=/k.gpg] http://a.test/debian trixie main\n\
             deb http://a.test/security trixie-security main\n"
        );
    }

    #[test]
    fn paragraphs_lead_to_the_other_release() {
        let file = "Types: deb\n# a remark\nURIs: http://a.test/debian\nSuites: bookworm bookworm-updates\n\
                    Components: main\nSigned-By: /k.gpg\n\nTypes: deb\nURIs: http://a.test/security\n\
                    Suites: bookworm-security\nComponents: main\n";
        assert_eq!(
            of_release(&[file.into()], "bookworm", "bullseye"),
            "deb [signed-by=/k.gpg] http://a.test/debian bullseye main\n\
             deb http://a.test/security bullseye-security main\n"
        );
    }

    #[test]
    fn what_is_not_of_debian_is_left_out() {
        let file = "deb http://b.test/apt tool-bookworm main\ndeb http://b.test/node nodistro main\n";
        assert_eq!(of_release(&[file.into()], "bookworm", "trixie"), "");
    }

    #[test]
    fn a_mirror_that_is_named_twice_is_asked_once() {
        let line = String::from("deb http://a.test/debian bookworm main\n");
        assert_eq!(of_release(&[line.clone(), line.clone()], "bookworm", "bookworm"), line);
    }
}
