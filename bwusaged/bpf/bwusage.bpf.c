// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Bytes per process, exactly.
 *
 * Two families of programs. Ownership runs in process context and answers "who uses this socket?"; the same hooks see
 * what the program itself sent and received (payload). Counting runs for each packet of each socket below the root of
 * cgroup v2 and adds what went over the wire to the owner's slot.
 *
 * A socket belongs to the process that used it last. A socket that accept() made belongs to nobody until somebody sends
 * or receives on it: a server that accepts in one process and serves in another would otherwise be counted in the first.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include "core.h"
#include "layout.h"
#include "maps.h"
#include "process.h"
#include "packet.h"

#define AF_INET 2
#define AF_INET6 10
#define AF_PACKET 17
#define SOCK_RAW 3
#define ETHERNET_HEADER 14
#define TCP_SYN_SENT 2
#define TCP_CLOSE 7
#define TCP_LISTEN 10
#define MSG_PEEK 2
#define MSG_ERRQUEUE 0x2000

/* bpf_sk_storage_get() and the other tracing helpers are for GPL-compatible programs. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* ---- ownership ---------------------------------------------------------------------------------------------------- */

/* Gives what arrived before anybody used the socket to `owner`. */
static __noinline int flush_unclaimed(struct socket_state *state, __u64 owner)
{
	struct counters *c;
	struct traffic *t;
	__u32 scope;

	if (!state)
		return 0;
	c = counters_of(owner);
	if (!c)
		return 0;
	scope = (state->flags & SOCKET_SCOPE_MASK) >> SOCKET_SCOPE_SHIFT;
	scope = scope ? scope - 1 : SCOPE_INTERNET;
	if (scope >= SCOPES)
		return 0;
	t = &c->scopes[scope];
	__sync_fetch_and_add(&t->wire_rx_bytes, __sync_lock_test_and_set(&state->rx_bytes, 0));
	__sync_fetch_and_add(&t->wire_tx_bytes, __sync_lock_test_and_set(&state->tx_bytes, 0));
	__sync_fetch_and_add(&t->wire_rx_packets, __sync_lock_test_and_set(&state->rx_packets, 0));
	__sync_fetch_and_add(&t->wire_tx_packets, __sync_lock_test_and_set(&state->tx_packets, 0));
	return 0;
}

/*
 * From now on the socket is `task`'s. `who` is taken away first and set last: a reader that finds its own `who` between
 * two equal readings of `owner` knows that the owner is itself.
 */
static __noinline __u64 claim(struct socket_state *state, struct sock *sk, struct task_struct *task)
{
	__u64 owner;
	int unclaimed;

	if (!state || !sk || !task)
		return 0;
	owner = owner_of(task, 1);
	unclaimed = state->flags & SOCKET_UNCLAIMED && sk->__sk_common.skc_state != TCP_LISTEN;
	*(volatile __u64 *)&state->who = 0;
	*(volatile __u64 *)&state->owner = owner;
	/* Without a slot it is asked for again the next time. */
	if (owner_slot(owner) >= FIRST_SLOT)
		*(volatile __u64 *)&state->who = who(task);
	if (unclaimed) {
		__sync_fetch_and_and(&state->flags, ~SOCKET_UNCLAIMED);
		flush_unclaimed(state, owner);
	}
	return owner;
}

/* An Internet socket that a program opened, not the kernel for itself (NFS, tunnels, the subflows of MPTCP). */
static __always_inline int is_ours(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	if (family != AF_INET && family != AF_INET6)
		return 0;
	return !BPF_CORE_READ_BITFIELD(sk, sk_kern_sock);
}

/* The current process uses `sk`. Returns the socket's state, or 0 when nobody is to be charged. */
static __always_inline struct socket_state *use(struct sock *sk, __u64 *owner)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct socket_state *state;
	__u64 before;

	if (!is_ours(sk) || task->flags & PF_KTHREAD)
		return 0;
	state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state) {
		lose(LOSS_SOCKET_STORAGE);
		return 0;
	}
	before = *(volatile __u64 *)&state->owner;
	if (*(volatile __u64 *)&state->who == who(task) && *(volatile __u64 *)&state->owner == before &&
	    (!(state->flags & SOCKET_UNCLAIMED) || sk->__sk_common.skc_state == TCP_LISTEN))
		*owner = before;
	else
		*owner = claim(state, sk, task);
	return state;
}

