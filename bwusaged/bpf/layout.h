/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the kernel side and the daemon share. The daemon's mirror is src/engine/linux/layout.rs; both sides assert the
 * same sizes, so that neither can drift.
 */
#ifndef BWUSAGE_LAYOUT_H
#define BWUSAGE_LAYOUT_H

/* How far a packet travels, in the order of bwusage_proto::units::Scope. */
enum scope {
	SCOPE_LOOPBACK,
	SCOPE_LAN,
	SCOPE_INTERNET,
	SCOPES,
};

struct traffic {
	__u64 wire_rx_bytes, wire_tx_bytes, wire_rx_packets, wire_tx_packets;
	__u64 payload_rx_bytes, payload_tx_bytes;
};

/*
 * The counters of one slot on one processor: three cache lines, so that two slots never share one. A processor writes
 * only its own; the daemon adds them up.
 */
struct counters {
	/* Must equal the generation in the socket's owner word, else the slot was given to another process. */
	__u32 generation;
	__u32 pad;
	struct traffic scopes[SCOPES];
	__u64 reserved[5];
};

/*
 * Slots below FIRST_SLOT belong to nobody. 0 is "no owner"; the others are residuals, in the order of
 * bwusage_proto::snapshot::ResidualReason.
 */
enum {
	SLOT_NONE,
	SLOT_KERNEL_TCP,
	SLOT_KERNEL_UDP,
	SLOT_KERNEL_ICMP,
	SLOT_KERNEL_OTHER,
	SLOT_TABLE_FULL,
	SLOT_STALE,
	FIRST_SLOT = 8,
};

#define SLOT_USED 1u
#define SLOT_ENDED 2u

/* Which process has a slot. In entry SLOT_NONE, `process` is the highest slot that was ever used. */
struct slot {
	__u64 process;
	__u32 generation;
	__u32 flags;
	/* Odd while the identity is being written; grows with each exec. */
	__u32 identity_version;
	__u32 pad[3];
};

#define COMM_BYTES 16
#define EXE_BYTES 512
#define COMPONENT_BYTES 128
#define ARGS_BYTES 256

#define IDENTITY_EXE_CUT 1u
#define IDENTITY_ARGS_CUT 2u

/* What a process is, written when it first uses the network and again at each exec. */
struct identity {
	__u64 cgroup;
	__u32 parent, uid;
	__u32 netns;
	__u32 flags;
	__u16 exe_at, args_len;
	__u32 pad;
	char comm[COMM_BYTES];
	/* The path ends at the last byte and begins at exe_at. */
	char exe[EXE_BYTES];
	/* Room for a component that is copied before its length is known to fit. */
	char guard[COMPONENT_BYTES];
	/* NUL separated. */
	char args[ARGS_BYTES];
};

/* What the sockets on one interface were charged with, and the frames that passed it; on one processor. */
struct interface {
	/* IP bytes, as in struct counters: of processes, of the kernel, lost. */
	__u64 processes_rx, processes_tx, kernel_rx, kernel_tx, lost_rx, lost_tx;
	/* Part of them: the headers of segments that were not cut yet, or joined already. */
	__u64 charged_segmentation_rx, charged_segmentation_tx;
	/* Bytes between stack and driver, link headers included. */
	__u64 frames_rx, frames_tx;
	/* Part of the frames. */
	__u64 non_ip_rx, non_ip_tx, link_headers_rx, link_headers_tx;
	/* Not part of the frames: headers that the driver adds when it cuts them, or removed when it joined them. */
	__u64 frame_segmentation_rx, frame_segmentation_tx;
	/* Part of the frames: IP bytes that packet sockets sent. */
	__u64 packet_sockets_tx;
	/* Packets in the frames, with the segments of super-packets as packets of their own. */
	__u64 packets_rx, packets_tx;
	__u64 reserved[5];
};

/* What was passed on from one interface to another: IP bytes. */
struct passage {
	__u32 from, to;
};
struct passed {
	__u64 bytes, packets;
};

/* One service of one remote host, as one process uses it. */
struct remote {
	__u64 owner;
	/* IPv4 as ::ffff:a.b.c.d; all zero for frames that were sent past IP. As in the packet. */
	__u32 address[4];
	/* 0 in other network namespaces. */
	__u32 interface;
	__u16 port;
	__u8 protocol, flags;
};
#define REMOTE_INBOUND 1
struct remote_total {
	__u64 rx_bytes, tx_bytes;
	/* Sockets that were closed. */
	__u64 connections;
	/* CLOCK_MONOTONIC. */
	__u64 last_ns;
};

/* One open socket, as it is listed. */
struct socket_record {
	__u64 owner, rx_bytes, tx_bytes, opened_ns;
	__u32 local[4], remote[4];
	__u32 interface, flags;
	/* Host order. */
	__u16 local_port, remote_port;
	__u16 protocol;
	__u8 state, pad;
};

#define DNS_BYTES 1232
/* A DNS message that came by UDP. */
struct dns_record {
	__u32 length, pad;
	__u8 bytes[DNS_BYTES];
};

/* Light mode: what the daemon and the programs tell each other. */
struct light {
	/* How many sockets the walk has met; the daemon begins at 0 each time. */
	__u64 sockets;
	/* Whether sockets fold themselves when they are used, because the walk has become rare. */
	__u64 fold_when_used;
	/* Whether light_drop runs. */
	__u64 sees_drops;
};

/* Updates that could not be made, in the order of engine::linux::layout::LOSSES. */
enum loss {
	LOSS_SLOT,
	LOSS_SOCKET_STORAGE,
	LOSS_IDENTITY,
	LOSSES,
};

_Static_assert(sizeof(struct traffic) == 48, "mirrored in layout.rs");
_Static_assert(sizeof(struct counters) == 192, "mirrored in layout.rs");
_Static_assert(sizeof(struct slot) == 32, "mirrored in layout.rs");
_Static_assert(sizeof(struct identity) == 944, "mirrored in layout.rs");
_Static_assert(sizeof(struct interface) == 192, "mirrored in layout.rs");
_Static_assert(sizeof(struct remote) == 32, "mirrored in layout.rs");
_Static_assert(sizeof(struct remote_total) == 32, "mirrored in layout.rs");
_Static_assert(sizeof(struct socket_record) == 80, "mirrored in layout.rs");
_Static_assert(sizeof(struct light) == 24, "mirrored in layout.rs");
_Static_assert(sizeof(struct dns_record) == 1240, "mirrored in layout.rs");

#endif
