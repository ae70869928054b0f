//! What the path of a control group says about the processes in it: unit, container, packaged application.
//!
//! The names are a convention of systemd and of the container runtimes. Whoever may make control groups chooses them, so
//! they are names and prove nothing.

use bwusage_proto::process::Container;

/// Scopes and groups that hold one container: what stands before its id, and whose that is.
const CONTAINER_PREFIXES: [(&str, &str); 6] = [
    ("docker-", "docker"),
    ("libpod-payload-", "podman"),
    ("libpod-", "podman"),
    ("cri-containerd-", "containerd"),
    ("nerdctl-", "containerd"),
    ("crio-", "cri-o"),
];
/// Kinds of units that have processes.
const UNIT_SUFFIXES: [&str; 5] = [".service", ".scope", ".socket", ".mount", ".swap"];

/// What is known from a path. Each is `None` where the path does not say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The systemd unit, as `systemctl` takes it: the user's own one where there is one, a container's inside one.
    pub unit: Option<String>,
    /// The innermost container.
    pub container: Option<Container>,
    /// The flatpak or snap package.
    pub package: Option<String>,
    /// Whether it is in a user's session.
    pub in_session: bool,
    /// Whether a desktop started it as an application: it has a scope or a service for itself, called after it.
    pub from_desktop: bool,
}

/// Reads the path of a control group, of either version.
#[must_use]
pub fn place(path: &str) -> Place {
    let parts: Vec<&str> =
        path.trim_end_matches(" (deleted)").split('/').filter(|part| !part.is_empty()).collect();
    let container = (0..parts.len()).rev().find_map(|at| Some((at, container(&parts, at)?)));
    let unit = match container {
        // A container's own scope is no unit that says more than the container does.
        Some((at, _)) => unit(&parts[at + 1..]).or_else(|| unit(&parts[..at])),
        None => unit(&parts),
    };
    let in_session = parts.iter().any(|part| is_session(part));
    let from_desktop = in_session && unit.as_deref().is_some_and(is_of_desktop);
    Place {
        unit,
        container: container.map(|(_, container)| container),
        package: parts.iter().rev().find_map(|part| package(part)),
        in_session,
        from_desktop,
    }
}

/// The path that says most in `/proc/PID/cgroup`: a container's in whatever hierarchy, else that of version 2, else
/// systemd's own, else any.
#[must_use]
pub fn most_telling(proc_cgroup: &str) -> Option<&str> {
    let rank = |&(controllers, path): &(&str, &str)| match controllers {
        _ if place(path).container.is_some() => 0,
        _ if path == "/" => 4,
        "" => 1,
        "name=systemd" => 2,
        _ => 3,
    };
    let lines = proc_cgroup.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
    lines.min_by_key(rank).map(|(_, path)| path)
}

/// The first unit below the slices; in a user's service manager, that user's unit.
fn unit(parts: &[&str]) -> Option<String> {
    let is_unit =
        |part: &&str| UNIT_SUFFIXES.iter().any(|suffix| part.len() > suffix.len() && part.ends_with(suffix));
    let at = parts.iter().position(is_unit)?;
    let manages_user = parts[at].starts_with("user@") && parts[at].ends_with(".service");
    let users = parts[at + 1..].iter().find(|part| manages_user && is_unit(part) && **part != "init.scope");
    let name = users.unwrap_or(&parts[at]);
    // systemd puts an underscore before names that the kernel uses itself.
    Some(name.strip_prefix('_').unwrap_or(name).to_owned())
}

/// `user.slice` holds the sessions of all users.
fn is_session(part: &str) -> bool {
    part == "user.slice" || (part.starts_with("user@") && part.ends_with(".service"))
}

/// `app-LAUNCHER-ID-NUMBER.scope` and `app-LAUNCHER-ID@NUMBER.service`, as desktops name what they start; `snap.….scope`.
fn is_of_desktop(unit: &str) -> bool {
    if let Some(scope) = unit.strip_suffix(".scope") {
        return scope.starts_with("app-") || scope.starts_with("snap.");
    }
    unit.starts_with("app-") && unit.contains('@') && unit.ends_with(".service")
}

