use super::*;
use crate::{cgroup::place, desktop::Application};

fn identity(exe: Option<&str>, command_line: &[&str]) -> Identity {
    Identity {
        name: "comm".into(),
        exe: exe.map(Into::into),
        command_line: Some(command_line.iter().map(ToString::to_string).collect()),
        ..Identity::default()
    }
}

fn app(exe: Option<&str>, command_line: &[&str]) -> String {
    Own::of(&identity(exe, command_line), &Place::default()).app
}

fn own(exe: &str) -> Own {
    Own::of(&identity(Some(exe), &[exe]), &Place::default())
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
    for (exe, command_line, script) in [
        ("/usr/bin/python3.11", "python3 -u /opt/backup.py x", "backup.py"),
        ("/usr/bin/python3", "python3 -m http.server", "http.server"),
        ("/usr/bin/python3", "python3 -W ignore -X dev job.py", "job.py"),
        ("/opt/pypy/bin/pypy3", "pypy3 job.py", "job.py"),
        ("/usr/bin/node", "node --require a.js srv.js", "srv.js"),
        ("/bin/bash", "bash /etc/cron.daily/sync", "sync"),
        ("/usr/bin/zsh", "zsh -o extendedglob ./sync.zsh", "sync.zsh"),
        ("/usr/bin/perl", "perl -- -x.pl", "-x.pl"),
        ("/usr/bin/php8.2", "php8.2 -d memory_limit=1G artisan queue:work", "artisan"),
        ("/usr/bin/ruby3.1", "ruby3.1 -r bundler bin/puma", "puma"),
        (
            "/usr/lib/jvm/java-17/bin/java",
            "java -Xmx4g -cp a.jar:b.jar -jar /srv/minecraft/server.jar nogui",
            "server.jar",
        ),
        (
            "/usr/lib/jvm/java-17/bin/java",
            "java -cp /usr/share/es/lib org.elasticsearch.bootstrap.Elasticsearch",
            "org.elasticsearch.bootstrap.Elasticsearch",
        ),
        ("/usr/bin/deno", "deno run --allow-net=x main.ts", "main.ts"),
        ("/usr/bin/bun", "bun run ./server.ts", "server.ts"),
        ("/usr/bin/bun", "bun index.js", "index.js"),
        ("/usr/lib/R/bin/Rscript", "Rscript --vanilla /srv/report.R", "report.R"),
        (
            "/opt/microsoft/powershell/7/pwsh",
            "pwsh -NoProfile -ExecutionPolicy Bypass -File /srv/Sync.ps1",
            "Sync.ps1",
        ),
        ("/usr/bin/pwsh", "pwsh ./Sync.ps1", "Sync.ps1"),
    ] {
        assert_eq!(app(Some(exe), &command_line.split(' ').collect::<Vec<_>>()), script, "{command_line}");
    }
}

#[test]
fn an_interpreter_without_a_script_is_itself() {
    for (exe, command_line, app_name) in [
        ("/bin/sh", "sh -c curl", "sh"),
        ("/usr/bin/python3", "python3", "python3"),
        ("/usr/bin/pythonista", "pythonista x.py", "pythonista"),
        ("/usr/bin/node", "node -e 1+1", "node"),
        ("/usr/bin/deno", "deno lsp", "deno"),
        ("/usr/bin/bun", "bun install", "bun"),
        ("/usr/bin/java", "java -version", "java"),
        ("/usr/bin/pwsh", "pwsh -Command Get-Item", "pwsh"),
    ] {
        assert_eq!(app(Some(exe), &command_line.split(' ').collect::<Vec<_>>()), app_name, "{command_line}");
    }
}

#[test]
fn a_package_is_one_application_whatever_it_runs() {
    let packed = |exe: &str, cgroup: &str| {
        let place = place(&format!("/user.slice/user-1000.slice/user@1000.service/app.slice/{cgroup}"));
        Own::of(&identity(Some(exe), &[]), &place).app
    };
    assert_eq!(packed("/app/bin/zypak", "app-flatpak-com.spotify.Client-77.scope"), "com.spotify.Client");
    assert_eq!(packed("/snap/firefox/1/firefox", "snap.firefox.firefox-2f7b.scope"), "firefox");
    assert_eq!(packed("/usr/bin/gedit", "app-gnome-org.gnome.gedit-99.scope"), "gedit");
}

