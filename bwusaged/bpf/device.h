/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What passes each interface, so that its own counter can be told apart byte by byte: frames between stack and driver.
 * These programs run with bottom halves off, so that a processor's own entry needs no atomic addition.
 */
#ifndef BWUSAGE_DEVICE_H
#define BWUSAGE_DEVICE_H

/*
 * Frames up to this length are never super-packets: it is short of two segments that are worth putting together, and spares
 * acknowledgements a look. The interface's own limit says nothing: segments are as short as the other side wants them.
 */
#define NEVER_SUPER 128

/*
 * The segments of a super-packet but the first: how many (the upper half), and how long the headers are that each of them has,
 * link header included.
 */
static __always_inline __u64 further_segments(struct sk_buff *skb, __u32 network, __u32 link, __u32 length)
{
	unsigned char *head = skb->head, *start = head + network, first[10], offset = 0;
	struct skb_shared_info *shared = (void *)head + skb->end;
	/* Each of these readings is a call, and most frames need only this one. */
	__u32 header, protocol, segments, size = BPF_CORE_READ(shared, gso_size);

	if (!size)
		return 0;
	segments = BPF_CORE_READ(shared, gso_segs);
	if (bpf_probe_read_kernel(first, sizeof(first), start))
		return 0;
	if (first[0] >> 4 == 4) {
		header = (first[0] & 15) * 4;
		protocol = first[9];
	} else {
		header = 40;
		protocol = first[6];
		/* BIG TCP: the jumbo option is not sent. */
		if (protocol == IPPROTO_HOPOPTS)
			protocol = IPPROTO_TCP;
	}
	if (protocol == IPPROTO_TCP) {
		bpf_probe_read_kernel(&offset, 1, start + header + 12);
		header += (offset >> 4) * 4;
	} else {
		header += protocol == IPPROTO_SCTP ? SCTP_HEADER : UDP_HEADER;
	}
	if (segments < 2 && length > header + link)
		segments = (length - header - link + size - 1) / size;
	return segments > 1 ? (__u64)(segments - 1) << 32 | (header + link) : 0;
}

static __always_inline int is_ip(__u16 protocol)
{
	return protocol == bpf_htons(ETH_P_IP) || protocol == bpf_htons(ETH_P_IPV6) ||
	       protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD);
}

static __noinline int count_passage(__u32 from, __u32 to, __u64 bytes)
{
	struct passage key = { .from = from, .to = to };
	struct passed *passed = bpf_map_lookup_elem(&passages, &key), first = {};

	if (!passed) {
		bpf_map_update_elem(&passages, &key, &first, BPF_NOEXIST);
		passed = bpf_map_lookup_elem(&passages, &key);
		if (!passed)
			return 0;
	}
	__sync_fetch_and_add(&passed->bytes, bytes);
	__sync_fetch_and_add(&passed->packets, 1);
	return 0;
}

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(on_frame_out, struct sk_buff *skb, struct net_device *dev)
{
	struct sock *sk = skb->sk;
	struct interface *i;
	__u32 link, length;
	__u64 further;

	if (sk && sk->__sk_common.skc_state == TCP_TIME_WAIT)
		count_last_word(skb, dev);
	if (dev->nd_net.net->net_cookie != cfg_home)
		return 0;
	i = interface_entry(dev->ifindex);
	if (!i)
		return 0;
	length = skb->len;
	link = skb->network_header - (__u32)(skb->data - skb->head);
	if (link > 64 || link > length)
		link = 0;
	/* It counts what is in its frames. */
	if (dev->ifindex == LOOPBACK_IFINDEX) {
		length -= link;
		link = 0;
	}
	i->frames_tx += length;
	i->packets_tx += 1;
	if (!is_ip(skb->protocol)) {
		i->non_ip_tx += length;
		return 0;
	}
	i->link_headers_tx += link;
	if (length > NEVER_SUPER) {
		further = further_segments(skb, skb->network_header, link, length);
		i->frame_segmentation_tx += (further >> 32) * (__u32)further;
		i->packets_tx += further >> 32;
	}
	if (skb->skb_iif && dev->ifindex != LOOPBACK_IFINDEX)
		count_passage(skb->skb_iif, dev->ifindex, length - link);
	else if (sk && sk->__sk_common.skc_family == AF_PACKET)
		i->packet_sockets_tx += length - link;
	return 0;
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(on_frame_in, struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	struct interface *i;
	__u32 link = 0, length, network;
	__u64 further;

	if (dev->nd_net.net->net_cookie != cfg_home)
		return 0;
	i = interface_entry(dev->ifindex);
	if (!i)
		return 0;
	/* The driver took the link header off. */
	network = skb->data - skb->head;
	if (skb->mac_header != NO_MAC_HEADER && network > skb->mac_header)
		link = network - skb->mac_header;
	if (link > 64 || dev->ifindex == LOOPBACK_IFINDEX)
		link = 0;
	length = skb->len + link;
	i->frames_rx += length;
	i->packets_rx += 1;
	if (!is_ip(skb->protocol)) {
		i->non_ip_rx += length;
		return 0;
	}
	i->link_headers_rx += link;
	if (length > NEVER_SUPER) {
		further = further_segments(skb, network, link, length);
		i->frame_segmentation_rx += (further >> 32) * (__u32)further;
		i->packets_rx += further >> 32;
	}
	return 0;
}

#endif
