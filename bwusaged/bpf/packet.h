/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* One packet: how many bytes go over the wire for it, and how far. */
#ifndef BWUSAGE_PACKET_H
#define BWUSAGE_PACKET_H

/*
 * The address of something that the verifier knows as a context or a common part only, as a plain number: what is behind it
 * is then read by bpf_probe_read_kernel().
 */
static __always_inline void *plain(const void *known)
{
	void *address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &known);
	return address;
}

struct packet {
	__u64 bytes, packets;
	/* Part of the bytes: headers that segments have, and the super-packet has not. */
	__u64 segmentation;
	__u32 scope;
};

/* RFC 1918, 3927, 6598, multicast and broadcast. `a` as it stands in the packet. */
static __always_inline __u32 scope_of_v4(__u32 a)
{
	a = bpf_ntohl(a);
	if (a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 || a >> 16 == 0xa9fe || a >> 22 == 0x191 ||
	    a >> 28 == 14 || a == 0xffffffff)
		return SCOPE_LAN;
	return a >> 24 == 127 ? SCOPE_LOOPBACK : SCOPE_INTERNET;
}

/* RFC 4193 (fc00::/7), link-local (fe80::/10) and multicast (ff00::/8). `a` is the first word as it stands in the packet. */
static __always_inline __u32 scope_of_v6(__u32 a)
{
	a = bpf_ntohl(a);
	return a >> 25 == 0x7e || a >> 22 == 0x3fa || a >> 24 == 0xff ? SCOPE_LAN : SCOPE_INTERNET;
}

/* By the peer's address; the Internet when there is none. */
static __always_inline __u32 scope_of_socket(struct sock *sk)
{
	__u32 a[4];

	if (sk->__sk_common.skc_family == 2)
		return scope_of_v4(sk->__sk_common.skc_daddr);
	BPF_CORE_READ_INTO(&a, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32);
	if (!a[0] && !a[1] && a[2] == bpf_htonl(0xffff))
		return scope_of_v4(a[3]);
	if (!a[0] && !a[1] && !a[2] && a[3] == bpf_htonl(1))
		return SCOPE_LOOPBACK;
	return scope_of_v6(a[0]);
}

static __always_inline __u32 protocol_of(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (data + 20 > end)
		return 255;
	if (data[0] >> 4 == 4)
		return data[9];
	/* Multicast listener reports carry a router alert in front of ICMPv6. */
	if (data[6] == IPPROTO_HOPOPTS && data + 41 <= end)
		return data[40];
	return data[6];
}

/* Length of the headers that each segment of a super-packet repeats. 0 when it cannot be told. */
static __noinline __u32 repeated_header(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end, *transport;
	__u32 network, protocol;

	if (data + 20 > end)
		return 0;
	if (data[0] >> 4 == 4) {
		network = (data[0] & 15) * 4;
		protocol = data[9];
	} else {
		if (data + 40 > end)
			return 0;
		network = 40;
		protocol = data[6];
		/* BIG TCP: the jumbo option in front of TCP is not sent; segments have 40 + 20 and options. */
		if (protocol == IPPROTO_HOPOPTS)
			return 60;
	}
	if (protocol == IPPROTO_UDP)
		return network + UDP_HEADER;
	if (protocol == IPPROTO_SCTP)
		return network + SCTP_HEADER;
	if (network < 20)
		return 0;
	transport = data + network;
	/* Else clang adds network + 12 apart from the pointer that was checked. */
	barrier_var(transport);
	if (transport + 20 > end)
		return network + 20;
	return network + (transport[12] >> 4) * 4;
}

/*
 * The headers of the other fragments of a datagram that is not cut yet, or whole again. On the way out the interface says how
 * large a fragment may be; on the way in the kernel remembers the largest. All but the last are of that size.
 */
static __noinline __u32 headers_of_fragments(struct __sk_buff *ctx, int rx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 length = ctx->len, largest, header, first, body;
	struct sk_buff *skb = plain(ctx);
	__u16 size = 0;

	if (data + 1 > end)
		return 0;
	if (data[0] >> 4 == 4) {
		first = header = IPV4_HEADER;
		largest = bpf_core_field_offset(struct inet_skb_parm, frag_max_size);
	} else {
		first = IPV6_HEADER;
		header = IPV6_HEADER + FRAGMENT_HEADER;
		largest = bpf_core_field_offset(struct inet6_skb_parm, frag_max_size);
	}
	if (rx) {
		bpf_probe_read_kernel(&size, sizeof(size), (void *)skb->cb + largest);
		largest = size;
	} else {
		largest = BPF_CORE_READ(skb, dev, mtu);
	}
	if (largest < header + 8 || largest >= length)
		return 0;
	body = length - first;
	largest -= header;
	/* The last one may be as long as fits; offsets are in units of 8 bytes. */
	return (1 + (body - largest + (largest & ~7) - 1) / (largest & ~7)) * header - first;
}

/*
 * Both hooks see a packet from its IP header on. On the way out it is not yet cut into segments (GSO), on the way in
 * already put together (GRO): the bytes of the wire are those plus the headers of the segments.
 */
static __always_inline void measure(struct __sk_buff *skb, int rx, struct packet *p)
{
	__u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 size = skb->gso_size;

	p->bytes = skb->len;
	p->packets = 1;
	p->segmentation = 0;
	if (skb->ifindex == LOOPBACK_IFINDEX)
		p->scope = SCOPE_LOOPBACK;
	else if (data + 20 > end)
		p->scope = SCOPE_INTERNET;
	else if (data[0] >> 4 == 4)
		p->scope = scope_of_v4(*(__u32 *)(data + (rx ? 12 : 16)));
	else if (data + 40 > end)
		p->scope = SCOPE_INTERNET;
	else
		p->scope = scope_of_v6(*(__u32 *)(data + (rx ? 8 : 24)));
	if (size) {
		__u32 header = repeated_header(skb), segments = skb->gso_segs;

		/* Some drivers leave the number of segments at 0. */
		if (segments < 2 && p->bytes > header)
			segments = (p->bytes - header + size - 1) / size;
		if (segments > 1) {
			p->packets = segments;
			p->segmentation = (__u64)(segments - 1) * header;
			p->bytes += p->segmentation;
		}
	} else if (p->bytes > IPV6_MIN_MTU && protocol_of(skb) != IPPROTO_TCP) {
		p->bytes += headers_of_fragments(skb, rx);
	}
}

#endif
