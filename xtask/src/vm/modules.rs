//! Which of a kernel's modules the guest loads, and in which order.

use std::collections::HashSet;

/// What the cases use. One that a kernel does not have, or has built in, is left out: the cases look for themselves.
pub(super) const WANTED: &[&str] = &[
    // Networks of the tests' own.
    "veth",
    "dummy",
    "tun",
    "vxlan",
    "bridge",
    // The kernel's lists of sockets.
    "inet_diag",
    "tcp_diag",
    "udp_diag",
    "raw_diag",
    "unix_diag",
    "af_packet_diag",
    // Transports beside TCP and UDP.
    "sctp",
    "dccp",
    "dccp_ipv4",
    // TLS in the kernel, and its cipher.
    "tls",
    "gcm",
    "ctr",
    "ghash_generic",
];

/// The files of the modules called `wanted` and of all that they need, in the order in which they can be loaded.
/// `dependencies` is `modules.dep`: `FILE: FILE…`, each with what it needs itself.
pub(super) fn in_order<'a>(dependencies: &'a str, wanted: &[&str]) -> Vec<&'a str> {
    let lines: Vec<(&str, &str)> = dependencies.lines().filter_map(|line| line.split_once(':')).collect();
    let mut ordered = Vec::new();
    let mut met = HashSet::new();
    for name in wanted {
        if let Some((file, _)) = lines.iter().find(|(file, _)| is_called(file, name)) {
            visit(file, &lines, &mut met, &mut ordered);
        }
    }
    ordered
}

fn visit<'a>(
    file: &'a str,
    lines: &[(&'a str, &'a str)],
    met: &mut HashSet<&'a str>,
    ordered: &mut Vec<&'a str>,
) {
    if !met.insert(file) {
        return;
    }
    let needs = lines.iter().find(|(other, _)| *other == file).map_or("", |(_, needs)| needs);
    for need in needs.split_whitespace() {
        visit(need, lines, met, ordered);
    }
    ordered.push(file);
}

/// A module's name has underscores where its file's may have hyphens, and its file may be packed.
fn is_called(file: &str, name: &str) -> bool {
    let file = file.rsplit('/').next().unwrap_or(file);
    file.split('.').next().unwrap_or(file).replace('-', "_") == name
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPENDENCIES: &str = "kernel/net/sctp/sctp.ko: kernel/lib/libcrc32c.ko kernel/net/udp_tunnel.ko\n\
                                kernel/lib/libcrc32c.ko:\n\
                                kernel/net/udp_tunnel.ko: kernel/lib/libcrc32c.ko\n\
                                kernel/crypto/ghash-generic.ko:\n\
                                kernel/drivers/net/veth.ko.xz:\n";

    #[test]
    fn what_is_needed_comes_first_and_once() {
        assert_eq!(
            in_order(DEPENDENCIES, &["sctp", "libcrc32c"]),
            ["kernel/lib/libcrc32c.ko", "kernel/net/udp_tunnel.ko", "kernel/net/sctp/sctp.ko"]
        );
    }

    #[test]
    fn a_module_is_found_by_its_name() {
        assert_eq!(
            in_order(DEPENDENCIES, &["ghash_generic", "veth"]),
            ["kernel/crypto/ghash-generic.ko", "kernel/drivers/net/veth.ko.xz"]
        );
    }

    #[test]
    fn what_a_kernel_does_not_have_is_left_out() {
        assert_eq!(in_order(DEPENDENCIES, &["dccp", "th"]), Vec::<&str>::new());
    }
}
