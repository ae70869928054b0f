//! Paths as the systems named beside them make them.

use proptest::prelude::*;

use super::*;

const ID: &str = "4b1c9e0f2a7d5c3e8f6a1b0d9c7e5f3a2b4d6c8e0f1a3b5d7c9e2f4a6b8d0c1e";

/// `ID` in a path stands for [`ID`]. Gives unit and container, each `-` where there is none.
fn says(path: &str) -> (String, String) {
    let place = place(&path.replace("ID", ID));
    let container = place.container.map(|container| {
        assert!(container.id == ID || container.name.as_ref() == Some(&container.id), "{container:?}");
        container.to_string().replace(&ID[..12], "ID")
    });
    (place.unit.unwrap_or("-".into()), container.unwrap_or("-".into()))
}

#[test]
fn a_unit_is_named_by_its_control_group() {
    for (path, unit) in [
        ("/system.slice/nginx.service", "nginx.service"),
        ("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"),
        ("/system.slice/system-postgresql.slice/postgresql@15-main.service", "postgresql@15-main.service"),
        (
            r"/system.slice/system-systemd\x2dfsck.slice/systemd-fsck@dev-sda1.service",
            "systemd-fsck@dev-sda1.service",
        ),
        ("/system.slice/ssh.service (deleted)", "ssh.service"),
        ("/system.slice/systemd-udevd.service/udev", "systemd-udevd.service"),
        ("/system.slice/run-u42.scope", "run-u42.scope"),
        ("/system.slice/cups.socket", "cups.socket"),
        ("/system.slice/_cgroup.service", "cgroup.service"),
        ("/init.scope", "init.scope"),
        ("/user.slice/user-1000.slice/session-2.scope", "session-2.scope"),
        ("/user.slice/user-1000.slice/user@1000.service/init.scope", "user@1000.service"),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service", "syncthing.service"),
        (
            "/user.slice/user-1000.slice/user@1000.service/session.slice/org.gnome.Shell@wayland.service",
            "org.gnome.Shell@wayland.service",
        ),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-firefox-3021.scope",
            "app-gnome-firefox-3021.scope",
        ),
        (
            r"/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-google\x2dchrome-4711.scope",
            r"app-gnome-google\x2dchrome-4711.scope",
        ),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.kde.kate@0d1f9a.service",
            "app-org.kde.kate@0d1f9a.service",
        ),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-6f1c2d.scope",
            "vte-spawn-6f1c2d.scope",
        ),
        ("/", "-"),
        ("", "-"),
        ("/system.slice", "-"),
        ("/my/own/group", "-"),
        ("/.service/.scope", "-"),
    ] {
        assert_eq!(says(path), (unit.into(), "-".into()), "{path}");
    }
}

