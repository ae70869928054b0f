/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The calls that use a socket, seen at the kernel's own functions: for kernels that lack the tracepoints sock_send_length and
 * sock_recv_length (before Linux 6.3). Needs use(), add_payload(), copied_since() and count_frame().
 *
 * A program at the entry says who uses the socket before anything moves; one at the exit gets the arguments and the result:
 * a length, or a negative number when the call failed. Each function has programs of its own, as a program is loaded for
 * one function; which of them exist in this kernel, the loader finds out.
 */
#ifndef BWUSAGE_FENTRY_H
#define BWUSAGE_FENTRY_H

static __noinline int begin_call(struct socket *socket)
{
	struct sock *sk = socket ? socket->sk : 0;
	__u64 owner;

	if (sk)
		use(sk, &owner);
	return 0;
}

static __noinline int count_sent(struct socket *socket, int bytes)
{
	struct sock *sk = socket ? socket->sk : 0;
	struct socket_state *state;
	__u64 owner;

	if (!sk)
		return 0;
	state = use(sk, &owner);
	if (state && bytes > 0)
		add_payload(sk, state, owner, bytes, 0);
	return 0;
}

static __noinline int count_received(struct socket *socket, int bytes, int flags)
{
	struct sock *sk = socket ? socket->sk : 0;
	struct socket_state *state;
	__u64 owner;

	if (!sk)
		return 0;
	state = use(sk, &owner);
	/* As in on_receive. */
	if (state && bytes > 0 && !(flags & (MSG_PEEK | MSG_ERRQUEUE)))
		add_payload(sk, state, owner, copied_since(sk, state, bytes), 1);
	return 0;
}

/*
 * Before Linux 6.5, sendfile() of a protocol that cannot take over pages sends from the kernel's memory, inside
 * inet_sendpage(), which is counted already. No program sends from there.
 */
static __always_inline int is_part_of_sendpage(struct msghdr *message)
{
	struct iov_iter___before_5_14 *before;

	if (!bpf_core_field_exists(struct proto, sendpage))
		return 0;
	if (bpf_core_field_exists(struct iov_iter, iter_type))
		return message->msg_iter.iter_type == bpf_core_enum_value(enum iter_type, ITER_KVEC);
	before = (void *)&message->msg_iter;
	return BPF_CORE_READ(before, type) & bpf_core_enum_value(enum iter_type, ITER_KVEC);
}

SEC("fentry/inet_sendmsg")
int BPF_PROG(before_inet_sendmsg, struct socket *socket)
{
	return begin_call(socket);
}

SEC("fexit/inet_sendmsg")
int BPF_PROG(after_inet_sendmsg, struct socket *socket, struct msghdr *message, unsigned long size, int sent)
{
	return is_part_of_sendpage(message) ? 0 : count_sent(socket, sent);
}

SEC("fentry/inet6_sendmsg")
int BPF_PROG(before_inet6_sendmsg, struct socket *socket)
{
	return begin_call(socket);
}

SEC("fexit/inet6_sendmsg")
int BPF_PROG(after_inet6_sendmsg, struct socket *socket, struct msghdr *message, unsigned long size, int sent)
{
	return is_part_of_sendpage(message) ? 0 : count_sent(socket, sent);
}

/* sendfile() and splice(), until Linux 6.5 made them ordinary sends. */
SEC("fentry/inet_sendpage")
int BPF_PROG(before_inet_sendpage, struct socket *socket)
{
	return begin_call(socket);
}

SEC("fexit/inet_sendpage")
int BPF_PROG(after_inet_sendpage, struct socket *socket, void *page, int offset, unsigned long size, int flags, long sent)
{
	return count_sent(socket, sent);
}

SEC("fentry/inet_recvmsg")
int BPF_PROG(before_inet_recvmsg, struct socket *socket)
{
	return begin_call(socket);
}

SEC("fexit/inet_recvmsg")
int BPF_PROG(after_inet_recvmsg, struct socket *socket, void *message, unsigned long size, int flags, int received)
{
	return count_received(socket, received, flags);
}

SEC("fentry/inet6_recvmsg")
int BPF_PROG(before_inet6_recvmsg, struct socket *socket)
{
	return begin_call(socket);
}

SEC("fexit/inet6_recvmsg")
int BPF_PROG(after_inet6_recvmsg, struct socket *socket, void *message, unsigned long size, int flags, int received)
{
	return count_received(socket, received, flags);
}

/* Raw sockets of IPv6, L2TP and DCCP; those of other families as well, which use() leaves alone. */
SEC("fentry/sock_common_recvmsg")
int BPF_PROG(before_common_recvmsg, struct socket *socket)
{
	return begin_call(socket);
}

SEC("fexit/sock_common_recvmsg")
int BPF_PROG(after_common_recvmsg, struct socket *socket, void *message, unsigned long size, int flags, int received)
{
	return count_received(socket, received, flags);
}

/* splice(2) from a socket. */
SEC("fentry/tcp_splice_read")
int BPF_PROG(before_splice, struct socket *socket)
{
	return begin_call(socket);
}

SEC("fexit/tcp_splice_read")
int BPF_PROG(after_splice, struct socket *socket, void *offset, void *pipe, unsigned long size, unsigned int flags, long received)
{
	return count_received(socket, received, 0);
}

SEC("fexit/packet_sendmsg")
int BPF_PROG(after_packet_sendmsg, struct socket *socket, void *message, unsigned long size, int sent)
{
	return count_frame(socket->sk, sent);
}

/* The same of SOCK_PACKET, the oldest kind. */
SEC("fexit/packet_sendmsg_spkt")
int BPF_PROG(after_packet_sendmsg_spkt, struct socket *socket, void *message, unsigned long size, int sent)
{
	return count_frame(socket->sk, sent);
}

#endif
