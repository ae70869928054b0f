/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Processes: who is it, which slot has it, what is its name. */
#ifndef BWUSAGE_PROCESS_H
#define BWUSAGE_PROCESS_H

/* The helper asks for the protocol only, and a raw socket can have that of TCP: what it would read there lies behind its end. */
static __always_inline struct tcp_sock *tcp_of(struct sock *sk)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	return tcp && sk->sk_type == SOCK_STREAM ? tcp : 0;
}

/* USER_HZ ticks, the unit of field 22 in /proc/PID/stat. */
#define NS_PER_TICK 10000000ULL
/* PID_MAX_LIMIT is 2^22, so that a process number and 42 bits of ticks (1,400 years) share a word. */
#define PROCESS_PID_SHIFT 42

/*
 * The process that `task` is a thread of: number and start time. An exec by any thread keeps both, because de_thread()
 * hands the leader's start time on.
 */
static __always_inline __u64 process_of(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	return (__u64)leader->tgid << PROCESS_PID_SHIFT |
	       (leader->start_boottime / NS_PER_TICK & ((1ULL << PROCESS_PID_SHIFT) - 1));
}

/* The same without a division, for comparing only: unique enough that two processes never share it (ns and number). */
static __always_inline __u64 who(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	return leader->start_boottime ^ (__u64)leader->tgid << PROCESS_PID_SHIFT;
}

/*
 * Writes the path of the executable, right-aligned. The place to write at is kept in map memory: in a register it would
 * be a different known value on each turn, and the verifier would walk every one of them (E2BIG).
 */
static __always_inline void write_exe(struct identity *id, struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct dentry *dentry, *parent, *root;
	struct file *file;
	struct mount *mount;

	*(volatile __u16 *)&id->exe_at = EXE_BYTES - 1;
	id->exe[EXE_BYTES - 1] = 0;
	if (!mm)
		return;
	file = BPF_CORE_READ(mm, exe_file);
	if (!file)
		return;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	mount = (void *)BPF_CORE_READ(file, f_path.mnt) - bpf_core_field_offset(struct mount, mnt);
	for (int i = 0; i < 40; i++) {
		const unsigned char *name;
		__u32 len, at;

		root = BPF_CORE_READ(mount, mnt.mnt_root);
		parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry == root || dentry == parent) {
			struct mount *up = BPF_CORE_READ(mount, mnt_parent);

			if (up == mount)
				return;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = up;
			continue;
		}
		len = BPF_CORE_READ(dentry, d_name.len);
		name = BPF_CORE_READ(dentry, d_name.name);
		at = *(volatile __u16 *)&id->exe_at;
		if (len >= COMPONENT_BYTES || at < len + 1)
			break;
		at -= len;
		/* at < EXE_BYTES and len < COMPONENT_BYTES stay inside exe[] and guard[] */
		bpf_probe_read_kernel(&id->exe[at & (EXE_BYTES - 1)], len & (COMPONENT_BYTES - 1), name);
		at -= 1;
		id->exe[at & (EXE_BYTES - 1)] = '/';
		*(volatile __u16 *)&id->exe_at = at & (EXE_BYTES - 1);
		dentry = parent;
	}
	id->flags |= IDENTITY_EXE_CUT;
}

static __always_inline void write_args(struct identity *id, struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	unsigned long start, len;

	if (!mm)
		return;
	start = BPF_CORE_READ(mm, arg_start);
	len = BPF_CORE_READ(mm, arg_end) - start;
	if (len > ARGS_BYTES - 1) {
		len = ARGS_BYTES - 1;
		id->flags |= IDENTITY_ARGS_CUT;
	}
	if (bpf_probe_read_user(id->args, len & (ARGS_BYTES - 1), (void *)start) == 0)
		id->args_len = len;
}

static __always_inline void write_identity(struct identity *id, struct task_struct *task, int is_current)
{
	struct task_struct *leader = task->group_leader;

	id->flags = 0;
	id->args_len = 0;
	id->parent = BPF_CORE_READ(leader, real_parent, tgid);
	id->uid = BPF_CORE_READ(leader, cred, euid.val);
	id->netns = BPF_CORE_READ(leader, nsproxy, net_ns, ns.inum);
	id->cgroup = BPF_CORE_READ(leader, cgroups, dfl_cgrp, kn, id);
	bpf_probe_read_kernel(id->comm, COMM_BYTES, leader->comm);
	write_exe(id, task);
	/* Another task's memory cannot be read from here: the daemon reads /proc/PID/cmdline of those. */
	if (is_current)
		write_args(id, task);
	else
		id->flags |= IDENTITY_ARGS_CUT;
}

static __noinline int describe(__u32 number, struct task_struct *task, int is_current)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &number);
	struct identity *id;

	if (!slot)
		return 0;
	id = bpf_map_lookup_elem(&identities, &number);
	if (!id) {
		__u32 zero = 0;
		struct identity *empty = bpf_map_lookup_elem(&blank, &zero);

		if (!empty)
			return 0;
		bpf_map_update_elem(&identities, &number, empty, BPF_NOEXIST);
		id = bpf_map_lookup_elem(&identities, &number);
		if (!id) {
			lose(LOSS_IDENTITY);
			return 0;
		}
	}
	__sync_fetch_and_add(&slot->identity_version, 1);
	write_identity(id, task, is_current);
	__sync_fetch_and_add(&slot->identity_version, 1);
	return 0;
}

/* Gives `process` a slot. Returns its owner word, or the residual's when there is none left. */
static __noinline __u64 give_slot(__u64 process, struct task_struct *task, int is_current)
{
	__u32 number = 0, none = SLOT_NONE;
	struct slot *slot, *highest;
	__u64 owner, *other;

	if (bpf_map_pop_elem(&free_slots, &number)) {
		lose(LOSS_SLOT);
		return SLOT_TABLE_FULL;
	}
	slot = bpf_map_lookup_elem(&slots, &number);
	highest = bpf_map_lookup_elem(&slots, &none);
	if (!slot || !highest)
		return SLOT_TABLE_FULL;
	owner = (__u64)slot->generation << 32 | number;
	if (bpf_map_update_elem(&processes, &process, &owner, BPF_NOEXIST)) {
		/* Another thread of the process was faster, or the table is full. */
		bpf_map_push_elem(&free_slots, &number, 0);
		other = bpf_map_lookup_elem(&processes, &process);
		if (other)
			return *other;
		lose(LOSS_SLOT);
		return SLOT_TABLE_FULL;
	}
	slot->process = process;
	slot->identity_version = 0;
	/* The daemon takes a slot for used once the flag is there, and reads the process after it. */
	__sync_lock_test_and_set(&slot->flags, SLOT_USED);
	if (number > highest->process)
		highest->process = number;
	describe(number, task, is_current);
	return owner;
}

static __always_inline __u64 owner_of(struct task_struct *task, int is_current)
{
	__u64 process = process_of(task), *owner = bpf_map_lookup_elem(&processes, &process);

	return owner ? *owner : give_slot(process, task, is_current);
}

#endif
