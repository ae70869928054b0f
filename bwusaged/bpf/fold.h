/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Light mode, TCP: bytes of the wire from what a socket counts itself.
 *
 * What the kernel does not count, or counts otherwise, is put right in the base that the counters are compared with:
 *
 * - SYN and SYN-ACK have more options than the later segments, whose header the socket knows.
 * - What accept() returns has counted the SYN that it began with, but not its SYN-ACK.
 * - A FIN counts as a received byte.
 * - Who closes first leaves its socket before the other side's FIN comes: that one and its ACK are taken for granted.
 * - tcp_disconnect(), and so close() with SO_LINGER 0, sets the counters to zero, and sends a reset uncounted.
 * - Of a segment with data that the socket has already, or has no room for, only the header counts.
 */
#ifndef BWUSAGE_FOLD_H
#define BWUSAGE_FOLD_H

static __always_inline int is_mapped(const __u32 *a)
{
	return !a[0] && !a[1] && a[2] == bpf_htonl(0xffff);
}

/* The packets of an IPv6 socket are IPv4's when its addresses are mapped ones. */
static __always_inline __u32 ip_header_of(struct sock *sk)
{
	__u32 peer[4], own[4];

	if (sk->__sk_common.skc_family == AF_INET)
		return IPV4_HEADER;
	BPF_CORE_READ_INTO(&peer, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32);
	BPF_CORE_READ_INTO(&own, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32);
	return is_mapped(peer) || is_mapped(own) ? IPV4_HEADER : IPV6_HEADER;
}

/* How far the packets of the socket travel: by its peer, or where it has none by its own address. */
static __noinline __u32 light_scope(struct sock *sk)
{
	__u32 peer[4], own[4];

	if (!sk)
		return SCOPE_INTERNET;
	if (sk->sk_rx_dst_ifindex == LOOPBACK_IFINDEX)
		return SCOPE_LOOPBACK;
	if (sk->__sk_common.skc_family == AF_INET) {
		peer[3] = sk->__sk_common.skc_daddr;
		own[3] = sk->__sk_common.skc_rcv_saddr;
		if (peer[3] && peer[3] == own[3])
			return SCOPE_LOOPBACK;
		return scope_of_v4(peer[3] ? peer[3] : own[3]);
	}
	BPF_CORE_READ_INTO(&peer, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32);
	BPF_CORE_READ_INTO(&own, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32);
	if (!peer[0] && !peer[1] && !peer[2] && !peer[3])
		__builtin_memcpy(peer, own, sizeof(peer));
	else if (peer[0] == own[0] && peer[1] == own[1] && peer[2] == own[2] && peer[3] == own[3])
		return SCOPE_LOOPBACK;
	if (is_mapped(peer))
		return scope_of_v4(peer[3]);
	if (!peer[0] && !peer[1] && !peer[2] && peer[3] == bpf_htonl(1))
		return SCOPE_LOOPBACK;
	return scope_of_v6(peer[0]);
}

/* The same, remembered, with the interface. */
static __noinline __u32 locate(struct sock *sk, struct socket_state *state)
{
	__u32 scope, flags;

	if (!sk || !state)
		return SCOPE_INTERNET;
	scope = light_scope(sk);
	flags = (scope + 1) << SOCKET_SCOPE_SHIFT;
	if ((state->flags & SOCKET_SCOPE_MASK) != flags) {
		__sync_fetch_and_and(&state->flags, ~SOCKET_SCOPE_MASK);
		__sync_fetch_and_or(&state->flags, flags);
	}
	if (state->flags & SOCKET_HOME && !state->interface && sk->__sk_common.skc_dport) {
		state->interface = sk->sk_rx_dst_ifindex;
		if (!state->interface)
			state->interface = BPF_CORE_READ(sk, sk_dst_cache, dev, ifindex);
	}
	return scope;
}

/* What `owner` moved so far, on this processor. */
static __always_inline struct traffic *traffic_of(__u64 owner, __u32 scope)
{
	struct counters *c = counters_of(owner);

	/* Else clang, which sees where it comes from, leaves out the comparison that the verifier wants. */
	barrier_var(scope);
	return c && scope < SCOPES ? &c->scopes[scope] : 0;
}

