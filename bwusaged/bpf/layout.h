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

#endif
