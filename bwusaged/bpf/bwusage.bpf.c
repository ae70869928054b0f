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
#include "numbers.h"
#include "core.h"
#include "layout.h"
#include "maps.h"
#include "process.h"
#include "packet.h"
#include "remotes.h"
#include "closing.h"
#include "device.h"
#include "dns.h"

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
	/* The compiler knows what the verifier of Linux 6.1 does not, and would leave the question out. */
	barrier_var(scope);
	if (scope >= SCOPES)
		return 0;
	t = &c->scopes[scope];
	__sync_fetch_and_add(&t->wire_rx_bytes, __sync_lock_test_and_set(&state->early_rx_bytes, 0));
	__sync_fetch_and_add(&t->wire_tx_bytes, __sync_lock_test_and_set(&state->early_tx_bytes, 0));
	__sync_fetch_and_add(&t->wire_rx_packets, __sync_lock_test_and_set(&state->early_rx_packets, 0));
	__sync_fetch_and_add(&t->wire_tx_packets, __sync_lock_test_and_set(&state->early_tx_packets, 0));
	return 0;
}

/*
 * From now on the socket is `task`'s. `who` is taken away first and set last: a reader that finds its own `who` between
 * two equal readings of `owner` knows that the owner is itself.
 */
static __always_inline void hand_over(struct socket_state *state, struct task_struct *task, __u64 owner)
{
	*(volatile __u64 *)&state->who = 0;
	*(volatile __u64 *)&state->owner = owner;
	/* Without a slot it is asked for again the next time. */
	if (owner_slot(owner) >= FIRST_SLOT)
		*(volatile __u64 *)&state->who = who(task);
}

static __noinline __u64 claim(struct socket_state *state, struct sock *sk, struct task_struct *task)
{
	__u64 owner, before;
	int unclaimed;

	if (!state || !sk || !task)
		return 0;
	owner = owner_of(task, 1);
	before = state->owner;
	unclaimed = state->flags & SOCKET_UNCLAIMED && BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN;
	if (before && before != owner && !unclaimed)
		itemise(sk, state, before, 0);
	place(state, sk);
	hand_over(state, task, owner);
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

/* What we know about `sk`, from now on. */
static __always_inline struct socket_state *state_of(struct sock *sk)
{
	struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);

	if (!state)
		lose(LOSS_SOCKET_STORAGE);
	return state;
}

/* Whether the socket is `task`'s already. */
static __always_inline int belongs_to(struct socket_state *state, struct sock *sk, struct task_struct *task, __u64 *owner)
{
	*owner = *(volatile __u64 *)&state->owner;
	return *(volatile __u64 *)&state->who == who(task) && *(volatile __u64 *)&state->owner == *owner &&
	       (!(state->flags & SOCKET_UNCLAIMED) || sk->__sk_common.skc_state == TCP_LISTEN);
}

/* The current process uses `sk`. Returns the socket's state, or 0 when nobody is to be charged. */
static __always_inline struct socket_state *use(struct sock *sk, __u64 *owner)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct socket_state *state;

	if (!is_ours(sk) || task->flags & PF_KTHREAD)
		return 0;
	state = state_of(sk);
	if (state && !belongs_to(state, sk, task, owner))
		*owner = claim(state, sk, task);
	return state;
}

static __always_inline void add_payload(struct sock *sk, struct socket_state *state, __u64 owner, __s64 bytes, int rx)
{
	struct counters *c = counters_of(owner);
	__u32 scope;

	if (!c)
		return;
	scope = (state->flags & SOCKET_SCOPE_MASK) >> SOCKET_SCOPE_SHIFT;
	scope = scope ? scope - 1 : scope_of_socket(sk);
	/* As in flush_unclaimed(). */
	barrier_var(scope);
	if (scope >= SCOPES)
		return;
	if (rx)
		__sync_fetch_and_add(&c->scopes[scope].payload_rx_bytes, bytes);
	else
		__sync_fetch_and_add(&c->scopes[scope].payload_tx_bytes, bytes);
}

