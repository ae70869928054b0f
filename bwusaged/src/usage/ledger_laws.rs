//! What is true of every ledger.

use bwusage_proto::{connection::Moved, ledger::Reason};
use proptest::prelude::*;

use super::{
    tests::{of, sent},
    *,
};
use crate::engine::InterfaceKind::{Device, KernelTunnel, Loopback, Namespace, Stacked, UserTunnel};

fn any_direction() -> impl Strategy<Value = DirectionSample> {
    proptest::array::uniform10(0_u64..1 << 44).prop_flat_map(|list| {
        let [
            processes,
            kernel,
            lost,
            charged_segmentation,
            frames,
            non_ip,
            forwarded,
            namespaces,
            link_headers,
            frame_segmentation,
        ] = list;
        (0_u64..1 << 44, 0_u64..1 << 40).prop_map(move |(packet_sockets, packets)| DirectionSample {
            processes,
            kernel,
            lost,
            charged_segmentation,
            frames,
            non_ip,
            forwarded,
            namespaces,
            link_headers,
            frame_segmentation,
            packet_sockets,
            packets,
        })
    })
}

prop_compose! {
    fn any_interface()(
        index in 1_u32..6,
        kind in proptest::sample::select(vec![Device, Loopback, KernelTunnel, UserTunnel, Stacked, Namespace]),
        rx in any_direction(),
        tx in any_direction(),
        counters in proptest::option::of((0_u64..1 << 48, 0_u64..1 << 48)),
        packets in proptest::option::of(proptest::array::uniform2(0_u64..1 << 40)),
        lower in proptest::option::of(1_u32..6),
        master in proptest::option::of(1_u32..6),
    ) -> InterfaceSample {
        let counters = counters.map(|(rx_bytes, tx_bytes)| Moved { rx_bytes, tx_bytes });
        InterfaceSample { index, name: format!("if{index}"), kind, rx, tx, counters, packets, lower, master }
    }
}

proptest! {
    #[test]
    fn whatever_is_measured_every_byte_has_a_name(
        ticks in proptest::collection::vec(proptest::collection::vec(any_interface(), 0..6), 1..6),
    ) {
        let mut books = Books::default();
        for tick in ticks {
            books.take(&tick);
            let summary = books.summary().unwrap_or_default();
            prop_assert_eq!((summary.rx.unnamed(), summary.tx.unnamed()), (0, 0));
            for side in books.interfaces().into_iter().flat_map(|interface| [interface.rx, interface.tx]) {
                prop_assert_eq!(side.unnamed(), 0);
                prop_assert!(side.lines.is_sorted_by(|a, b| a.reason < b.reason));
                let both = side.bytes(Reason::NoSocket) != 0
                    && (side.bytes(Reason::NotSent) != 0 || side.bytes(Reason::Copies) != 0);
                prop_assert!(!both, "{:?}", side);
            }
        }
    }

    #[test]
    fn nothing_that_can_be_said_makes_it_fail(list in proptest::array::uniform14(any::<u64>())) {
        let direction = DirectionSample {
            processes: list[0],
            kernel: list[1],
            lost: list[2],
            charged_segmentation: list[3],
            frames: list[4],
            non_ip: list[5],
            forwarded: list[6],
            namespaces: list[7],
            link_headers: list[8],
            frame_segmentation: list[9],
            packet_sockets: list[10],
            packets: list[12],
        };
        let books = of(&[InterfaceSample { packets: Some([0, list[13]]), ..sent(direction, list[11]) }]);
        prop_assert_eq!(books.summary().unwrap().tx.counter, list[11]);
    }
}
