/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a connection still exchanges when its socket is gone already. Who closes first waits for the other side's FIN and
 * acknowledges it, in TIME_WAIT, where the kernel keeps a few words instead of a socket: no hook of a socket sees these two
 * packets. The FIN ends in kfree_skb(), the ACK passes a device; both are known by their addresses.
 */
#ifndef BWUSAGE_CLOSING_H
#define BWUSAGE_CLOSING_H

/* Both ends of a connection, as in its packets. */
struct ends {
	__u32 local[4], remote[4];
	__u16 local_port, remote_port;
};

/* Whom the two packets go to. Forgetting one too early makes it the kernel's, not lost. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct ends);
	__type(value, struct remote);
} closing SEC(".maps");

static __noinline int remember_closing(struct sock *sk, struct socket_state *state)
{
	struct remote service = {};
	struct ends ends = {};

	if (!sk || !state)
		return 0;
	describe_peer(sk, state, &service);
	service.owner = state->owner;
	__builtin_memcpy(ends.remote, service.address, 16);
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET)
		v4_mapped(ends.local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
	else
		bpf_probe_read_kernel(ends.local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	ends.local_port = bpf_htons(local_port(sk));
	ends.remote_port = BPF_CORE_READ(sk, __sk_common.skc_dport);
	return bpf_map_update_elem(&closing, &ends, &service, BPF_ANY);
}

/* The IP and TCP headers of a packet, as far as they are needed. */
struct headers {
	__u8 ip[40];
	__u16 ports[2];
};

/* Whose packet this is, if it is of a connection that is closing. 0 when it is not. */
static __noinline int closing_of(struct headers *h, int rx, struct remote *service, __u32 *bytes)
{
	struct ends ends = {};
	struct remote *found;

	if (!h || !service || !bytes)
		return 0;
	if (h->ip[0] >> 4 == 4) {
		v4_mapped(rx ? ends.remote : ends.local, *(__u32 *)&h->ip[12]);
		v4_mapped(rx ? ends.local : ends.remote, *(__u32 *)&h->ip[16]);
		*bytes = bpf_ntohs(*(__u16 *)&h->ip[2]);
	} else {
		__builtin_memcpy(rx ? ends.remote : ends.local, &h->ip[8], 16);
		__builtin_memcpy(rx ? ends.local : ends.remote, &h->ip[24], 16);
		*bytes = bpf_ntohs(*(__u16 *)&h->ip[4]) + 40;
	}
	ends.remote_port = h->ports[!rx];
	ends.local_port = h->ports[!!rx];
	found = bpf_map_lookup_elem(&closing, &ends);
	if (!found)
		return 0;
	*service = *found;
	return 1;
}

static __always_inline __u32 scope_of_address(__u32 *address)
{
	if (!address[0] && !address[1] && address[2] == bpf_htonl(0xffff))
		return scope_of_v4(address[3]);
	return scope_of_v6(address[0]);
}

/* Reads the headers of a TCP packet from its IP header on; 0 when it is none. */
static __always_inline int read_headers(struct headers *h, unsigned char *ip, __u16 protocol)
{
	__u32 header = 40;

	if (protocol == bpf_htons(ETH_P_IP))
		header = 20;
	else if (protocol != bpf_htons(ETH_P_IPV6))
		return 0;
	if (bpf_probe_read_kernel(h->ip, header & 63, ip))
		return 0;
	if ((header == 20 ? h->ip[9] : h->ip[6]) != IPPROTO_TCP || (header == 20 && h->ip[0] != 0x45))
		return 0;
	return !bpf_probe_read_kernel(h->ports, sizeof(h->ports), ip + header);
}

/* Books one packet of a closed connection on its process. */
static __always_inline void count_closing(struct remote *service, struct net_device *dev, __u32 bytes, int rx)
{
	__u32 scope = SCOPE_LOOPBACK, *address = service->address;
	struct counters *c = counters_of(service->owner);
	struct interface *i;

	if (dev->ifindex != LOOPBACK_IFINDEX)
		scope = !address[0] && !address[1] && address[2] == bpf_htonl(0xffff) ? scope_of_v4(address[3]) :
											    scope_of_v6(address[0]);
	if (!c || scope >= SCOPES)
		return;
	__sync_fetch_and_add(rx ? &c->scopes[scope].wire_rx_bytes : &c->scopes[scope].wire_tx_bytes, bytes);
	__sync_fetch_and_add(rx ? &c->scopes[scope].wire_rx_packets : &c->scopes[scope].wire_tx_packets, 1);
	i = dev->nd_net.net->net_cookie == cfg_home ? interface_entry(dev->ifindex) : 0;
	if (i)
		__sync_fetch_and_add(rx ? &i->processes_rx : &i->processes_tx, bytes);
	add_remote(service, rx ? bytes : 0, rx ? 0 : bytes, 0);
}

/*
 * Whose packet it is that leaves in the name of a socket of the kernel's own. Before Linux 6.13 the last acknowledgement does;
 * since then it names what is left of its socket, and no program of a control group runs for it.
 */
static __noinline __u64 owner_of_last_word(struct __sk_buff *skb)
{
	__u32 header = IPV4_HEADER, bytes = 0;
	struct remote service = {};
	struct headers h = {};

	if (bpf_skb_load_bytes(skb, 0, h.ip, IPV4_HEADER))
		return SLOT_KERNEL_TCP;
	if (h.ip[0] != 0x45) {
		header = IPV6_HEADER;
		if (h.ip[0] >> 4 != 6 || bpf_skb_load_bytes(skb, 0, h.ip, IPV6_HEADER))
			return SLOT_KERNEL_TCP;
	}
	if (bpf_skb_load_bytes(skb, header, h.ports, sizeof(h.ports)) || !closing_of(&h, 0, &service, &bytes))
		return SLOT_KERNEL_TCP;
	add_remote(&service, 0, bytes, 0);
	return service.owner;
}

/* A packet that was received and ends here. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(on_drop, struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	struct remote service = {};
	struct headers h = {};
	__u32 bytes = 0;

	if (skb->skb_iif && dev && read_headers(&h, skb->head + skb->network_header, skb->protocol) &&
	    closing_of(&h, 1, &service, &bytes))
		count_closing(&service, dev, bytes, 1);
	return 0;
}

/*
 * A packet that leaves in the name of what is left of a socket. It is
 * counted on the interface that its socket used, not on another one below it.
 */
static __noinline int count_last_word(struct sk_buff *skb, struct net_device *dev)
{
	struct remote service = {};
	struct headers h = {};
	__u32 bytes = 0;

	if (!skb || !dev)
		return 0;
	if (!skb->skb_iif && read_headers(&h, skb->head + skb->network_header, skb->protocol) &&
	    closing_of(&h, 0, &service, &bytes) && (!service.interface || service.interface == dev->ifindex))
		count_closing(&service, dev, bytes, 0);
	return 0;
}

#endif