/* The end of the stream has a sequence number too, and TLS in the kernel reads more than it hands on. */
static __noinline int correct_copied(struct sock *sk, __s64 *bytes, __s64 said)
{
	struct tcp_sock *tcp;

	if (!sk || !bytes)
		return 0;
	tcp = tcp_of(sk);
	if (!tcp)
		return 0;
	if (tcp->inet_conn.icsk_ulp_ops)
		*bytes = said;
	else if (sk->__sk_common.skc_flags & 1 << SOCK_DONE && tcp->copied_seq == tcp->rcv_nxt && *bytes > 0)
		*bytes -= 1;
	return 0;
}

/*
 * What was read from a TCP socket since the last time, by its sequence numbers: splice(2) and the kernel's own readers
 * report no length. Several threads may come out of order; the differences add up all the same. `said` is what the call
 * reported: it counts where the numbers say something else (MPTCP) or are not known yet.
 */
static __always_inline __s64 copied_since(struct sock *sk, struct socket_state *state, __s64 said)
{
	struct tcp_sock *tcp = tcp_of(sk);
	__u32 now, before;
	__s64 bytes;

	if (!tcp)
		return said;
	now = tcp->copied_seq;
	before = __sync_lock_test_and_set(&state->copied, now);
	if (!(state->flags & SOCKET_COPIED)) {
		__sync_fetch_and_or(&state->flags, SOCKET_COPIED);
		return said;
	}
	bytes = (__s32)(now - before);
	if (bytes != said)
		correct_copied(sk, &bytes, said);
	return bytes;
}

/*
 * The stream begins: `copied` is its first sequence number. With TCP Fast Open something may have been read before the handshake
 * was complete, even by a call that has yet to report it.
 */
static __noinline int begin_copied(struct sock *sk, struct socket_state *state)
{
	struct tcp_sock *tcp;

	if (!sk || !state || state->flags & SOCKET_COPIED)
		return 0;
	tcp = tcp_of(sk);
	if (!tcp)
		return 0;
	state->copied = tcp->rcv_nxt - (__u32)tcp->bytes_received;
	__sync_fetch_and_or(&state->flags, SOCKET_COPIED);
	return 0;
}

/*
 * A packet socket hands frames to the device below IP, where no other hook of ours is, so its calls are counted as packets
 * too. What it receives are copies of what others are charged with. A frame goes no further than its link: the LAN.
 */
static __noinline int count_frame(struct sock *sk, int bytes)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct remote key = {};
	struct counters *c;
	struct traffic *t;

	if (!sk || bytes <= 0 || task->flags & PF_KTHREAD)
		return 0;
	key.owner = owner_of(task, 1);
	c = counters_of(key.owner);
	if (!c)
		return 0;
	t = &c->scopes[SCOPE_LAN];
	/* Headers of the link count nowhere. SOCK_DGRAM leaves them to the kernel. */
	if (sk->sk_type == SOCK_RAW && bytes > ETHERNET_HEADER)
		bytes -= ETHERNET_HEADER;
	__sync_fetch_and_add(&t->payload_tx_bytes, bytes);
	__sync_fetch_and_add(&t->wire_tx_bytes, bytes);
	__sync_fetch_and_add(&t->wire_tx_packets, 1);
	return add_remote(&key, 0, bytes, 0);
}

/* Both since Linux 6.3. They run after the call, with its result. */
SEC("tp_btf/sock_send_length")
int BPF_PROG(on_send, struct sock *sk, int bytes)
{
	struct socket_state *state;
	__u64 owner;

	if (!sk)
		return 0;
	if (sk->__sk_common.skc_family == AF_PACKET)
		return count_frame(sk, bytes);
	state = use(sk, &owner);
	/* A failed call has a negative length. */
	if (state && bytes > 0)
		add_payload(sk, state, owner, bytes, 0);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_receive, struct sock *sk, int bytes, int flags)
{
	struct socket_state *state;
	__u64 owner;

	if (!sk)
		return 0;
	state = use(sk, &owner);
	/* What is peeked at is received again; the error queue gives back what was sent. A failed call has a negative length. */
	if (!state || bytes <= 0 || flags & (MSG_PEEK | MSG_ERRQUEUE))
		return 0;
	add_payload(sk, state, owner, copied_since(sk, state, bytes), 1);
	return 0;
}

#include "fentry.h"