#[test]
fn a_desktop_entry_names_the_application_and_gives_it_a_title() {
    let entry = |in_terminal| Application {
        app: "chromium".into(),
        title: "Chromium Web Browser".into(),
        in_terminal,
    };
    let with = |in_terminal| Identity {
        desktop: Some(entry(in_terminal)),
        ..identity(Some("/usr/lib/chromium/chrome_crashpad_handler"), &["--monitor"])
    };
    let helper = Own::of(&with(false), &Place::default());
    assert_eq!((helper.app.as_str(), helper.title.as_deref()), ("chromium", Some("Chromium Web Browser")));
    assert!(helper.has_window && !Own::of(&with(true), &Place::default()).has_window);
}

#[test]
fn a_helper_beside_or_below_the_program_that_started_it_is_part_of_it() {
    for (parent, child, is_part) in [
        ("/opt/google/chrome/chrome", "/opt/google/chrome/chrome_crashpad_handler", true),
        ("/opt/google/chrome/chrome", "/opt/google/chrome/chrome", true),
        ("/usr/lib/firefox/firefox", "/usr/lib/firefox/plugin-container", true),
        ("/usr/lib/firefox-esr/firefox-esr", "/usr/lib/firefox-esr/glxtest", true),
        ("/usr/lib/chromium/chromium", "/usr/lib/chromium/chrome-sandbox", true),
        ("/usr/share/code/code", "/usr/share/code/chrome_crashpad_handler", true),
        ("/usr/share/code/code", "/usr/share/code/resources/app/node_modules/@vscode/ripgrep/bin/rg", true),
        ("/opt/Signal/signal-desktop", "/opt/Signal/chrome_crashpad_handler", true),
        ("/usr/lib/slack/slack", "/usr/lib/slack/slack", true),
        ("/usr/lib/libreoffice/program/oosplash", "/usr/lib/libreoffice/program/soffice.bin", true),
        ("/home/alice/Discord/discord", "/home/alice/Discord/chrome_crashpad_handler", true),
        ("/usr/lib/thunderbird/thunderbird", "/usr/lib/firefox/firefox", false),
        ("/usr/lib/firefox/firefox", "/usr/lib/firefox-esr/firefox-esr", false),
        ("/usr/share/code/code", "/usr/bin/git", false),
        ("/usr/bin/bash", "/usr/bin/curl", false),
        ("/usr/bin/make", "/usr/bin/cc", false),
        ("/usr/local/bin/a", "/usr/local/bin/b", false),
        ("/home/alice/project/target/debug/xtask", "/home/alice/project/target/debug/server", false),
        ("/tmp/dropper", "/tmp/beacon", false),
        ("/usr/lib/systemd/systemd", "/usr/lib/systemd/systemd-resolved", false),
        ("/usr/lib/x86_64-linux-gnu/a", "/usr/lib/x86_64-linux-gnu/b", false),
        ("/opt/tools/bin/one", "/opt/tools/bin/other", false),
        ("/opt/kitty/kitty", "/opt/kitty/curl", false),
        ("/usr/sbin/sshd", "/usr/lib/openssh/sftp-server", false),
        ("/opt/node/node", "/opt/node/helper", false),
    ] {
        assert_eq!(own(child).is_part_of(&own(parent)), is_part, "{parent} starts {child}");
    }
}

#[test]
fn a_script_is_itself_whoever_started_it() {
    let script = Own::of(&identity(Some("/opt/app/python3"), &["python3", "job.py"]), &Place::default());
    assert!(!script.is_part_of(&own("/opt/app/app")));
    assert!(!own("/opt/app/app").is_part_of(&script));
}

#[test]
fn a_process_without_a_path_is_part_of_nothing() {
    let nameless = Own::of(&Identity::default(), &Place::default());
    assert!(!nameless.is_part_of(&own("/opt/app/app")) && !own("/opt/app/app").is_part_of(&nameless));
}