#[test]
fn a_container_is_named_by_its_control_group() {
    for (path, unit, container) in [
        // Docker: version 2 with systemd, version 1, rootless, its own group parent on Amazon ECS.
        ("/system.slice/docker-ID.scope", "-", "docker:ID"),
        ("/system.slice/docker-ID.scope/init", "-", "docker:ID"),
        ("/docker/ID", "-", "docker:ID"),
        (
            "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-ID.scope",
            "user@1000.service",
            "docker:ID",
        ),
        ("/ecs/9781c248-0edd-4cdb-9a93-f63cb662a5d3/ID", "-", "docker:ID"),
        ("/system.slice/docker.service", "docker.service", "-"),
        ("/docker/buildkit/xyz", "-", "-"),
        // Podman: root, rootless, quadlet, cgroupfs; and its monitor, which is outside.
        ("/machine.slice/libpod-ID.scope/container", "-", "podman:ID"),
        (
            "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope",
            "user@1000.service",
            "podman:ID",
        ),
        ("/system.slice/web.service/libpod-payload-ID", "web.service", "podman:ID"),
        ("/libpod_parent/libpod-ID", "-", "podman:ID"),
        ("/machine.slice/libpod-conmon-ID.scope", "libpod-conmon-ID.scope", "-"),
        // containerd and Kubernetes.
        (
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0d6e5a1c_7b1f_4c0e_9a55_2b8f0f4f1a11.slice/cri-containerd-ID.scope",
            "-",
            "containerd:ID",
        ),
        ("/kubepods.slice/kubepods-pod0d6e5a1c_7b1f.slice/crio-ID.scope/container", "-", "cri-o:ID"),
        ("/kubepods.slice/kubepods-pod0d6e5a1c_7b1f.slice/crio-conmon-ID.scope", "crio-conmon-ID.scope", "-"),
        ("/kubepods/besteffort/pod0d6e5a1c-7b1f-4c0e-9a55-2b8f0f4f1a11/ID", "-", "kubernetes:ID"),
        ("/kubepods/pod0d6e5a1c-7b1f-4c0e-9a55-2b8f0f4f1a11/ID", "-", "kubernetes:ID"),
        (
            "/system.slice/containerd.service/kubepods-besteffort-pod0d6e.slice:cri-containerd:ID",
            "containerd.service",
            "containerd:ID",
        ),
        ("/default/ID", "-", "containerd:ID"),
        ("/system.slice/nerdctl-ID.scope", "-", "containerd:ID"),
        ("/system.slice/kubelet.service", "kubelet.service", "-"),
        // LXC, LXD, Incus, Proxmox; what runs inside is a unit of the container's.
        ("/lxc/web", "-", "lxc:web"),
        ("/lxc/101/ns/system.slice/nginx.service", "nginx.service", "lxc:101"),
        ("/lxc.payload.web/system.slice/ssh.service", "ssh.service", "lxc:web"),
        ("/lxc.payload/web", "-", "lxc:web"),
        ("/lxc.monitor.web", "-", "-"),
        // systemd-nspawn and libvirt.
        ("/machine.slice/machine-debian.scope/system.slice/cron.service", "cron.service", "nspawn:debian"),
        (r"/machine.slice/machine-my\x2dbox.scope", "-", "nspawn:my-box"),
        ("/machine.slice/systemd-nspawn@web.service/payload/init.scope", "init.scope", "nspawn:web"),
        ("/machine.slice/systemd-nspawn@web.service/supervisor", "systemd-nspawn@web.service", "-"),
        (r"/machine.slice/machine-qemu\x2d3\x2dwin11.scope/libvirt/emulator", "-", "qemu:win11"),
        (r"/machine.slice/machine-lxc\x2d7\x2dold.scope", "-", "lxc:old"),
        // A container in a container: the innermost is where the process is.
        ("/docker/ID/kubelet.slice/kubelet-kubepods.slice/cri-containerd-ID.scope", "-", "containerd:ID"),
        // Almost.
        ("/docker/1234", "-", "-"),
        ("/system.slice/docker-1234.scope", "docker-1234.scope", "-"),
        ("/machine.slice/machine-.scope", "machine-.scope", "-"),
    ] {
        let (unit, container) = (unit.replace("ID", ID), container.to_owned());
        assert_eq!(says(path), (unit, container), "{path}");
    }
}

#[test]
fn a_package_is_named_by_its_control_group() {
    let package = |path: &str| place(path).package;
    let user = "/user.slice/user-1000.slice/user@1000.service/app.slice";
    for (name, id) in [
        ("app-flatpak-org.mozilla.firefox-3021.scope", Some("org.mozilla.firefox")),
        (r"app-flatpak-com.my\x2dapp.Main-77.scope", Some("com.my-app.Main")),
        ("snap.firefox.firefox-2f7b6bb0-8f4c-4b8e-9a53-0d9c4d1f5d36.scope", Some("firefox")),
        ("snap.spotify.spotify.1f6d2d0e.scope", Some("spotify")),
        (r"snap.my\x2dtool.run-2f7b.scope", Some("my-tool")),
        ("snap.lxd.daemon.service", Some("lxd")),
        ("app-gnome-firefox-3021.scope", None),
        ("app-flatpak-.scope", None),
        ("app-flatpak--1.scope", None),
        ("snap..x.service", None),
        ("snapd.service", None),
    ] {
        assert_eq!(package(&format!("{user}/{name}")).as_deref(), id, "{name}");
    }
}