static __always_inline void count_payload(struct sock *sk, int bytes, int rx)
{
	struct socket_state *state;
	struct counters *c;
	__u64 owner;
	__u32 scope;

	if (!sk)
		return;
	state = use(sk, &owner);
	/* A failed call has a negative length, and one that found nothing has none. */
	if (!state || bytes <= 0)
		return;
	c = counters_of(owner);
	if (!c)
		return;
	scope = (state->flags & SOCKET_SCOPE_MASK) >> SOCKET_SCOPE_SHIFT;
	scope = scope ? scope - 1 : scope_of_socket(sk);
	if (scope >= SCOPES)
		return;
	if (rx)
		__sync_fetch_and_add(&c->scopes[scope].payload_rx_bytes, bytes);
	else
		__sync_fetch_and_add(&c->scopes[scope].payload_tx_bytes, bytes);
}

/*
 * A packet socket hands frames to the device below IP, where no other hook of ours is, so its calls are counted as packets
 * too. What it receives are copies of what others are charged with. A frame goes no further than its link: the LAN.
 */
static __noinline int count_frame(struct sock *sk, int bytes)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct counters *c;
	struct traffic *t;

	if (!sk || bytes <= 0 || task->flags & PF_KTHREAD)
		return 0;
	c = counters_of(owner_of(task, 1));
	if (!c)
		return 0;
	t = &c->scopes[SCOPE_LAN];
	/* Headers of the link count nowhere. SOCK_DGRAM leaves them to the kernel. */
	if (sk->sk_type == SOCK_RAW && bytes > ETHERNET_HEADER)
		bytes -= ETHERNET_HEADER;
	__sync_fetch_and_add(&t->payload_tx_bytes, bytes);
	__sync_fetch_and_add(&t->wire_tx_bytes, bytes);
	__sync_fetch_and_add(&t->wire_tx_packets, 1);
	return 0;
}

/* Both since Linux 6.3. They run after the call, with its result. */
SEC("tp_btf/sock_send_length")
int BPF_PROG(on_send, struct sock *sk, int bytes)
{
	if (sk && sk->__sk_common.skc_family == AF_PACKET)
		return count_frame(sk, bytes);
	count_payload(sk, bytes, 0);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_receive, struct sock *sk, int bytes, int flags)
{
	/* What is peeked at is received again; the error queue gives back what was sent. */
	count_payload(sk, flags & (MSG_PEEK | MSG_ERRQUEUE) ? 0 : bytes, 1);
	return 0;
}

/* connect() and listen() change the state in the caller's context: the first packet has an owner already. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, struct sock *sk, int before, int after)
{
	struct socket_state *state;
	__u64 owner;

	if (after == TCP_SYN_SENT) {
		use(sk, &owner);
	} else if (after == TCP_LISTEN) {
		state = use(sk, &owner);
		if (state)
			__sync_fetch_and_or(&state->flags, SOCKET_UNCLAIMED);
	} else if (before == TCP_LISTEN && after == TCP_CLOSE) {
		/* A child is cloned in state LISTEN too, but goes on to SYN_RECV and keeps the flag. */
		state = bpf_sk_storage_get(&sockets, sk, 0, 0);
		if (state)
			__sync_fetch_and_and(&state->flags, ~SOCKET_UNCLAIMED);
	}
	return 0;
}

/* Closed before anybody used it: what it moved goes to the listener's owner. Also what a claim left behind in its race. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(on_destroy, struct sock *sk)
{
	struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, 0);

	if (state && (state->rx_packets || state->tx_packets))
		flush_unclaimed(state, state->owner);
	return 0;
}

/* Not called for sockets of the kernel. */
SEC("cgroup/sock_create")
int on_create(struct bpf_sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct socket_state *state;

	if (task->flags & PF_KTHREAD)
		return 1;
	state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state) {
		lose(LOSS_SOCKET_STORAGE);
		return 1;
	}
	state->owner = owner_of(task, 1);
	if (owner_slot(state->owner) >= FIRST_SLOT)
		state->who = who(task);
	return 1;
}

