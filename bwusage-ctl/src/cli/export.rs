//! What can be said to `export`.

use std::path::PathBuf;

use bwusage_proto::history::{Bucket, Per};
use clap::{Args, ValueEnum};

use super::history::{By, Only, PerName, Range};

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) range: Range,

    /// Where to write; - is standard output. It is written beside and then renamed, so it is whole or not there
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,

    /// What to write [default: by the end of the name: .csv, .ndjson or .jsonl, .sqlite or .db]
    #[arg(long, value_name = "FORMAT")]
    format: Option<ExportFormat>,

    /// How time is cut
    #[arg(long, value_name = "BUCKET", default_value = "hour")]
    by: By,

    /// What makes a series; several for SQLite, such as app,user [default: app; for SQLite app,user,scope,category,interface,host]
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    per: Vec<PerName>,

    #[command(flatten)]
    pub(crate) only: Only,

    /// Replace the file if there is one
    #[arg(long)]
    pub(crate) force: bool,

    /// No progress bar; there is none anyway where standard error is no terminal
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Csv,
    Ndjson,
    Sqlite,
}

impl Export {
    /// What was asked for, or what the name of the file ends with.
    pub(crate) fn format(&self) -> Option<ExportFormat> {
        let by_name = || match self.out.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(ExportFormat::Csv),
            "ndjson" | "jsonl" => Some(ExportFormat::Ndjson),
            "sqlite" | "sqlite3" | "db" => Some(ExportFormat::Sqlite),
            _ => None,
        };
        self.format.or_else(by_name)
    }

    pub(crate) fn bucket(&self) -> Bucket {
        self.by.into()
    }

    /// What makes a series, each once. Several in a list of values would be counted several times by whoever adds it up.
    pub(crate) fn per(&self, format: ExportFormat) -> Option<Vec<Per>> {
        use PerName::{App, Category, Host, Interface, Scope, User};
        let names = match (self.per.as_slice(), format) {
            ([], ExportFormat::Sqlite) => &[App, User, Scope, Category, Interface, Host],
            ([], _) => &[App][..],
            ([_, _, ..], ExportFormat::Csv | ExportFormat::Ndjson) => return None,
            (names, _) => names,
        };
        let mut per: Vec<Per> = Vec::new();
        for name in names.iter().copied().map(Per::from) {
            if !per.contains(&name) {
                per.push(name);
            }
        }
        Some(per)
    }

    /// Whether it goes to standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        self.out.as_os_str() == "-"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};

    fn export(arguments: &[&str]) -> Export {
        let arguments = [&["bwusage-ctl", "export"], arguments].concat();
        let cli = <Cli as clap::Parser>::try_parse_from(arguments).unwrap();
        let Command::Export(export) = cli.command else { panic!("export was asked for") };
        *export
    }

    #[test]
    fn the_format_is_in_the_name_or_is_said() {
        for (out, expected) in [
            ("a.csv", Some(ExportFormat::Csv)),
            ("a.JSONL", Some(ExportFormat::Ndjson)),
            ("a.db", Some(ExportFormat::Sqlite)),
            ("a", None),
            ("-", None),
        ] {
            assert_eq!(export(&["--out", out]).format(), expected, "{out}");
        }
        assert_eq!(export(&["--out", "-", "--format", "csv"]).format(), Some(ExportFormat::Csv));
    }

    #[test]
    fn only_a_database_holds_several_kinds_of_series() {
        let several = export(&["--out", "a", "--per", "user,app,user"]);
        assert_eq!(several.per(ExportFormat::Sqlite), Some(vec![Per::User, Per::App]));
        assert_eq!(several.per(ExportFormat::Csv), None);
        let usual = export(&["--out", "a"]);
        assert_eq!(usual.per(ExportFormat::Csv), Some(vec![Per::App]));
        assert!(usual.per(ExportFormat::Sqlite).unwrap().contains(&Per::Host));
    }
}
