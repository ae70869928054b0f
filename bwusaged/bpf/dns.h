/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the machine is answered when it asks for names: the daemon reads it, the kernel side only copies. */
#ifndef BWUSAGE_DNS_H
#define BWUSAGE_DNS_H

#define PORT_DNS 53

static __noinline int copy_answer(struct __sk_buff *skb, __u32 at)
{
	struct dns_record *record;
	__u32 length;

	if (skb->len <= at + 12)
		return 0;
	length = skb->len - at;
	if (length > DNS_BYTES)
		length = DNS_BYTES;
	record = bpf_ringbuf_reserve(&dns, sizeof(*record), 0);
	if (!record)
		return 0;
	record->length = length;
	record->pad = 0;
	/* For the verifier, which has forgotten both bounds by now. */
	if (length < 1 || length > DNS_BYTES || bpf_skb_load_bytes(skb, at, record->bytes, length))
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
	else
		bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

/* A datagram from port 53. */
static __always_inline void overhear(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 header;

	if (data + 48 > end)
		return;
	if (data[0] >> 4 == 4) {
		/* With options: not from any resolver that we know. */
		if (data[9] != IPPROTO_UDP || data[0] != 0x45)
			return;
		header = 20;
	} else {
		if (data[6] != IPPROTO_UDP)
			return;
		header = 40;
	}
	if (*(__u16 *)(data + header) == bpf_htons(PORT_DNS))
		copy_answer(skb, header + UDP_HEADER);
}

#endif
