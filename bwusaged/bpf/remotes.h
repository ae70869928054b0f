/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Who talks to whom. A socket with a peer counts in its own state; when it is closed or changes hands, that goes to the
 * total of its remote host. A socket without a peer counts each packet there at once.
 */
#ifndef BWUSAGE_REMOTES_H
#define BWUSAGE_REMOTES_H

static __noinline int add_remote(struct remote *key, __u64 rx, __u64 tx, __u64 connections)
{
	struct remote_total *total = bpf_map_lookup_elem(&remotes, key), first = {};

	if (!total) {
		bpf_map_update_elem(&remotes, key, &first, BPF_NOEXIST);
		total = bpf_map_lookup_elem(&remotes, key);
		/* Full: the process has the bytes, and the daemon sees that no remote host has. */
		if (!total)
			return 0;
	}
	__sync_fetch_and_add(&total->rx_bytes, rx);
	__sync_fetch_and_add(&total->tx_bytes, tx);
	__sync_fetch_and_add(&total->connections, connections);
	total->last_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline void v4_mapped(__u32 *to, __u32 address)
{
	to[0] = to[1] = 0;
	to[2] = bpf_htonl(0xffff);
	to[3] = address;
}

/* Our port, in host order. Not skc_num, which a closed socket has given back. */
static __always_inline __u16 local_port(struct sock *sk)
{
	return bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
}

/* Fills in the service that a socket with a peer belongs to. */
static __always_inline void describe_peer(struct sock *sk, struct socket_state *state, struct remote *key)
{
	__u16 local = local_port(sk);
	__u16 remote = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));

	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET)
		v4_mapped(key->address, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	else
		bpf_probe_read_kernel(key->address, 16, &sk->__sk_common.skc_v6_daddr);
	key->protocol = BPF_CORE_READ(sk, sk_protocol);
	key->interface = state->interface;
	/* Of a socket that is older than we are nobody knows who began it; services have the smaller numbers. */
	if (state->flags & SOCKET_SEEDED ? local < remote : state->flags & SOCKET_INBOUND)
		key->flags = REMOTE_INBOUND;
	key->port = key->flags ? local : remote;
}

/* What the socket moved with its peer, or with the last stranger, goes to the total of that remote host under `owner`. */
static __always_inline void itemise(struct sock *sk, struct socket_state *state, __u64 owner, __u64 connections)
{
	__u64 rx = __sync_lock_test_and_set(&state->rx_bytes, 0), tx = __sync_lock_test_and_set(&state->tx_bytes, 0);
	struct remote key = {};

	if (!rx && !tx)
		return;
	if (BPF_CORE_READ(sk, __sk_common.skc_dport))
		describe_peer(sk, state, &key);
	else
		key = state->stranger;
	key.owner = owner;
	add_remote(&key, rx, tx, connections);
}

/* Whether a packet of a socket without a peer is to or from whom the last one was. */
static __always_inline int is_same_stranger(struct __sk_buff *skb, struct socket_state *state, int rx)
{
	__u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 *known = state->stranger.address, *address;

	/* Two ports at one host are two services; with ours there is only one. */
	if (!(state->flags & SOCKET_INBOUND) || data + 40 > end)
		return 0;
	if (data[0] >> 4 == 4)
		return known[3] == *(__u32 *)(data + (rx ? 12 : 16)) && known[2] == bpf_htonl(0xffff) &&
		       state->stranger.protocol == data[9];
	address = (void *)data + (rx ? 8 : 24);
	return known[0] == address[0] && known[1] == address[1] && known[2] == address[2] && known[3] == address[3] &&
	       state->stranger.protocol == data[6];
}

/*
 * A packet of a socket that has no peer of its own: a server's of datagrams, a listener's, a raw one's. A packet that another
 * processor counts at the very moment in which the stranger is replaced may be booked on the wrong one of the two; none is
 * lost.
 */