/* What a TCP socket says that it moved. */
struct tcp_totals {
	__u64 sent, received;
	__u32 segments_sent, segments_received;
};

/*
 * The options of MPTCP (RFC 8684, 3.3): an acknowledgement of 64 bits on every segment, and on those with payload where that
 * belongs.
 */
#define MPTCP_ACK 12
#define MPTCP_MAPPING 16

static __noinline int add_mptcp_options(struct tcp_sock *tcp, struct tcp_totals *t)
{
	struct mptcp_subflow_context *subflow;

	if (!tcp || !t)
		return 0;
	subflow = BPF_CORE_READ(&tcp->inet_conn, icsk_ulp_data);
	if (!subflow ||
	    !(BPF_CORE_READ_BITFIELD_PROBED(subflow, mp_capable) || BPF_CORE_READ_BITFIELD_PROBED(subflow, mp_join)))
		return 0;
	t->sent += (__u64)t->segments_sent * MPTCP_ACK + (__u64)tcp->data_segs_out * MPTCP_MAPPING;
	t->received += (__u64)t->segments_received * MPTCP_ACK + (__u64)tcp->data_segs_in * MPTCP_MAPPING;
	return 0;
}

static __always_inline void read_totals(struct sock *sk, struct tcp_sock *tcp, struct tcp_totals *t)
{
	t->sent = tcp->bytes_sent;
	t->segments_sent = tcp->segs_out;
	t->received = tcp->bytes_received - (sk->__sk_common.skc_flags >> SOCK_DONE & 1);
	t->segments_received = tcp->segs_in;
	if (bpf_core_field_exists(tcp->is_mptcp) && tcp->is_mptcp)
		add_mptcp_options(tcp, t);
}

/*
 * Moves `*from` up to `to` and returns by how much. Several may fold a socket at a time, and come out of order: each step is
 * taken once, and none back.
 */
static __always_inline __u64 advance(__u64 *from, __u64 to)
{
	for (int i = 0; i < 4; i++) {
		__u64 before = *(volatile __u64 *)from;

		if ((__s64)(to - before) <= 0)
			return 0;
		if (__sync_val_compare_and_swap(from, before, to) == before)
			return to - before;
	}
	return 0;
}

static __always_inline __u32 advance_segments(__u32 *from, __u32 to)
{
	for (int i = 0; i < 4; i++) {
		__u32 before = *(volatile __u32 *)from;

		if ((__s32)(to - before) <= 0)
			return 0;
		if (__sync_val_compare_and_swap(from, before, to) == before)
			return to - before;
	}
	return 0;
}

/* Datagrams that came for the socket and found no room. Since Linux 6.18 UDP counts them in two places. */
static __always_inline __u32 drops_of(struct sock *sk)
{
	struct numa_drop_counters *counters = 0;

	if (bpf_core_field_exists(sk->sk_drop_counters))
		counters = sk->sk_drop_counters;
	if (counters)
		return counters->drops0.counter + counters->drops1.counter;
	return sk->sk_drops.counter;
}

/* Counts from here on. */
static __noinline int begin(struct sock *sk, struct socket_state *state)
{
	struct tcp_totals now = {};
	struct tcp_sock *tcp;

	if (!sk || !state)
		return 0;
	tcp = tcp_of(sk);
	if (tcp)
		read_totals(sk, tcp, &now);
	else if (sk->sk_protocol == IPPROTO_UDP)
		now.received = drops_of(sk);
	state->folded.sent = now.sent;
	state->folded.received = now.received;
	state->folded.segments_sent = now.segments_sent;
	state->folded.segments_received = now.segments_received;
	return 0;
}

/* A segment that counts, and whose data does not. */
static __always_inline int drop_segment(struct sk_buff *skb, struct socket_state *state)
{
	struct tcp_skb_cb *cb = (void *)skb->cb;
	__u32 bytes = BPF_CORE_READ(cb, end_seq) - BPF_CORE_READ(cb, seq);
	__u8 flags = 0;

	bpf_probe_read_kernel(&flags, sizeof(flags), skb->head + skb->transport_header + TCP_FLAGS_OFFSET);
	bytes -= !!(flags & TCP_FIN) + !!(flags & TCP_SYN);
	/* More than there is: it was thrown away before TCP looked at it, and has not been counted. */
	if (bytes > skb->len)
		return 0;
	__sync_fetch_and_add(&state->folded.received, -(__u64)bytes);
	return 0;
}