/* connect() and listen() change the state in the caller's context: the first packet has an owner already. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, struct sock *sk, int before, int after)
{
	struct socket_state *state;
	__u64 owner;

	if (after == TCP_SYN_SENT) {
		state = use(sk, &owner);
		/* Of the connection before. */
		if (state)
			__sync_fetch_and_and(&state->flags, ~SOCKET_COPIED);
	} else if (after == TCP_LISTEN) {
		state = use(sk, &owner);
		if (state)
			__sync_fetch_and_or(&state->flags, SOCKET_UNCLAIMED);
	} else if (before == TCP_LISTEN && after == TCP_SYN_RECV) {
		/* A child just cloned, with what the listener's handshakes moved. Those are the listener's. */
		state = bpf_sk_storage_get(&sockets, sk, 0, 0);
		if (state) {
			state->rx_bytes = 0;
			state->tx_bytes = 0;
			__sync_fetch_and_and(&state->flags, ~(SOCKET_SEEDED | SOCKET_COPIED));
		}
	} else if (before == TCP_LISTEN && after == TCP_CLOSE) {
		/* A child is cloned in state LISTEN too, but goes on to SYN_RECV and keeps the flag. */
		state = bpf_sk_storage_get(&sockets, sk, 0, 0);
		if (state)
			__sync_fetch_and_and(&state->flags, ~SOCKET_UNCLAIMED);
	} else if (after == TCP_CLOSE && before == TCP_FIN_WAIT2) {
		state = bpf_sk_storage_get(&sockets, sk, 0, 0);
		if (state)
			remember_closing(sk, state);
	} else if (after == TCP_ESTABLISHED) {
		/* What accept() will return begins now. */
		state = bpf_sk_storage_get(&sockets, sk, 0, 0);
		if (state) {
			begin_copied(sk, state);
			state->opened_ns = bpf_ktime_get_ns();
		}
	}
	return 0;
}

/* Closed before anybody used it: what it moved goes to the listener's owner. Also what a claim left behind in its race. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(on_destroy, struct sock *sk)
{
	struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, 0);

	__s64 payload;

	if (!state)
		return 0;
	if (state->early_rx_packets || state->early_tx_packets)
		flush_unclaimed(state, state->owner);
	payload = copied_since(sk, state, 0);
	if (payload)
		add_payload(sk, state, state->owner, payload, 1);
	itemise(sk, state, state->owner, 1);
	return 0;
}

/* close() of what is not TCP, which lives on until its last packet is acknowledged: on_destroy. */
SEC("cgroup/sock_release")
int on_release(struct bpf_sock *ctx)
{
	struct socket_state *state;

	if (ctx->protocol == IPPROTO_TCP && ctx->type == SOCK_STREAM)
		return 1;
	state = bpf_sk_storage_get(&sockets, ctx, 0, 0);
	if (state)
		itemise(plain(ctx), state, state->owner, 1);
	return 1;
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
	place(state, plain(sk));
	return 1;
}

/* ---- counting ----------------------------------------------------------------------------------------------------- */

/* A subflow has no owner; its MPTCP socket has. */
static __noinline struct socket_state *state_of_subflow(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct mptcp_sock *msk;

	if (!cfg_mptcp || !sk)
		return 0;
	sk = bpf_sk_fullsock(sk);
	/*
	 * Linux 6.1 asks a socket for its protocol only, and reads behind the end of a raw one that speaks TCP: a scanner's, or
	 * the kernel's own, which acknowledges for connections that are over. It follows a pointer that it finds there.
	 */
	if (!sk || sk->type != SOCK_STREAM)
		return 0;
	msk = bpf_skc_to_mptcp_sock(sk);
	return msk ? bpf_sk_storage_get(&sockets, msk, 0, 0) : 0;
}

/* The residual of a packet that no process has. */
static __noinline __u64 residual_of(struct __sk_buff *skb)
{
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

/*
 * A packet leaves a socket whose owner is not the current process. Whoever holds the lock of a socket with connections (TCP,
 * SCTP, DCCP) uses it now, and sends in its own name; without the lock it is an interrupt that happens to run here. So it is
 * where the handshake of a listener is answered, which needs no lock, whoever holds it. A datagram is always sent by its process.
 */
static __noinline __u64 take_over(struct __sk_buff *skb, struct socket_state *state, __u64 owner)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct sock *sk = plain(skb->sk);
	__u16 type;

	if (!sk || !state || task->flags & (PF_KTHREAD | PF_EXITING))
		return owner;
	type = BPF_CORE_READ(sk, sk_type);
	if (type != SOCK_DGRAM && type != SOCK_RAW &&
	    (!BPF_CORE_READ(sk, sk_lock.owned) || BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN))
		return owner;
	return claim(state, sk, task);
}