static __noinline int count_stranger(struct __sk_buff *skb, struct socket_state *state, __u64 owner, __u64 bytes, int rx)
{
	__u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end, *ports;
	struct remote key = {}, before;
	__u64 rx_before, tx_before;
	__u32 header;

	if (!state || data + 20 > end)
		return 0;
	key.interface = state->interface;
	if (state->flags & SOCKET_INBOUND)
		key.flags = REMOTE_INBOUND;
	if (data[0] >> 4 == 4) {
		v4_mapped(key.address, *(__u32 *)(data + (rx ? 12 : 16)));
		key.protocol = data[9];
		header = (data[0] & 15) * 4;
	} else {
		if (data + 40 > end)
			return 0;
		__builtin_memcpy(key.address, data + (rx ? 8 : 24), 16);
		key.protocol = data[6];
		header = 40;
	}
	if (key.protocol == IPPROTO_TCP || key.protocol == IPPROTO_UDP) {
		ports = data + header;
		barrier_var(ports);
		if (ports + 4 <= end)
			/* Ours or theirs: whose service it is. */
			key.port = bpf_ntohs(*(__u16 *)(ports + (!!key.flags == rx ? 2 : 0)));
	}
	if (!key.flags || __sync_lock_test_and_set(&state->busy, 1)) {
		key.owner = owner;
		return add_remote(&key, rx ? bytes : 0, rx ? 0 : bytes, 0);
	}
	before = state->stranger;
	rx_before = __sync_lock_test_and_set(&state->rx_bytes, rx ? bytes : 0);
	tx_before = __sync_lock_test_and_set(&state->tx_bytes, rx ? 0 : bytes);
	state->stranger = key;
	__sync_lock_test_and_set(&state->busy, 0);
	before.owner = owner;
	if (rx_before || tx_before)
		add_remote(&before, rx_before, tx_before, 0);
	return 0;
}

/* Where the socket is; asked once. */
static __always_inline void place(struct socket_state *state, struct sock *sk)
{
	__u32 flags = SOCKET_PLACED;

	if (state->flags & SOCKET_PLACED)
		return;
	if (BPF_CORE_READ(sk, __sk_common.skc_net.net, net_cookie) == cfg_home)
		flags |= SOCKET_HOME;
	if (!state->opened_ns)
		state->opened_ns = bpf_ktime_get_ns();
	__sync_fetch_and_or(&state->flags, flags);
}

/*
 * Between two pieces of what is read, the kernel finds its place again by counting (net/core/bpf_sk_storage.c): for each
 * socket before it that was closed meanwhile it passes over one that is open, and for each that was opened it comes to one
 * twice. So each is written once a listing, and the daemon asks again until nothing is left to write.
 */
SEC("iter/bpf_sk_storage_map")
int list_sockets(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct socket_state *state = ctx->value;
	struct socket_record record = {};
	struct sock *sk = ctx->sk;
	__u64 *round;
	__u32 zero = 0;

	if (!sk || !state)
		return 0;
	round = bpf_map_lookup_elem(&listing, &zero);
	if (!round || state->listed == *round)
		return 0;
	/* Its subflows are listed, which have the bytes. */
	if (cfg_light && BPF_CORE_READ(sk, sk_protocol) == IPPROTO_MPTCP)
		return 0;
	record.owner = state->owner;
	record.rx_bytes = state->rx_bytes;
	record.tx_bytes = state->tx_bytes;
	record.opened_ns = state->opened_ns;
	record.interface = state->interface;
	record.flags = state->flags;
	record.local_port = local_port(sk);
	record.remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	record.protocol = BPF_CORE_READ(sk, sk_protocol);
	record.state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
		v4_mapped(record.local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		v4_mapped(record.remote, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	} else {
		bpf_probe_read_kernel(record.local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_probe_read_kernel(record.remote, 16, &sk->__sk_common.skc_v6_daddr);
	}
	/* What finds no room any more begins the next piece. */
	if (!bpf_seq_write(ctx->meta->seq, &record, sizeof(record)))
		state->listed = *round;
	return 0;
}

SEC("iter/bpf_map_elem")
int list_remotes(struct bpf_iter__bpf_map_elem *ctx)
{
	struct remote *key = ctx->key;
	struct remote_total *total = ctx->value;

	if (!key || !total)
		return 0;
	bpf_seq_write(ctx->meta->seq, key, sizeof(*key));
	bpf_seq_write(ctx->meta->seq, total, sizeof(*total));
	return 0;
}

#endif
