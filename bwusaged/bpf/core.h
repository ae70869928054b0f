/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Kernel types, reduced to the fields that are read; CO-RE finds their true offsets when the object is loaded. */
#ifndef BWUSAGE_CORE_H
#define BWUSAGE_CORE_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct qstr {
	__u32 len;
	const unsigned char *name;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	struct path f_path;
};
struct mm_struct {
	struct file *exe_file;
	unsigned long arg_start;
	unsigned long arg_end;
};
typedef struct {
	int counter;
} atomic_t;
struct signal_struct {
	atomic_t live;
};
typedef struct {
	__u32 val;
} kuid_t;
struct cred {
	kuid_t euid;
};
struct ns_common {
	unsigned int inum;
};
struct net {
	struct ns_common ns;
	__u64 net_cookie;
};
typedef struct {
	struct net *net;
} possible_net_t;
struct nsproxy {
	struct net *net_ns;
};
struct kernfs_node {
	__u64 id;
};
struct cgroup {
	struct kernfs_node *kn;
};
struct css_set {
	struct cgroup *dfl_cgrp;
};
struct task_struct {
	struct nsproxy *nsproxy;
	unsigned int flags;
	int pid;
	int tgid;
	__u64 start_boottime;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct mm_struct *mm;
	struct signal_struct *signal;
	const struct cred *cred;
	struct css_set *cgroups;
	char comm[16];
};
struct linux_binprm {
	const char *filename;
};

struct in6_addr {
	union {
		__u32 u6_addr32[4];
	} in6_u;
};
struct sock_common {
	unsigned int skc_daddr, skc_rcv_saddr;
	unsigned short skc_dport;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
	unsigned long skc_flags;
};
typedef struct {
	int owned;
} socket_lock_t;
struct net_device {
	unsigned int mtu;
	int ifindex;
	possible_net_t nd_net;
};
struct dst_entry {
	struct net_device *dev;
};
/* Since Linux 6.18. */
struct numa_drop_counters {
	atomic_t drops0, drops1;
};
struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	atomic_t sk_drops;
	struct numa_drop_counters *sk_drop_counters;
	struct dst_entry *sk_dst_cache;
	int sk_rx_dst_ifindex, sk_err;
	__u8 sk_kern_sock : 1;
	__u16 sk_type, sk_protocol;
};
struct inet_sock {
	unsigned short inet_sport;
};
struct inet_connection_sock {
	const void *icsk_ulp_ops;
	void *icsk_ulp_data;
};
struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 copied_seq, rcv_nxt;
	__u16 tcp_header_len;
	__u32 segs_out, segs_in, data_segs_out, data_segs_in;
	__u64 bytes_sent, bytes_received;
	_Bool is_mptcp;
};
struct udp_sock {
	__u16 gso_size;
};
struct mptcp_sock {
	struct sock *first;
};
struct mptcp_subflow_context {
	__u32 mp_capable : 1, mp_join : 1;
	struct sock *conn;
};
struct socket {
	short type;
	struct sock *sk;
};

/* Since Linux 5.14. The type of before, and the direction in its lowest bit, are below. */
struct iov_iter {
	__u8 iter_type;
};
struct iov_iter___before_5_14 {
	unsigned int type;
};
struct msghdr {
	struct iov_iter msg_iter;
};
enum iter_type {
	ITER_KVEC = 1,
};
/* Until Linux 6.4. */
struct proto {
	void *sendpage;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned int len;
	int skb_iif;
	__u16 protocol, network_header, transport_header, mac_header;
	unsigned int end;
	unsigned char *head, *data;
	char cb[48];
};
/* The beginning of skb->cb while a packet is inside IP; of IPv6 another. */
struct inet_skb_parm {
	__u16 frag_max_size;
};
struct inet6_skb_parm {
	__u16 frag_max_size;
};
/* The same while it is inside TCP. */
struct tcp_skb_cb {
	__u32 seq, end_seq;
};
struct skb_shared_info {
	unsigned short gso_size, gso_segs;
};

struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};
struct bpf_map;
struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	struct sock *sk;
	void *value;
};
struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
};

#pragma clang attribute pop
#endif
