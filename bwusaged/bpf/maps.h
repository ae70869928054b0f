/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The tables. Sizes marked "set by the loader" are only there to make the object complete. */
#ifndef BWUSAGE_MAPS_H
#define BWUSAGE_MAPS_H

/* Possible processors; set by the loader. */
const volatile __u32 cfg_cpus = 1;
/* bpf_skc_to_mptcp_sock() exists since 5.19; dead code is not verified. */
const volatile __u32 cfg_mptcp = 1;
/* The daemon's network namespace: SO_NETNS_COOKIE. Interface numbers mean something there only. */
const volatile __u64 cfg_home = 0;
/* Light mode: see light.h. */
const volatile __u32 cfg_light = 0;
/* Interfaces have smaller numbers than this, or no ledger. */
const volatile __u32 cfg_interfaces = 1;

/* A socket that nobody has used since accept() made it. On a listener: what its children inherit. */
#define SOCKET_UNCLAIMED 1u
/* The other side began it; meaningful once the scope is known. */
#define SOCKET_INBOUND 2u
/* It is older than we are: nobody knows who began it. */
#define SOCKET_SEEDED 4u
/* Whether the socket is in the daemon's network namespace is known, and it is. */
#define SOCKET_PLACED 8u
#define SOCKET_HOME 16u
/* `copied` is known. */
#define SOCKET_COPIED 32u
/* Light mode: it connects; its packets have no payload yet, and more options than those to come. */
#define SOCKET_OPENING 64u
/* Light mode: accept() will return it, and the kernel has not counted its handshake. */
#define SOCKET_CHILD 128u
/* Bits 8 and 9: scope of the last packet, plus one; 0 while there was none. */
#define SOCKET_SCOPE_SHIFT 8
#define SOCKET_SCOPE_MASK (3u << SOCKET_SCOPE_SHIFT)
/* Light mode: a connection of the kernel's that carries an MPTCP socket. */
#define SOCKET_SUBFLOW 1024u
/* Light mode: it may have been closed by a reset. */
#define SOCKET_RESET 2048u
/* It is being destroyed; light mode. */
#define SOCKET_GONE 4096u

/*
 * Light mode: how far the socket's own counters have been added to an owner's. Of datagrams: the wire length of the last one
 * received, and how many were dropped.
 */
struct folded {
	__u64 sent, received;
	__u32 segments_sent, segments_received;
	/* CLOCK_MONOTONIC. */
	__u64 at_ns;
};

/* What we know about a socket. Lives and dies with it. */
struct socket_state {
	/* generation << 32 | slot: one word, so that it is never read half-written. */
	__u64 owner;
	/* Who that is, to be compared without a look-up: who(). */
	__u64 who;
	__u32 flags;
	/* Of the last packet; 0 outside the daemon's network namespace. */
	__u32 interface;
	/* What it moved for its present owner to and from its peer. */
	__u64 rx_bytes, tx_bytes;
	union {
		/* Packets of an unclaimed socket, all of one scope. */
		struct {
			__u64 early_rx_bytes, early_tx_bytes, early_rx_packets, early_tx_packets;
		};
		struct folded folded;
	};
	/* CLOCK_MONOTONIC. */
	__u64 opened_ns;
	/* Up to which sequence number what TCP received has been counted as payload. */
	__u32 copied;
	/* The stranger below is being replaced. */
	__u32 busy;
	/* The listing that it was written in last: see list_sockets(). */
	__u64 listed;
	/* Of a socket without a peer of its own: whom the last packet was exchanged with. Its owner is not filled in. */
	struct remote stranger;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	/* BPF_F_CLONE: what accept() returns starts with the listener's state. */
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct socket_state);
} sockets SEC(".maps");

/*
 * slot * cfg_cpus + processor. A plain array that the daemon maps into its memory instead of a per-CPU one: reading it
 * costs no system call, and the look-up is inlined just the same. Size set by the loader.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

/* By slot; size set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

/* Slots to be given out. A stack, so that few slots are in use at a time; filled by the daemon, size set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1);
	__uint(key_size, 0);
	__uint(value_size, sizeof(__u32));
} free_slots SEC(".maps");

/* Process to owner word; size set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u64);
} processes SEC(".maps");

/* By slot; size set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct identity);
} identities SEC(".maps");

/* What a new identity starts as. It is filled in place: a per-CPU scratch could be overwritten by a task that preempts. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct identity);
} blank SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LOSSES);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

/* interface number * cfg_cpus + processor; size set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct interface);
} interfaces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct passage);
	__type(value, struct passed);
} passages SEC(".maps");

/* Closed sockets and those without a peer; the daemon takes out what is old. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct remote);
	__type(value, struct remote_total);
} remotes SEC(".maps");

/* DNS answers since the last tick. What finds no room is not missed: a name is a comfort. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 131072);
} dns SEC(".maps");

/* Written by light mode's walk, and read by its other programs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct light);
} light SEC(".maps");

/* The number of the listing that is being made; counted up by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} listing SEC(".maps");

/* Of each MPTCP socket that a process has used, by its address: whom its subflows belong to. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} mptcp_owners SEC(".maps");

static __always_inline void lose(__u32 what)
{
	__u64 *count = bpf_map_lookup_elem(&losses, &what);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/* The entry of an interface of the daemon's network namespace, on this processor. */
static __always_inline struct interface *interface_entry(__u32 number)
{
	__u32 index;

	if (number >= cfg_interfaces)
		return 0;
	index = number * cfg_cpus + bpf_get_smp_processor_id();
	return bpf_map_lookup_elem(&interfaces, &index);
}

#define owner_slot(owner) ((__u32)(owner))
#define owner_generation(owner) ((__u32)((owner) >> 32))

/* The counters of `owner` on this processor; those of SLOT_STALE when its slot was given to another process. */
static __always_inline struct counters *counters_of(__u64 owner)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u32 index = owner_slot(owner) * cfg_cpus + cpu;
	struct counters *c = bpf_map_lookup_elem(&counters, &index);

	if (c && c->generation != owner_generation(owner)) {
		index = SLOT_STALE * cfg_cpus + cpu;
		c = bpf_map_lookup_elem(&counters, &index);
	}
	return c;
}

#endif
