//! What an interface is: by itself, and by its ports.

use std::collections::HashMap;

use super::Link;
use crate::engine::InterfaceKind;

/// The kernel's name for bridges.
pub(super) const BRIDGE: &str = "bridge";

/// Whether an interface of this kind, by the kernel's name, is one of two that are each other's wire.
pub(super) fn is_paired(name: &str) -> bool {
    matches!(name, "veth" | "netkit")
}

/// What an interface is by itself. `name` is the kernel's name for its kind, empty for hardware; `elsewhere` says that what it
/// is linked to is in another network namespace.
pub(super) fn of(loopback: bool, name: &str, elsewhere: bool) -> InterfaceKind {
    if loopback {
        return InterfaceKind::Loopback;
    }
    match name {
        // tun and tap alike.
        "tun" => InterfaceKind::UserTunnel,
        "wireguard" | "vxlan" | "geneve" | "gre" | "gretap" | "ip6gre" | "ip6gretap" | "erspan"
        | "ip6erspan" | "ipip" | "sit" | "ip6tnl" | "vti" | "vti6" | "xfrm" | "bareudp" | "ovpn" | "gtp"
        | "amt" => InterfaceKind::KernelTunnel,
        // Another interface's packets pass an ifb to be shaped, and go on.
        BRIDGE | "vlan" | "bond" | "team" | "macvlan" | "macvtap" | "ipvlan" | "ipvtap" | "vrf" | "hsr"
        | "macsec" | "ifb" => InterfaceKind::Stacked,
        paired if is_paired(paired) && elsewhere => InterfaceKind::Namespace,
        _ => InterfaceKind::Device,
    }
}

/// A bridge with ports, all of which lead to other network namespaces, leads there itself: what is forwarded to it goes to
/// containers. The other bridges stay what they are.
pub(super) fn settle(links: &mut [Link]) {
    let mut outward = HashMap::new();
    for link in &*links {
        if let Some(master) = link.master {
            *outward.entry(master).or_insert(true) &= link.kind == InterfaceKind::Namespace;
        }
    }
    for bridge in links.iter_mut().filter(|link| link.bridge) {
        if outward.get(&bridge.index) == Some(&true) {
            bridge.kind = InterfaceKind::Namespace;
        }
    }
    // In a container nothing else leads out.
    if links.iter().all(|link| link.kind != InterfaceKind::Device) {
        for link in links.iter_mut().filter(|link| link.master.is_none() && !link.bridge) {
            if link.kind == InterfaceKind::Namespace {
                link.kind = InterfaceKind::Device;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::connection::Moved;

    use super::{InterfaceKind::*, *};

    #[test]
    fn the_kernels_name_decides() {
        let table = [
            (Device, "eth-hardware-has-no-kind dummy veth netkit"),
            (UserTunnel, "tun"),
            (
                KernelTunnel,
                "wireguard vxlan geneve gre gretap ip6gre ip6gretap erspan ip6erspan ipip sit ip6tnl",
            ),
            (KernelTunnel, "vti vti6 xfrm bareudp ovpn gtp amt"),
            (Stacked, "vlan bridge bond team macvlan macvtap ipvlan ipvtap vrf hsr macsec ifb"),
        ];
        for (kind, names) in table {
            for name in names.split(' ') {
                assert_eq!(of(false, name, false), kind, "{name}");
            }
        }
        assert_eq!(of(false, "", false), Device);
        assert_eq!(of(true, "", false), Loopback);
    }

    #[test]
    fn only_a_pair_leads_to_another_namespace() {
        for (name, kind) in
            [("veth", Namespace), ("netkit", Namespace), ("vlan", Stacked), ("wireguard", KernelTunnel)]
        {
            assert_eq!(of(false, name, true), kind, "{name}");
        }
    }

    fn link(index: u32, kind: InterfaceKind, master: Option<u32>) -> Link {
        let name = format!("i{index}");
        Link {
            index,
            name,
            kind,
            bridge: false,
            ethernet: true,
            moved: Moved::default(),
            packets: [0; 2],
            lower: None,
            master,
        }
    }

    fn bridge(index: u32) -> Link {
        Link { bridge: true, ..link(index, Stacked, None) }
    }

    /// What bridge 1 is with these ports, whichever side of them it is listed on.
    fn settled(ports: &[InterfaceKind]) -> InterfaceKind {
        let ports = ports.iter().zip(2..).map(|(&kind, index)| link(index, kind, Some(1)));
        let mut first: Vec<Link> = [bridge(1)].into_iter().chain(ports.clone()).collect();
        let mut last: Vec<Link> = ports.chain([bridge(1)]).collect();
        settle(&mut first);
        settle(&mut last);
        assert_eq!(first[0], last[last.len() - 1]);
        first[0].kind
    }

    #[test]
    fn a_bridge_to_containers_only_leads_to_containers() {
        assert_eq!(settled(&[Namespace]), Namespace);
        assert_eq!(settled(&[Namespace, Namespace]), Namespace);
    }

    #[test]
    fn in_a_container_its_veth_leads_out() {
        let mut links = [link(1, Loopback, None), link(2, Namespace, None)];
        settle(&mut links);
        assert_eq!(links[1].kind, Device);
        let mut links = [link(1, Device, None), link(2, Namespace, None)];
        settle(&mut links);
        assert_eq!(links[1].kind, Namespace);
    }

    #[test]
    fn a_bridge_with_another_port_is_stacked() {
        for other in [Device, UserTunnel, KernelTunnel, Stacked] {
            assert_eq!(settled(&[Namespace, other]), Stacked, "{other:?}");
            assert_eq!(settled(&[other, Namespace]), Stacked, "{other:?}");
        }
    }

    #[test]
    fn a_bridge_without_ports_is_stacked() {
        assert_eq!(settled(&[]), Stacked);
    }

    #[test]
    fn ports_of_another_bridge_or_of_no_bridge_change_nothing() {
        let mut links = [
            bridge(1),
            link(2, Device, Some(1)),
            bridge(3),
            link(4, Namespace, Some(3)),
            link(5, Stacked, None),
        ];
        settle(&mut links);
        assert_eq!(links.map(|link| link.kind), [Stacked, Device, Namespace, Namespace, Stacked]);
        let mut bond = [link(1, Stacked, None), link(2, Namespace, Some(1))];
        settle(&mut bond);
        assert_eq!(bond[0].kind, Stacked);
    }
}
