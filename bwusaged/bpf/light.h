/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Light mode: no program runs for a packet. TCP sockets count their own bytes and segments; what these counters grew by is
 * added ("folded") to the socket's owner when the owner changes, when the socket is closed, and at each tick by a walk over
 * all sockets. With the length of the headers that makes the bytes of the wire. Sockets of datagrams have no such counters:
 * each call is computed by itself (datagram.h).
 * fold.h says how.
 */
#ifndef BWUSAGE_LIGHT_H
#define BWUSAGE_LIGHT_H

/* So old may what a socket counted become before the socket folds it itself, once the walk has become rare. */
#define FOLD_WHEN_USED_NS 1000000000ULL

static __always_inline struct light *light_control(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&light, &zero);
}

#include "fold.h"
#include "datagram.h"

/* A socket that the kernel made for an MPTCP socket: what it moves is its owner's. */
static __always_inline int is_subflow(struct sock *sk)
{
	struct tcp_sock *tcp = tcp_of(sk);

	return tcp && bpf_core_field_exists(tcp->is_mptcp) && tcp->is_mptcp && BPF_CORE_READ_BITFIELD(sk, sk_kern_sock);
}

/* Whom a socket's bytes go to. */
static __noinline __u64 owner_to_fold(struct sock *sk, struct socket_state *state)
{
	__u64 msk = 0, *owner;

	if (!sk || !state)
		return 0;
	if (state->flags & SOCKET_SUBFLOW) {
		struct mptcp_subflow_context *subflow = BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_ulp_data);

		/* The comparison spares kernels without MPTCP an access that they cannot have. */
		if (bpf_core_field_exists(subflow->conn) && subflow)
			msk = (__u64)BPF_CORE_READ(subflow, conn);
		owner = msk ? bpf_map_lookup_elem(&mptcp_owners, &msk) : 0;
		if (owner) {
			state->owner = *owner;
			__sync_fetch_and_and(&state->flags, ~SOCKET_UNCLAIMED);
		}
	}
	return *(volatile __u64 *)&state->owner;
}

/* To the total of its remote host. Whom a socket without a peer talks to is not known here. */
static __noinline int light_itemise(struct sock *sk, struct socket_state *state, __u64 owner, __u64 connections)
{
	if (!sk || !state)
		return 0;
	if (BPF_CORE_READ(sk, __sk_common.skc_dport)) {
		itemise(sk, state, owner, connections);
	} else {
		state->rx_bytes = 0;
		state->tx_bytes = 0;
	}
	return 0;
}

/* claim() of light mode. What the call moved that has just ended, `sent` or `received`, is the new owner's already. */
static __noinline __u64 light_claim(struct sock *sk, struct socket_state *state, struct task_struct *task, __u64 sent,
				    __u64 received)
{
	__u64 owner, before, msk;
	int unclaimed;

	if (!state || !sk || !task)
		return 0;
	owner = owner_of(task, 1);
	before = state->owner;
	unclaimed = state->flags & SOCKET_UNCLAIMED && BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN;
	if (!before) {
		begin(sk, state);
	} else if (before != owner && !unclaimed) {
		fold(sk, state, before, sent, received);
		light_itemise(sk, state, before, 0);
	}
	place(state, sk);
	hand_over(state, task, owner);
	if (unclaimed)
		__sync_fetch_and_and(&state->flags, ~SOCKET_UNCLAIMED);
	if (sk->sk_protocol == IPPROTO_MPTCP) {
		msk = (__u64)plain(sk);
		bpf_map_update_elem(&mptcp_owners, &msk, &owner, BPF_ANY);
	}
	return owner;
}

/* use() of light mode. */
static __always_inline struct socket_state *light_use(struct sock *sk, __u64 *owner, __u64 sent, __u64 received)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct socket_state *state;

	if ((!is_ours(sk) && !is_subflow(sk)) || task->flags & PF_KTHREAD)
		return 0;
	state = state_of(sk);
	if (state && !belongs_to(state, sk, task, owner))
		*owner = light_claim(sk, state, task, sent, received);
	return state;
}

/* TCP, by itself or below MPTCP: its wire is counted by folding. */
static __always_inline int is_folded(struct sock *sk)
{
	return sk->sk_type == SOCK_STREAM && (sk->sk_protocol == IPPROTO_TCP || sk->sk_protocol == IPPROTO_MPTCP);
}