fn container(parts: &[&str], at: usize) -> Option<Container> {
    let part = parts[at];
    let above = |levels: usize| at.checked_sub(levels).map(|at| parts[at]);
    let by_id = |runtime: &str, id: &str| {
        is_id(id).then(|| Container { runtime: runtime.into(), id: id.into(), name: None })
    };
    let bare = part.strip_suffix(".scope").unwrap_or(part);
    let prefixed =
        CONTAINER_PREFIXES.iter().find_map(|(prefix, runtime)| by_id(runtime, bare.strip_prefix(prefix)?));
    // Where a runtime was told a systemd parent but makes the groups itself: `SLICE:PREFIX:ID`.
    let with_colons = || {
        let (parent, id) = part.rsplit_once(':')?;
        let prefix = parent.rsplit(':').next()?;
        let mut known = CONTAINER_PREFIXES.iter();
        by_id(known.find(|(known, _)| known.strip_suffix('-') == Some(prefix))?.1, id)
    };
    let below_runtime = || match above(1)? {
        "docker" => by_id("docker", part),
        "default" | "k8s.io" => by_id("containerd", part),
        pod if pod.starts_with("pod") && parts[..at].iter().any(|part| part.starts_with("kubepods")) => {
            by_id("kubernetes", part)
        }
        _ if above(2) == Some("ecs") => by_id("docker", part),
        _ => None,
    };
    let lxc = || {
        let name = match above(1) {
            Some("lxc" | "lxc.payload") => part,
            _ => part.strip_prefix("lxc.payload.").filter(|name| !name.is_empty())?,
        };
        Some(named("lxc", name))
    };
    prefixed
        .or_else(with_colons)
        .or_else(below_runtime)
        .or_else(lxc)
        .or_else(|| machine(part, parts.get(at + 1)))
}

/// What systemd-machined keeps: `machine-NAME.scope`, where libvirt's names are `qemu-NUMBER-NAME` and `lxc-NUMBER-NAME`;
/// and nspawn's own service, whose supervisor is outside the container.
fn machine(part: &str, next: Option<&&str>) -> Option<Container> {
    if let Some(name) = part.strip_prefix("systemd-nspawn@").and_then(|name| name.strip_suffix(".service")) {
        return (next != Some(&"supervisor")).then(|| named("nspawn", &unescape(name)));
    }
    let name = unescape(part.strip_prefix("machine-")?.strip_suffix(".scope")?);
    let libvirt = ["qemu", "lxc"].into_iter().find_map(|runtime| {
        let (number, name) = name.strip_prefix(runtime)?.strip_prefix('-')?.split_once('-')?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        (is_number && !name.is_empty()).then(|| named(runtime, name))
    });
    libvirt.or_else(|| (!name.is_empty()).then(|| named("nspawn", &name)))
}

fn named(runtime: &str, name: &str) -> Container {
    Container { runtime: runtime.into(), id: name.into(), name: Some(name.into()) }
}

fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `app-flatpak-ID-NUMBER.scope` is ID; `snap.NAME.APP….scope` and `snap.NAME.APP.service` are NAME.
fn package(part: &str) -> Option<String> {
    let bare = part.strip_suffix(".scope").or_else(|| part.strip_suffix(".service"))?;
    let name = match bare.strip_prefix("app-flatpak-") {
        Some(flatpak) => flatpak.rsplit_once('-')?.0,
        None => bare.strip_prefix("snap.")?.split_once('.')?.0,
    };
    (!name.is_empty()).then(|| unescape(name))
}

/// Undoes systemd's escapes: `\x2d` is `-`.
fn unescape(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.strip_prefix(b"x").and_then(|digits| digits.first_chunk::<2>());
        let escaped = digits
            .filter(|digits| *first == b'\\' && digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[3..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