/* The ledger's side of a packet. */
static __always_inline void charge(struct __sk_buff *skb, struct packet *p, __u64 owner, int rx)
{
	struct interface *i = interface_entry(skb->ifindex);
	__u32 slot = owner_slot(owner);

	if (!i)
		return;
	if (slot >= FIRST_SLOT || !slot)
		__sync_fetch_and_add(rx ? &i->processes_rx : &i->processes_tx, p->bytes);
	else if (slot < SLOT_TABLE_FULL)
		__sync_fetch_and_add(rx ? &i->kernel_rx : &i->kernel_tx, p->bytes);
	else
		__sync_fetch_and_add(rx ? &i->lost_rx : &i->lost_tx, p->bytes);
	if (p->segmentation)
		__sync_fetch_and_add(rx ? &i->charged_segmentation_rx : &i->charged_segmentation_tx, p->segmentation);
}

/* What a socket remembers of its last packet. */
static __noinline int remember(struct __sk_buff *skb, struct socket_state *state, __u32 scope, int rx)
{
	struct sock *sk = plain(skb->sk);

	if (!state || !sk)
		return 0;
	place(state, sk);
	if (!(state->flags & SOCKET_SCOPE_MASK) && rx)
		__sync_fetch_and_or(&state->flags, SOCKET_INBOUND);
	__sync_fetch_and_and(&state->flags, ~SOCKET_SCOPE_MASK);
	__sync_fetch_and_or(&state->flags, scope);
	if (state->flags & SOCKET_HOME)
		state->interface = skb->ifindex;
	return 0;
}

static __always_inline void add_packet(struct __sk_buff *skb, int rx)
{
	struct bpf_sock *sk = skb->sk;
	struct socket_state *state = 0;
	struct counters *c;
	struct traffic *t;
	struct packet p;
	__u64 owner = 0;
	int home;

	measure(skb, rx, &p);
	if (sk)
		state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (!state)
		state = state_of_subflow(skb);
	if (state && state->owner && sk) {
		__u32 flags = state->flags, scope = (p.scope + 1) << SOCKET_SCOPE_SHIFT;

		if ((flags & SOCKET_SCOPE_MASK) != scope || (flags & SOCKET_HOME && state->interface != skb->ifindex))
			remember(skb, state, scope, rx);
		home = state->flags & SOCKET_HOME;
		owner = *(volatile __u64 *)&state->owner;
		if (!rx && *(volatile __u64 *)&state->who != who(bpf_get_current_task_btf()))
			owner = take_over(skb, state, owner);
		if (sk->dst_port)
			__sync_fetch_and_add(rx ? &state->rx_bytes : &state->tx_bytes, p.bytes);
		else if (is_same_stranger(skb, state, rx))
			__sync_fetch_and_add(rx ? &state->rx_bytes : &state->tx_bytes, p.bytes);
		else
			count_stranger(skb, state, owner, p.bytes, rx);
		if (state->flags & SOCKET_UNCLAIMED && sk->state != TCP_LISTEN) {
			__sync_fetch_and_add(rx ? &state->early_rx_bytes : &state->early_tx_bytes, p.bytes);
			__sync_fetch_and_add(rx ? &state->early_rx_packets : &state->early_tx_packets, p.packets);
			if (home)
				charge(skb, &p, SLOT_NONE, rx);
			return;
		}
	} else {
		owner = residual_of(skb);
		if (!rx && owner == SLOT_KERNEL_TCP)
			owner = owner_of_last_word(skb);
		home = sk && BPF_CORE_READ((struct sock *)plain(sk), __sk_common.skc_net.net, net_cookie) == cfg_home;
	}
	if (home)
		charge(skb, &p, owner, rx);
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
	overhear(skb);
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

/* ---- light mode --------------------------------------------------------------------------------------------------- */

#include "light.h"

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
	__sync_fetch_and_or(&state->flags, SOCKET_SEEDED);
	place(state, sk);
	/* Nobody knows when. */
	state->opened_ns = 0;
	copied_since(sk, state, 0);
	if (cfg_light)
		begin(sk, state);
	state->owner = owner_of(task, 0);
	return 0;
}