/* While the walk is rare. */
static __always_inline void fold_when_used(struct sock *sk, struct socket_state *state, __u64 owner)
{
	struct light *control = light_control();

	if (control && control->fold_when_used && bpf_ktime_get_ns() - state->folded.at_ns > FOLD_WHEN_USED_NS)
		fold(sk, state, owner, 0, 0);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(light_send, struct sock *sk, int bytes)
{
	struct socket_state *state;
	__u64 owner;

	if (!sk || bytes == -EAGAIN)
		return 0;
	if (sk->__sk_common.skc_family == AF_PACKET)
		return count_frame(sk, bytes);
	state = light_use(sk, &owner, bytes > 0 ? bytes : 0, 0);
	if (!state || bytes < 0)
		return 0;
	if (!is_folded(sk))
		return count_datagram(sk, state, owner, bytes, 0);
	if (bytes)
		add_payload(sk, state, owner, bytes, 0);
	fold_when_used(sk, state, owner);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(light_receive, struct sock *sk, int bytes, int flags)
{
	struct socket_state *state;
	__u64 owner;

	if (!sk || bytes == -EAGAIN)
		return 0;
	state = light_use(sk, &owner, 0, bytes > 0 ? bytes : 0);
	if (!state || bytes < 0 || flags & (MSG_PEEK | MSG_ERRQUEUE))
		return 0;
	if (!is_folded(sk))
		return count_datagram(sk, state, owner, bytes, 1);
	if (bytes)
		add_payload(sk, state, owner, copied_since(sk, state, bytes), 1);
	fold_when_used(sk, state, owner);
	return 0;
}

/* connect(): nothing is counted yet. */
static __always_inline void light_connecting(struct sock *sk)
{
	struct socket_state *state;
	__u64 owner;

	state = light_use(sk, &owner, 0, 0);
	if (!state)
		return;
	/* It may have been connected before. */
	fold(sk, state, owner, 0, 0);
	begin(sk, state);
	__sync_fetch_and_and(&state->flags,
			     ~(SOCKET_CHILD | SOCKET_RESET | SOCKET_INBOUND | SOCKET_SCOPE_MASK | SOCKET_COPIED));
	__sync_fetch_and_or(&state->flags, SOCKET_OPENING | (is_subflow(sk) ? SOCKET_SUBFLOW : 0));
}

/* The state is still the one before. */
static __always_inline void light_connected(struct sock *sk, struct socket_state *state)
{
	struct tcp_sock *tcp = tcp_of(sk);

	if (tcp && state->flags & SOCKET_OPENING) {
		/* A SYN-ACK has options, unlike a reset. */
		__sync_fetch_and_add(&state->folded.received, -(__u64)(syn_length(0, tcp) - TCP_HEADER));
		fold(sk, state, owner_to_fold(sk, state), 0, 0);
		__sync_fetch_and_and(&state->flags, ~SOCKET_OPENING);
	}
	/* Where reading begins, unless somebody may be reading already what came with the SYN (TCP Fast Open). */
	if (tcp && !tcp->bytes_received)
		copied_since(sk, state, 0);
	locate(sk, state);
	state->opened_ns = bpf_ktime_get_ns();
}

static __always_inline int may_reset(int before)
{
	return before == TCP_ESTABLISHED || before == TCP_SYN_RECV || before == TCP_FIN_WAIT1 ||
	       before == TCP_FIN_WAIT2 || before == TCP_CLOSE_WAIT;
}

static __always_inline void light_closed(struct sock *sk, struct socket_state *state, int before)
{
	if (before == TCP_FIN_WAIT2 && !(sk->__sk_common.skc_flags & 1 << SOCK_DONE) && !sk->sk_err) {
		__sync_fetch_and_add(&state->folded.segments_sent, -1);
		__sync_fetch_and_add(&state->folded.segments_received, -1);
	} else if (may_reset(before) && !sk->sk_err) {
		__sync_fetch_and_or(&state->flags, SOCKET_RESET);
	}
	fold(sk, state, owner_to_fold(sk, state), 0, 0);
	__sync_fetch_and_and(&state->flags, ~SOCKET_OPENING);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(light_state, struct sock *sk, int before, int after)
{
	struct socket_state *state;
	__u64 owner;

	if (after == TCP_SYN_SENT) {
		light_connecting(sk);
		return 0;
	}
	if (after == TCP_LISTEN) {
		state = light_use(sk, &owner, 0, 0);
		if (state)
			__sync_fetch_and_or(&state->flags,
					    SOCKET_UNCLAIMED | (is_subflow(sk) ? SOCKET_SUBFLOW : 0));
		return 0;
	}
	if (after != TCP_ESTABLISHED && after != TCP_CLOSE && before != TCP_LISTEN)
		return 0;
	state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (!state)
		return 0;
	if (after == TCP_ESTABLISHED) {
		light_connected(sk, state);
	} else if (before != TCP_LISTEN) {
		light_closed(sk, state, before);
	} else if (after == TCP_CLOSE) {
		__sync_fetch_and_and(&state->flags, ~SOCKET_UNCLAIMED);
	} else {
		/* A child just cloned. Its counters begin at 0. */
		__builtin_memset(&state->folded, 0, sizeof(state->folded));
		state->rx_bytes = 0;
		state->tx_bytes = 0;
		state->interface = 0;
		__sync_fetch_and_and(&state->flags, ~(SOCKET_SEEDED | SOCKET_SCOPE_MASK | SOCKET_COPIED));
		__sync_fetch_and_or(&state->flags, SOCKET_CHILD | SOCKET_INBOUND);
	}
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(light_destroy, struct sock *sk)
{
	struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	struct tcp_sock *tcp = tcp_of(sk);
	__s64 payload;
	__u64 owner;

	if (!state || !tcp)
		return 0;
	owner = owner_to_fold(sk, state);
	payload = copied_since(sk, state, 0);
	if (payload && !(state->flags & SOCKET_SUBFLOW))
		add_payload(sk, state, owner, payload, 1);
	if (state->flags & SOCKET_RESET && !tcp->segs_out && state->folded.segments_sent) {
		begin(sk, state);
		state->folded.segments_sent -= 1;
	}
	/* From here on whoever folds it, itemises too: the walk may be at this socket right now. */
	__sync_fetch_and_or(&state->flags, SOCKET_GONE);
	fold(sk, state, owner, 0, 0);
	light_itemise(sk, state, owner, 1);
	return 0;
}

/*
 * Data that crossed the wire and that the kernel throws away at its socket. Since Linux 6.11 it says whose it was; this program
 * does not load before.
 */
SEC("tp_btf/kfree_skb")
int BPF_PROG(light_drop, struct sk_buff *skb, void *location, int reason, struct sock *sk)
{
	struct socket_state *state;

	if (!sk || !skb->skb_iif)
		return 0;
	state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (!state)
		return 0;
	/* Raw sockets get copies. */
	if (sk->sk_type == SOCK_RAW)
		return 0;
	if (sk->sk_protocol == IPPROTO_TCP)
		return drop_segment(skb, state);
	if (sk->sk_protocol == IPPROTO_UDP || sk->sk_protocol == IPPROTO_UDPLITE)
		return drop_datagram(sk, state, skb);
	return 0;
}

/* close() of what is not TCP. */
SEC("cgroup/sock_release")
int light_release(struct bpf_sock *ctx)
{
	struct socket_state *state;
	__u64 address;

	if (ctx->protocol == IPPROTO_TCP && ctx->type == SOCK_STREAM)
		return 1;
	if (ctx->protocol == IPPROTO_MPTCP) {
		/* Its subflows may live on, and remember their owner. */
		address = (__u64)plain(ctx);
		bpf_map_delete_elem(&mptcp_owners, &address);
		return 1;
	}
	state = bpf_sk_storage_get(&sockets, ctx, 0, 0);
	if (state)
		light_itemise(plain(ctx), state, state->owner, 1);
	return 1;
}

/* At each tick: all sockets that we know, in all network namespaces. */
SEC("iter/bpf_sk_storage_map")
int light_walk(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct socket_state *seen = ctx->value, *state;
	struct light *control = light_control();
	struct sock *sk = ctx->sk;
	struct tcp_sock *tcp;

	if (!sk || !seen || !control)
		return 0;
	control->sockets += 1;
	tcp = tcp_of(sk);
	if (!tcp) {
		if (sk->sk_protocol != IPPROTO_UDP)
			return 0;
		state = bpf_sk_storage_get(&sockets, sk, 0, 0);
		return state ? count_drops(sk, state, state->owner) : 0;
	}
	if (tcp->segs_out == seen->folded.segments_sent && tcp->segs_in == seen->folded.segments_received)
		return 0;
	state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (!state)
		return 0;
	if (state->flags & SOCKET_SUBFLOW)
		owner_to_fold(sk, state);
	/* Nobody has used it yet: whoever does has what it counted. */
	if (state->flags & SOCKET_UNCLAIMED || sk->__sk_common.skc_state == TCP_CLOSE)
		return 0;
	fold(sk, state, state->owner, 0, 0);
	if (state->flags & SOCKET_GONE)
		light_itemise(sk, state, state->owner, 0);
	return 0;
}

#endif
