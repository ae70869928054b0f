/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Numbers that the kernel gives a meaning: from its user interface, or unchanged inside it for as long as it is here. */
#ifndef BWUSAGE_NUMBERS_H
#define BWUSAGE_NUMBERS_H

#define AF_INET 2
#define AF_INET6 10
#define AF_PACKET 17
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define MSG_PEEK 2
#define MSG_ERRQUEUE 0x2000

#define IPPROTO_HOPOPTS 0
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_ICMPV6 58
#define IPPROTO_SCTP 132
#define IPPROTO_UDPLITE 136
/* A raw socket of this protocol sends packets that have their IP header already. */
#define IPPROTO_RAW 255
#define IPPROTO_MPTCP 262
#define EAGAIN 11

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define FRAGMENT_HEADER 8
/* What every link must carry whole (RFC 8200, 5): nobody cuts a smaller packet. */
#define IPV6_MIN_MTU 1280
/* Of Ethernet. */
#define USUAL_MTU 1500
#define UDP_HEADER 8
#define TCP_HEADER 20
#define SCTP_HEADER 12

#define ETHERNET_HEADER 14
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88a8

/* The loopback interface has this number in every network namespace. */
#define LOOPBACK_IFINDEX 1
/* skb->mac_header when there is none. */
#define NO_MAC_HEADER 0xffff

/* skc_state: net/tcp_states.h */
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_FIN_WAIT1 4
#define TCP_FIN_WAIT2 5
#define TCP_TIME_WAIT 6
#define TCP_CLOSE 7
#define TCP_CLOSE_WAIT 8
#define TCP_LISTEN 10
/* The flags of a segment, and where they are in its header (RFC 9293, 3.1). */
#define TCP_FLAGS_OFFSET 13
#define TCP_FIN 0x01
#define TCP_SYN 0x02
/* enum sock_flags: the other side will send no more. */
#define SOCK_DONE 1

/* task_struct.flags */
#define PF_EXITING 0x00000004
#define PF_KTHREAD 0x00200000

#endif
