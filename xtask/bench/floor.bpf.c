// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What the cheapest counter by process does, to compare with: payload, by process number, at the two tracepoints that every
 * call that sends or receives passes (Linux 6.3). It does not know who owns a socket, and sees no packet.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define PROCESSES 40960

struct sock;

struct moved {
	__u64 calls;
	__u64 bytes;
};

struct traffic {
	struct moved sent;
	struct moved received;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, PROCESSES);
	__type(key, __u64);
	__type(value, struct traffic);
} processes SEC(".maps");

static __always_inline struct traffic *current_traffic(void)
{
	static const struct traffic none;
	__u64 process = bpf_get_current_pid_tgid() >> 32;
	struct traffic *traffic = bpf_map_lookup_elem(&processes, &process);

	if (traffic)
		return traffic;
	bpf_map_update_elem(&processes, &process, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&processes, &process);
}

static __always_inline void add(struct moved *moved, int bytes)
{
	moved->calls++;
	moved->bytes += bytes;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(floor_send, struct sock *sk, int result, int flags)
{
	struct traffic *traffic;

	/* A call that failed has its error number here. */
	if (result <= 0)
		return 0;
	traffic = current_traffic();
	if (traffic)
		add(&traffic->sent, result);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(floor_receive, struct sock *sk, int result, int flags)
{
	struct traffic *traffic;

	if (result <= 0)
		return 0;
	traffic = current_traffic();
	if (traffic)
		add(&traffic->received, result);
	return 0;
}

/* What it costs to be called at all. */
SEC("tp_btf/sock_send_length")
int BPF_PROG(empty_send)
{
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(empty_receive)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
