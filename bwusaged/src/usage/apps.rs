//! Which application a process belongs to: the thing that a person would name.

use crate::{cgroup, engine::Identity};

/// Interpreters whose script is the application: file name without version, and options that take the next argument.
const INTERPRETERS: [(&str, &[&str]); 9] = [
    ("python", &["-X", "-W", "-Q"]),
    ("perl", &["-I", "-M"]),
    ("ruby", &["-I", "-r"]),
    ("node", &["-r", "--require", "--import"]),
    ("bash", &["-O", "-o"]),
    ("sh", &["-o"]),
    ("dash", &["-o"]),
    ("php", &["-d", "-c"]),
    ("lua", &["-l"]),
];

/// The application of a process: the flatpak or snap package that it came in, else the script that an interpreter runs, else the executable's file name, else its name.
#[must_use]
pub fn application(identity: &Identity) -> String {
    if let Some(package) = identity.cgroup.as_deref().and_then(|path| cgroup::place(path).package) {
        return package;
    }
    let program = identity.exe.as_deref().map(|path| file_name(path.trim_end_matches(" (deleted)")));
    // A program that was executed from a descriptor has no file name of its own: memfd:…, or the descriptor's number.
    let program =
        program.filter(|name| !name.starts_with("memfd:") && !name.bytes().all(|byte| byte.is_ascii_digit()));
    let script = program.and_then(|program| script(program, identity.command_line.as_deref()?));
    script.or(program).filter(|name| !name.is_empty()).unwrap_or(&identity.name).to_owned()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `python3 -u /opt/backup.py --now` is `backup.py`; `python3 -m http.server` is `http.server`; `sh -c …` stays `sh`.
fn script<'a>(program: &str, arguments: &'a [String]) -> Option<&'a str> {
    let bare = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let &(interpreter, with_value) = INTERPRETERS.iter().find(|(name, _)| *name == bare)?;
    let mut rest = arguments.iter().skip(1).map(String::as_str);
    while let Some(argument) = rest.next() {
        match argument {
            "-m" if interpreter == "python" => return rest.next(),
            "-c" | "-e" | "-E" | "-" => return None,
            "--" => return rest.next().map(file_name),
            option if with_value.contains(&option) => {
                rest.next();
            }
            option if option.starts_with('-') => {}
            file => return Some(file_name(file)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(exe: Option<&str>, command_line: &[&str]) -> String {
        application(&Identity {
            name: "comm".into(),
            exe: exe.map(Into::into),
            command_line: Some(command_line.iter().map(ToString::to_string).collect()),
            ..Identity::default()
        })
    }

    #[test]
    fn the_executable_names_the_application() {
        assert_eq!(app(Some("/usr/lib/firefox/firefox"), &["firefox"]), "firefox");
        assert_eq!(app(Some("/usr/bin/curl (deleted)"), &["curl"]), "curl");
        assert_eq!(app(None, &[]), "comm");
        assert_eq!(app(Some("/"), &[]), "comm");
        assert_eq!(app(Some("/memfd:sealed (deleted)"), &["x"]), "comm");
        assert_eq!(app(Some("/dev/fd/3"), &["x"]), "comm");
    }

    #[test]
    fn an_interpreter_is_the_script_that_it_runs() {
        assert_eq!(app(Some("/usr/bin/python3.11"), &["python3", "-u", "/opt/backup.py", "x"]), "backup.py");
        assert_eq!(app(Some("/usr/bin/python3"), &["python3", "-m", "http.server"]), "http.server");
        assert_eq!(app(Some("/usr/bin/node"), &["node", "--require", "a.js", "srv.js"]), "srv.js");
        assert_eq!(app(Some("/bin/bash"), &["bash", "/etc/cron.daily/sync"]), "sync");
        assert_eq!(app(Some("/usr/bin/perl"), &["perl", "--", "-x.pl"]), "-x.pl");
    }

    #[test]
    fn a_package_is_one_application_whatever_it_runs() {
        let packed = |exe: &str, cgroup: &str| {
            application(&Identity {
                exe: Some(exe.into()),
                cgroup: Some(format!("/user.slice/user-1000.slice/user@1000.service/app.slice/{cgroup}")),
                ..Identity::default()
            })
        };
        assert_eq!(packed("/app/bin/zypak", "app-flatpak-com.spotify.Client-77.scope"), "com.spotify.Client");
        assert_eq!(packed("/snap/firefox/1/firefox", "snap.firefox.firefox-2f7b.scope"), "firefox");
        assert_eq!(packed("/usr/bin/gedit", "app-gnome-org.gnome.gedit-99.scope"), "gedit");
    }

    #[test]
    fn an_interpreter_without_a_script_is_itself() {
        assert_eq!(app(Some("/bin/sh"), &["sh", "-c", "curl example"]), "sh");
        assert_eq!(app(Some("/usr/bin/python3"), &["python3"]), "python3");
        assert_eq!(app(Some("/usr/bin/pythonista"), &["pythonista", "x.py"]), "pythonista");
    }
}