/* ---- counting ----------------------------------------------------------------------------------------------------- */

/* Nobody's packet: a subflow's, whose MPTCP socket has the owner, or the kernel's own. */
static __noinline __u64 owner_otherwise(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (cfg_mptcp && sk) {
		struct mptcp_sock *msk = bpf_skc_to_mptcp_sock(sk);

		if (msk) {
			struct socket_state *state = bpf_sk_storage_get(&sockets, msk, 0, 0);

			if (state && state->owner)
				return state->owner;
		}
	}
	switch (protocol_of(skb)) {
	case IPPROTO_TCP:
		return SLOT_KERNEL_TCP;
	case IPPROTO_UDP:
		return SLOT_KERNEL_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return SLOT_KERNEL_ICMP;
	default:
		return SLOT_KERNEL_OTHER;
	}
}

static __always_inline void add_packet(struct __sk_buff *skb, int rx)
{
	struct bpf_sock *sk = skb->sk;
	struct socket_state *state = 0;
	struct counters *c;
	struct traffic *t;
	struct packet p;
	__u64 owner = 0;

	measure(skb, rx, &p);
	if (sk)
		state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (state) {
		__u32 flags = state->flags, scope = (p.scope + 1) << SOCKET_SCOPE_SHIFT;

		if ((flags & SOCKET_SCOPE_MASK) != scope) {
			__sync_fetch_and_and(&state->flags, ~SOCKET_SCOPE_MASK);
			__sync_fetch_and_or(&state->flags, scope);
		}
		if (flags & SOCKET_UNCLAIMED && sk->state != TCP_LISTEN) {
			__sync_fetch_and_add(rx ? &state->rx_bytes : &state->tx_bytes, p.bytes);
			__sync_fetch_and_add(rx ? &state->rx_packets : &state->tx_packets, p.packets);
			return;
		}
		owner = *(volatile __u64 *)&state->owner;
	}
	if (!owner)
		owner = owner_otherwise(skb);
	c = counters_of(owner);
	if (!c || p.scope >= SCOPES)
		return;
	t = &c->scopes[p.scope];
	if (rx) {
		__sync_fetch_and_add(&t->wire_rx_bytes, p.bytes);
		__sync_fetch_and_add(&t->wire_rx_packets, p.packets);
	} else {
		__sync_fetch_and_add(&t->wire_tx_bytes, p.bytes);
		__sync_fetch_and_add(&t->wire_tx_packets, p.packets);
	}
}

/* 1 lets the packet pass; anything else would drop it. */
SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff *skb)
{
	add_packet(skb, 1);
	return 1;
}

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb)
{
	add_packet(skb, 0);
	return 1;
}

/* ---- lifetime ----------------------------------------------------------------------------------------------------- */

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	__u64 process = process_of(task), *owner = bpf_map_lookup_elem(&processes, &process);

	if (owner)
		describe(owner_slot(*owner), task, 1);
	return 0;
}

/* Runs before the sockets are closed: bytes may follow. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	__u64 process, *owner;
	struct slot *slot;
	__u32 number;

	/* do_exit() has counted this thread off before the tracepoint. */
	if (task->signal->live.counter != 0)
		return 0;
	process = process_of(task);
	owner = bpf_map_lookup_elem(&processes, &process);
	if (!owner)
		return 0;
	number = owner_slot(*owner);
	slot = bpf_map_lookup_elem(&slots, &number);
	if (slot)
		__sync_fetch_and_or(&slot->flags, SLOT_ENDED);
	return 0;
}

/* ---- sockets that existed before us ------------------------------------------------------------------------------- */

SEC("iter/task_file")
int seed(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket_state *state;
	struct socket *socket;
	struct sock *sk;

	if (!task || !file || task->flags & PF_KTHREAD)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || !is_ours(sk))
		return 0;
	state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	/* The hooks are attached before: who has used it meanwhile knows better. */
	if (!state || state->owner)
		return 0;
	if (sk->__sk_common.skc_state == TCP_LISTEN)
		__sync_fetch_and_or(&state->flags, SOCKET_UNCLAIMED);
	state->owner = owner_of(task, 0);
	return 0;
}
