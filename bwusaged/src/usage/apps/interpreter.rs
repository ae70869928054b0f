//! Programs that run other people's scripts: the script is what a person would name.

/// One interpreter.
struct Interpreter {
    /// File name, without version.
    name: &'static str,
    /// Options that take the next argument.
    with_value: &'static [&'static str],
    /// Options whose next argument is the script or the module.
    before_script: &'static [&'static str],
    /// Options after which there is no script: the code itself follows, or none.
    no_script: &'static [&'static str],
    /// Its first word is a command of its own; only a file is a script.
    has_commands: bool,
}

const fn plain(name: &'static str, with_value: &'static [&'static str]) -> Interpreter {
    Interpreter {
        name,
        with_value,
        before_script: &[],
        no_script: &["-c", "-e", "-E", "-"],
        has_commands: false,
    }
}

const INTERPRETERS: [Interpreter; 15] = [
    Interpreter { before_script: &["-m"], no_script: &["-c", "-"], ..plain("python", &["-X", "-W", "-Q"]) },
    Interpreter { before_script: &["-m"], no_script: &["-c", "-"], ..plain("pypy", &["-X", "-W"]) },
    plain("perl", &["-I", "-M"]),
    plain("ruby", &["-I", "-r"]),
    Interpreter {
        no_script: &["-e", "--eval", "-p", "--print", "-"],
        ..plain("node", &["-r", "--require", "--import"])
    },
    plain("bash", &["-O", "-o"]),
    plain("sh", &["-o"]),
    plain("dash", &["-o"]),
    plain("zsh", &["-o"]),
    plain("php", &["-d", "-c"]),
    plain("lua", &["-l"]),
    Interpreter {
        before_script: &["-jar", "-m", "--module"],
        no_script: &["-version", "--version"],
        ..plain(
            "java",
            &[
                "-cp",
                "-classpath",
                "--class-path",
                "-p",
                "--module-path",
                "--add-modules",
                "--add-opens",
                "--add-exports",
            ],
        )
    },
    Interpreter { has_commands: true, ..plain("deno", &["-c", "--config"]) },
    Interpreter { has_commands: true, ..plain("bun", &["-r", "--preload", "--cwd"]) },
    plain("Rscript", &[]),
];

/// PowerShell's options are read in any case and may be cut short.
const POWERSHELL: &str = "pwsh";

/// Whether a program of this file name is one.
pub(super) fn is_one(program: &str) -> bool {
    known(program).is_some() || program == POWERSHELL
}

fn known(program: &str) -> Option<&'static Interpreter> {
    let bare = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    INTERPRETERS.iter().find(|known| known.name == bare)
}

/// The script as it was named: `python3 -u /opt/backup.py --now` runs `/opt/backup.py`, `python3 -m http.server` runs
/// `http.server`, `java -jar app.jar` runs `app.jar`; `sh -c …` runs none.
pub(super) fn script<'a>(program: &str, arguments: &'a [String]) -> Option<&'a str> {
    let mut rest = arguments.iter().skip(1).map(String::as_str);
    if program == POWERSHELL {
        return powershell(rest);
    }
    let interpreter = known(program)?;
    while let Some(argument) = rest.next() {
        match argument {
            option if interpreter.before_script.contains(&option) => return rest.next(),
            option if interpreter.with_value.contains(&option) => {
                rest.next();
            }
            option if interpreter.no_script.contains(&option) => return None,
            "--" => return rest.next(),
            "run" if interpreter.has_commands => {}
            option if option.starts_with('-') => {}
            command if interpreter.has_commands && !command.contains(['.', '/']) => return None,
            file => return Some(file),
        }
    }
    None
}

/// `pwsh -NoProfile -File x.ps1`, or a file alone.
fn powershell<'a>(mut arguments: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    while let Some(argument) = arguments.next() {
        match argument.to_ascii_lowercase().as_str() {
            "-file" | "-f" => return arguments.next(),
            "-executionpolicy" | "-ex" | "-ep" | "-workingdirectory" | "-wd" | "-version" | "-v" => {
                arguments.next();
            }
            "-command" | "-c" | "-encodedcommand" | "-e" | "-ec" => return None,
            option if option.starts_with('-') => {}
            _ => return Some(argument),
        }
    }
    None
}
