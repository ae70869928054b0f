//! Entries as packages bring them, in `tests/data/machine`; the programs that they name are made here.

use super::*;

/// A system on which those programs are installed: what each file is, and what it is a link to.
fn system() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let machine = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/machine");
    for directory in DIRECTORIES {
        let Ok(files) = fs::read_dir(machine.join(directory)) else { continue };
        fs::create_dir_all(root.path().join(directory)).unwrap();
        for file in files.flatten() {
            fs::copy(file.path(), root.path().join(directory).join(file.file_name())).unwrap();
        }
    }
    for (path, target) in [
        ("usr/lib/firefox/firefox", None),
        ("usr/bin/firefox", Some("../lib/firefox/firefox")),
        ("opt/google/chrome/google-chrome", None),
        ("usr/bin/google-chrome-stable", Some("../../opt/google/chrome/google-chrome")),
        ("usr/bin/chromium", None),
        ("usr/share/code/code", None),
        ("usr/lib/libreoffice/program/soffice", None),
        ("usr/bin/libreoffice", Some("../lib/libreoffice/program/soffice")),
        ("usr/bin/vim.basic", None),
        ("usr/bin/vim", Some("vim.basic")),
        ("usr/bin/python3.11", None),
        ("usr/bin/gnome-tweaks", None),
        ("usr/bin/flatpak", None),
        ("usr/bin/snap", None),
        ("snap/bin/firefox", Some("../../usr/bin/snap")),
    ] {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match target {
            Some(target) => std::os::unix::fs::symlink(target, &path).unwrap(),
            None => fs::write(&path, "").unwrap(),
        }
    }
    root
}

fn read(root: &Path) -> Desktop {
    let mut desktop = Desktop::below(root);
    desktop.refresh(Instant::now());
    desktop
}

#[test]
fn a_program_and_its_helpers_belong_to_the_application_of_their_entry() {
    let root = system();
    let desktop = read(root.path());
    for (path, app, title) in [
        ("/usr/lib/firefox/firefox", "firefox", "Firefox Web Browser"),
        ("/usr/lib/firefox/plugin-container", "firefox", "Firefox Web Browser"),
        ("/usr/bin/google-chrome-stable", "google-chrome-stable", "Google Chrome"),
        ("/opt/google/chrome/chrome", "google-chrome-stable", "Google Chrome"),
        ("/opt/google/chrome/chrome_crashpad_handler", "google-chrome-stable", "Google Chrome"),
        // A script in /usr/bin that starts what has its own directory.
        ("/usr/bin/chromium", "chromium", "Chromium Web Browser"),
        ("/usr/lib/chromium/chromium", "chromium", "Chromium Web Browser"),
        ("/usr/lib/chromium/chrome_crashpad_handler", "chromium", "Chromium Web Browser"),
        // Of several entries the one about the program itself.
        ("/usr/share/code/code", "code", "Visual Studio Code"),
        ("/usr/share/code/resources/app/bin/helper", "code", "Visual Studio Code"),
        ("/usr/lib/libreoffice/program/soffice.bin", "libreoffice", "LibreOffice"),
        ("/usr/bin/vim.basic", "vim", "Vim"),
        ("/usr/bin/gnome-tweaks", "gnome-tweaks", "Tweaks"),
    ] {
        let found = desktop.of_program(path).unwrap_or_else(|| panic!("{path} has no entry"));
        assert_eq!((found.app.as_str(), found.title.as_str()), (app, title), "{path}");
        assert_eq!(found.in_terminal, app == "vim", "{path}");
    }
}

#[test]
fn what_no_entry_names_has_none() {
    let root = system();
    let desktop = read(root.path());
    for path in [
        "/usr/bin/curl",
        "/usr/bin/flatpak",
        "/usr/bin/snap",
        "/usr/bin/env",
        "/usr/bin/python3.11",
        "/usr/lib/thunderbird/thunderbird",
        "/opt/google/earth/earth",
        // The name alone is worth something only where root puts programs.
        "/home/mallory/firefox",
        "/tmp/chromium/chromium",
        "",
        "/",
    ] {
        assert_eq!(desktop.of_program(path), None, "{path}");
    }
}

#[test]
fn a_package_belongs_to_the_application_of_its_entry() {
    let root = system();
    let desktop = read(root.path());
    let of =
        |package: &str| desktop.of_package(package).map(|found| (found.app.as_str(), found.title.as_str()));
    assert_eq!(of("com.spotify.Client"), Some(("com.spotify.Client", "Spotify")));
    assert_eq!(of("firefox"), Some(("firefox", "Firefox")));
    assert_eq!(of("org.unknown"), None);
}

#[test]
fn a_changed_directory_is_read_again_after_a_rest() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("usr/share/applications");
    let mut desktop = Desktop::below(root.path());
    let now = Instant::now();
    desktop.refresh(now);
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("x.desktop"), "[Desktop Entry]\nName=X\nExec=/opt/x/x\n").unwrap();
    desktop.refresh(now + REST / 2);
    assert_eq!(desktop.of_program("/opt/x/x"), None);
    desktop.refresh(now + REST);
    assert_eq!(desktop.of_program("/opt/x/x").unwrap().title, "X");
}

#[test]
fn what_is_no_regular_file_is_not_opened() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("usr/share/applications");
    fs::create_dir_all(directory.join("folder.desktop")).unwrap();
    // Opening it to read would wait for a writer for ever.
    let pipe = directory.join("pipe.desktop");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(read(root.path()).of_program("/opt/x/x"), None);
}
