//! Where the daemon cannot count: one sentence that says what is missing and what to do.

use std::{fs, path::Path, process::Command};

use super::{
    Test,
    daemon::{self, PROGRAM},
    folder::Folder,
};

pub(super) const TESTS: &[Test] = &[
    ("without_root_it_says_how_to_get_it", without_root),
    ("without_btf_it_says_so", without_btf),
    ("on_an_old_kernel_it_says_which_one_it_needs", on_an_old_kernel),
];

const BTF: &str = "/sys/kernel/btf/vmlinux";

fn without_root() {
    let folder = Folder::new();
    let program = folder.program(Path::new(PROGRAM), "bwusaged");
    let line = format!("{} {}", program.display(), daemon::arguments(&folder).join(" "));

    let sentence = refusal(Command::new("su").args(["nobody", "-s", "/bin/sh", "-c", &line]));

    assert!(sentence.contains("root") && sentence.contains("sudo"), "{sentence}");
}

fn without_btf() {
    let folder = Folder::new();

    let sentence = refusal(&mut in_own_mounts(&folder, "mount -t tmpfs none /sys/kernel/btf"));

    assert!(sentence.contains("BTF") && sentence.contains("CONFIG_DEBUG_INFO_BTF"), "{sentence}");
}

fn on_an_old_kernel() {
    let folder = Folder::new();
    let old = folder.path().join("vmlinux.btf");
    fs::write(&old, without_tracepoints(fs::read(BTF).expect("this kernel's BTF"))).expect("write");

    let sentence = refusal(&mut in_own_mounts(&folder, &format!("mount --bind {} {BTF}", old.display())));

    assert!(sentence.contains("kernel") && sentence.contains("6.3"), "{sentence}");
}

/// This kernel's types without the two tracepoints that came with Linux 6.3, as far as names go.
fn without_tracepoints(mut btf: Vec<u8>) -> Vec<u8> {
    for name in [&b"btf_trace_sock_send_length\0"[..], &b"btf_trace_sock_recv_length\0"[..]] {
        let at = btf.windows(name.len()).position(|window| window == name).expect("the tracepoint's name");
        btf[at..at + 9].copy_from_slice(b"old_trace");
    }
    btf
}

/// The daemon, after `mount` was done where nobody else sees it.
fn in_own_mounts(folder: &Folder, mount: &str) -> Command {
    let script = format!("{mount} && exec \"$0\" \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script, PROGRAM]).args(daemon::arguments(folder));
    // Left to choose, it would count without BPF.
    command.args(["--engine", "tracepoints"]);
    command
}

/// What a daemon that cannot start says: one line, and nothing about its insides.
fn refusal(command: &mut Command) -> String {
    let output = command.env("RUST_BACKTRACE", "1").output().expect("start");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.code().is_some_and(|code| code != 0), "{}: {said}", output.status);
    assert_eq!(said.lines().count(), 1, "{said}");
    for word in ["panicked", "backtrace", "src/", "os error"] {
        assert!(!said.contains(word), "{said}");
    }
    said
}
