#!/bin/busybox sh
# The guest's first process: makes a system around the conformance cases, plays them, and switches off.
#
# What they report leaves by the second serial line: the kernel writes on the first whenever it likes.

/bin/busybox --install -s /bin
# What is not busybox's goes first.
export PATH=/usr/bin:/bin

mkdir -p /proc /sys /dev /run /tmp
chmod 1777 /tmp
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /dev/pts
mount -t devpts none /dev/pts
mount -t bpf none /sys/fs/bpf
mount -t tracefs none /sys/kernel/tracing
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run
# Not /tmp: the cases link the test program into it, which works within one file system only.

stty -F /dev/ttyS1 raw
exec 3>/dev/ttyS1

for module in /modules/*.ko; do
  insmod "$module" || echo "$module does not load"
done
ip link set lo up

# Emulated, the other end of a cable takes packets so slowly that thousands wait. Dropped ones would be sent, and not carried.
echo 100000 > /proc/sys/net/core/netdev_max_backlog

# Some cases hold thousands of connections.
ulimit -n 65536

printf 'kernel\t%s\n' "$(uname -r)" >&3
/suite report-conformance "$CASES" >&3
printf 'over\t%s\n' "$?" >&3

poweroff -f