#[test]
fn what_a_desktop_started_is_told_from_services_and_sessions() {
    let manager = "/user.slice/user-1000.slice/user@1000.service";
    for (path, in_session, from_desktop) in [
        (format!("{manager}/app.slice/app-gnome-firefox-3021.scope"), true, true),
        (format!("{manager}/app.slice/app-org.kde.kate@0d1f9a.service"), true, true),
        (format!("{manager}/app.slice/app-flatpak-org.x.Y-7.scope"), true, true),
        (format!("{manager}/app.slice/snap.firefox.firefox-2f7b.scope"), true, true),
        (format!("{manager}/app.slice/syncthing.service"), true, false),
        (format!("{manager}/app.slice/app-org.gnome.Terminal.slice/vte-spawn-6f1c2d.scope"), true, false),
        (format!("{manager}/session.slice/org.gnome.Shell@wayland.service"), true, false),
        ("/user.slice/user-1000.slice/session-2.scope".into(), true, false),
        ("/system.slice/nginx.service".into(), false, false),
        ("/system.slice/app-x@1.service".into(), false, false),
        ("/snap.firefox.firefox-2f7b.scope".into(), false, false),
        ("/".into(), false, false),
    ] {
        let place = place(&path);
        assert_eq!((place.in_session, place.from_desktop), (in_session, from_desktop), "{path}");
    }
}

#[test]
fn of_several_hierarchies_the_most_telling_is_taken() {
    // Version 2 alone.
    assert_eq!(most_telling("0::/system.slice/ssh.service\n"), Some("/system.slice/ssh.service"));
    // Both versions under systemd.
    let hybrid = "12:pids:/user.slice/user-0.slice/session-1.scope\n1:name=systemd:/user.slice/user-0.slice/session-1.scope\n0::/system.slice/a:b.service\n";
    assert_eq!(most_telling(hybrid), Some("/system.slice/a:b.service"));
    // Docker with version 1 beside an unused version 2.
    let docker =
        format!("4:memory:/docker/{ID}\n1:name=systemd:/docker/{ID}\n0::/system.slice/containerd.service\n");
    assert_eq!(most_telling(&docker), Some(format!("/docker/{ID}").as_str()));
    assert_eq!(
        most_telling("3:cpu,cpuacct:/\n1:name=systemd:/system.slice/x.service\n0::/\n"),
        Some("/system.slice/x.service")
    );
    assert_eq!(most_telling("0::/\n"), Some("/"));
    assert_eq!(most_telling(""), None);
    assert_eq!(most_telling("nonsense\n1:2"), None);
}

proptest! {
    #[test]
    fn any_text_is_harmless(text in any::<String>()) {
        let _ = (place(&text), most_telling(&text));
    }

    #[test]
    fn what_looks_like_a_path_is_harmless_and_is_named_from_it(
        path in r"(/|docker|docker-|libpod-|[0-9a-f]{64}|lxc|lxc\.payload\.|machine-|qemu|user@1\.service|\.scope|\.service|\.slice|snap\.|app-flatpak-|:|-|\\x2d|\\x|\\|ä|pod|kubepods|[0-9]{1,3}| \(deleted\)){0,14}",
    ) {
        let place = place(&path);
        if let Some(unit) = place.unit {
            prop_assert!(path.contains(&unit) && !unit.contains('/'));
        }
        if let Some(container) = place.container {
            prop_assert!(!container.id.is_empty() && !container.id.contains('/'));
        }
        prop_assert!(place.package.is_none_or(|package| !package.is_empty()));
    }
}