/* The headers of a SYN: with timestamps it has 20 bytes of options, without them 12. */
static __always_inline __u32 syn_length(__u32 ip, struct tcp_sock *tcp)
{
	return ip + TCP_HEADER + (tcp->tcp_header_len > TCP_HEADER ? 20 : 12);
}

/*
 * Leaves what was moved last out of `now`: `bytes` of the payload that is not folded yet, with their share of the headers.
 * Acknowledgements go with the payload that they are for.
 */
static __always_inline void hold_back(struct folded *folded, struct tcp_totals *now, __u64 bytes, int rx)
{
	__u64 fresh = rx ? now->received - folded->received : now->sent - folded->sent;
	__s32 out = now->segments_sent - folded->segments_sent, in = now->segments_received - folded->segments_received;

	if ((__s64)fresh <= 0)
		return;
	if (bytes > fresh)
		bytes = fresh;
	if (rx)
		now->received -= bytes;
	else
		now->sent -= bytes;
	if (out > 0 && (!rx || now->sent == folded->sent))
		now->segments_sent -= (__u64)out * bytes / fresh;
	if (in > 0 && (rx || now->received == folded->received))
		now->segments_received -= (__u64)in * bytes / fresh;
}

/*
 * Adds what the socket counted since the last time to `owner`. The last bytes that were sent or received, so many, are left
 * for the next owner.
 */
static __noinline int fold(struct sock *sk, struct socket_state *state, __u64 owner, __u64 keep_sent, __u64 keep_received)
{
	struct tcp_totals now;
	struct tcp_sock *tcp;
	struct traffic *t;
	__u32 ip, out, in, segments;
	__u64 bytes;

	if (!sk || !state || !owner)
		return 0;
	tcp = tcp_of(sk);
	if (!tcp)
		return 0;
	read_totals(sk, tcp, &now);
	if (now.segments_sent == state->folded.segments_sent && now.segments_received == state->folded.segments_received)
		return 0;
	t = traffic_of(owner, locate(sk, state));
	if (!t)
		return 0;
	ip = ip_header_of(sk);
	out = in = ip + tcp->tcp_header_len;
	if (state->flags & SOCKET_OPENING) {
		out = syn_length(ip, tcp);
		in = ip + TCP_HEADER;
	} else if (state->flags & SOCKET_CHILD && __sync_fetch_and_and(&state->flags, ~SOCKET_CHILD) & SOCKET_CHILD) {
		__sync_fetch_and_add(&state->folded.segments_sent, -1);
		__sync_fetch_and_add(&state->folded.sent, -(__u64)(syn_length(ip, tcp) - out));
		__sync_fetch_and_add(&state->folded.received, -(__u64)(syn_length(ip, tcp) - in));
	}
	if (keep_sent)
		hold_back(&state->folded, &now, keep_sent, 0);
	if (keep_received)
		hold_back(&state->folded, &now, keep_received, 1);
	segments = advance_segments(&state->folded.segments_sent, now.segments_sent);
	bytes = advance(&state->folded.sent, now.sent) + (__u64)segments * out;
	__sync_fetch_and_add(&t->wire_tx_packets, segments);
	__sync_fetch_and_add(&t->wire_tx_bytes, bytes);
	__sync_fetch_and_add(&state->tx_bytes, bytes);
	segments = advance_segments(&state->folded.segments_received, now.segments_received);
	bytes = advance(&state->folded.received, now.received) + (__u64)segments * in;
	__sync_fetch_and_add(&t->wire_rx_packets, segments);
	__sync_fetch_and_add(&t->wire_rx_bytes, bytes);
	__sync_fetch_and_add(&state->rx_bytes, bytes);
	state->folded.at_ns = bpf_ktime_get_ns();
	return 0;
}

#endif
