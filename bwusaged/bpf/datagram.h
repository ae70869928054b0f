/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Light mode, sockets without counters of their own: one call is one datagram, and its headers are computed. */
#ifndef BWUSAGE_DATAGRAM_H
#define BWUSAGE_DATAGRAM_H

/* The headers of all fragments but the first, where the link carries what links usually do. */
static __always_inline __u32 headers_of_further_fragments(__u32 length, __u32 ip)
{
	__u32 further;

	if (length + ip <= USUAL_MTU)
		return 0;
	if (ip == IPV4_HEADER)
		return (length - 1) / (USUAL_MTU - IPV4_HEADER) * IPV4_HEADER;
	/* Offsets are in units of 8 bytes. */
	further = (length - 1) / ((USUAL_MTU - IPV6_HEADER - FRAGMENT_HEADER) & ~7);
	return further * (IPV6_HEADER + FRAGMENT_HEADER) + FRAGMENT_HEADER;
}

/* One that found no room, as long as it says itself. */
static __noinline int drop_datagram(struct sock *sk, struct socket_state *state, struct sk_buff *skb)
{
	__u32 scope, header = IPV4_HEADER;
	struct traffic *t;
	__u8 ip[8] = {};
	__u64 wire;

	if (!sk || !state || !skb)
		return 0;
	if (bpf_probe_read_kernel(ip, sizeof(ip), skb->head + skb->network_header))
		return 0;
	scope = locate(sk, state);
	t = traffic_of(state->owner, scope);
	if (!t)
		return 0;
	if (ip[0] >> 4 == 4) {
		wire = bpf_ntohs(*(__u16 *)&ip[2]);
	} else {
		header = IPV6_HEADER;
		wire = bpf_ntohs(*(__u16 *)&ip[4]) + IPV6_HEADER;
	}
	if (scope != SCOPE_LOOPBACK && wire > header)
		wire += headers_of_further_fragments(wire - header, header);
	__sync_fetch_and_add(&t->wire_rx_packets, 1);
	__sync_fetch_and_add(&t->wire_rx_bytes, wire);
	__sync_fetch_and_add(&state->rx_bytes, wire);
	return 0;
}

/* Before Linux 6.11. Datagrams that found no room crossed the wire all the same. How long they were nobody knows any more: as long as the last one that was received. */
static __noinline int count_drops(struct sock *sk, struct socket_state *state, __u64 owner)
{
	struct light *control = light_control();
	struct traffic *t;
	__u64 count;

	if (!sk || !state || !state->folded.sent || !owner || !control || control->sees_drops)
		return 0;
	count = advance(&state->folded.received, drops_of(sk));
	if (!count)
		return 0;
	t = traffic_of(owner, light_scope(sk));
	if (!t)
		return 0;
	__sync_fetch_and_add(&t->wire_rx_packets, count);
	__sync_fetch_and_add(&t->wire_rx_bytes, count * state->folded.sent);
	__sync_fetch_and_add(&state->rx_bytes, count * state->folded.sent);
	return 0;
}

static __noinline int count_datagram(struct sock *sk, struct socket_state *state, __u64 owner, int bytes, int rx)
{
	__u32 ip, header = 0, scope, segment = 0;
	__u64 wire, packets = 1;
	struct traffic *t;
	__u16 protocol;

	if (!sk || !state || bytes < 0)
		return 0;
	if (rx && !(state->flags & SOCKET_SCOPE_MASK))
		__sync_fetch_and_or(&state->flags, SOCKET_INBOUND);
	scope = locate(sk, state);
	t = traffic_of(owner, scope);
	if (!t)
		return 0;
	protocol = sk->sk_protocol;
	ip = ip_header_of(sk);
	if (sk->sk_type == SOCK_DGRAM && (protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE)) {
		header = UDP_HEADER;
		if (!rx)
			segment = BPF_CORE_READ((struct udp_sock *)sk, gso_size);
	} else if (sk->sk_type == SOCK_RAW && ip == IPV4_HEADER && (rx || protocol == IPPROTO_RAW)) {
		/* The program sees the IP header. */
		ip = 0;
	}
	wire = bytes + header + ip;
	if (segment && bytes > segment) {
		packets = (bytes + segment - 1) / segment;
		wire = bytes + packets * (header + ip);
	} else if (scope != SCOPE_LOOPBACK && ip) {
		wire += headers_of_further_fragments(bytes + header, ip);
	}
	if (rx) {
		state->folded.sent = wire;
		__sync_fetch_and_add(&t->wire_rx_bytes, wire);
		__sync_fetch_and_add(&t->wire_rx_packets, packets);
		__sync_fetch_and_add(&t->payload_rx_bytes, bytes);
		__sync_fetch_and_add(&state->rx_bytes, wire);
		count_drops(sk, state, owner);
	} else {
		__sync_fetch_and_add(&t->wire_tx_bytes, wire);
		__sync_fetch_and_add(&t->wire_tx_packets, packets);
		__sync_fetch_and_add(&t->payload_tx_bytes, bytes);
		__sync_fetch_and_add(&state->tx_bytes, wire);
	}
	return 0;
}

#endif
