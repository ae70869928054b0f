//! What must be there before anything is loaded, so that a refusal can be explained in a sentence.

use std::{fs, path::Path};

use aya::Btf;
use aya_obj::btf::BtfKind;

use crate::engine::EngineError;

/// Where the kernel describes its types.
const BTF: &str = "/sys/kernel/btf/vmlinux";

/// Loading and attaching needs exactly these, or `CAP_SYS_ADMIN` for all (measured on 6.1, 6.12, 6.18).
const NEEDED: [(u32, &str); 3] = [(39, "CAP_BPF"), (38, "CAP_PERFMON"), (12, "CAP_NET_ADMIN")];
const CAP_SYS_ADMIN: u32 = 21;

/// Refuses to go on when a privilege or the kernel's type information is missing.
pub(super) fn check() -> Result<(), EngineError> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let missing = missing_capabilities(&status);
    if !missing.is_empty() {
        return Err(EngineError::MissingCapability { missing: missing.join(", ") });
    }
    if !Path::new(BTF).exists() {
        return Err(EngineError::NoBtf { release: kernel_release(), path: BTF });
    }
    Ok(())
}

/// Refuses to go on when the kernel lacks one of `tracepoints`, each given with the release that brought it. Asked before
/// anything is loaded: an old kernel may refuse another program first, for a reason that explains nothing.
pub(super) fn check_tracepoints(
    btf: &Btf,
    tracepoints: impl IntoIterator<Item = (&'static str, &'static str)>,
) -> Result<(), EngineError> {
    // A BTF tracepoint is known by the type of its handlers.
    let exists = |name| btf.id_by_type_name_kind(&format!("btf_trace_{name}"), BtfKind::Typedef).is_ok();
    match tracepoints.into_iter().find(|&(name, _)| !exists(name)) {
        Some((hook, since)) => Err(EngineError::KernelTooOld { release: kernel_release(), hook, since }),
        None => Ok(()),
    }
}

/// Whether the kernel itself, not a module, has a function of this name.
pub(super) fn has_function(btf: &Btf, name: &str) -> bool {
    btf.id_by_type_name_kind(name, BtfKind::Func).is_ok()
}

/// Whether the kernel itself, not a module, has a structure of this name.
fn has_struct(btf: &Btf, name: &str) -> bool {
    btf.id_by_type_name_kind(name, BtfKind::Struct).is_ok()
}

/// What the programs can tell about MPTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mptcp {
    /// The kernel has none.
    None,
    /// Which socket its packets belong to.
    Seen,
    /// Nothing.
    Unseen,
}

/// Asks the kernel's types.
pub(super) fn mptcp(btf: &Btf) -> Mptcp {
    let known = has_function(btf, "bpf_skc_to_mptcp_sock");
    match (has_struct(btf, "mptcp_sock"), known) {
        (false, _) => Mptcp::None,
        (true, true) => Mptcp::Seen,
        (true, false) => Mptcp::Unseen,
    }
}

/// The release of the running kernel.
pub(super) fn kernel_release() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_or_else(|_| "unknown".into(), |text| text.trim().into())
}

/// Which of [`NEEDED`] the line `CapEff` of `/proc/self/status` lacks; none when there is no such line: then the kernel
/// itself will say.
fn missing_capabilities(status: &str) -> Vec<&'static str> {
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let Some(effective) = effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()) else {
        return Vec::new();
    };
    let has = |bit: u32| effective >> bit & 1 == 1;
    if has(CAP_SYS_ADMIN) {
        return Vec::new();
    }
    NEEDED.into_iter().filter(|&(bit, _)| !has(bit)).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_user_lacks_all_three() {
        assert_eq!(
            missing_capabilities("CapEff:\t0000000000000000\n"),
            ["CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN"]
        );
    }

    #[test]
    fn the_three_are_enough_and_so_is_the_old_one() {
        assert!(missing_capabilities("CapEff:\t000000c000001000\n").is_empty());
        assert!(missing_capabilities("CapEff:\t0000000000200000\n").is_empty());
        assert_eq!(missing_capabilities("CapEff:\t0000008000001000\n"), ["CAP_PERFMON"]);
    }

    #[test]
    fn where_nothing_can_be_told_nothing_is_missing() {
        assert!(missing_capabilities("").is_empty());
        assert!(missing_capabilities("CapEff:\tzz\n").is_empty());
    }
}
