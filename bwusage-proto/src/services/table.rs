//! The registered names of ports.

pub(super) use Transport::{Both, Tcp, Udp};

/// What carries a service.
#[derive(Debug, Clone, Copy)]
pub(super) enum Transport {
    Tcp,
    Udp,
    Both,
}

/// In the order of the ports.
#[rustfmt::skip]
pub(super) const TABLE: &[(u16, Transport, &str)] = &[
    (7, Both, "echo"), (9, Both, "discard"), (13, Both, "daytime"), (17, Both, "qotd"),
    (19, Both, "chargen"), (20, Tcp, "ftp-data"), (21, Tcp, "ftp"), (22, Tcp, "ssh"), (23, Tcp, "telnet"),
    (25, Tcp, "smtp"), (37, Both, "time"), (43, Tcp, "nicname"), (49, Both, "tacacs"), (53, Both, "domain"),
    (67, Udp, "bootps"), (68, Udp, "bootpc"), (69, Udp, "tftp"), (70, Tcp, "gopher"), (79, Tcp, "finger"),
    (80, Both, "http"), (88, Both, "kerberos"), (102, Tcp, "iso-tsap"), (110, Tcp, "pop3"),
    (111, Both, "sunrpc"), (113, Tcp, "ident"), (119, Tcp, "nntp"), (123, Udp, "ntp"), (135, Both, "epmap"),
    (137, Both, "netbios-ns"), (138, Both, "netbios-dgm"), (139, Both, "netbios-ssn"), (143, Tcp, "imap"),
    (161, Both, "snmp"), (162, Both, "snmptrap"), (177, Both, "xdmcp"), (179, Tcp, "bgp"),
    (194, Both, "irc"), (319, Udp, "ptp-event"), (320, Udp, "ptp-general"), (389, Both, "ldap"),
    (427, Both, "svrloc"), (443, Both, "https"), (445, Both, "microsoft-ds"), (464, Both, "kpasswd"),
    (465, Tcp, "submissions"), (500, Udp, "isakmp"), (502, Both, "mbap"), (514, Tcp, "shell"),
    (514, Udp, "syslog"), (515, Tcp, "printer"), (520, Udp, "router"), (546, Both, "dhcpv6-client"),
    (547, Both, "dhcpv6-server"), (548, Both, "afpovertcp"), (554, Both, "rtsp"), (563, Both, "nntps"),
    (587, Tcp, "submission"), (593, Both, "http-rpc-epmap"), (623, Udp, "asf-rmcp"), (631, Both, "ipp"),
    (636, Both, "ldaps"), (646, Both, "ldp"), (749, Both, "kerberos-adm"), (853, Both, "domain-s"),
    (860, Tcp, "iscsi"), (873, Tcp, "rsync"), (989, Both, "ftps-data"), (990, Both, "ftps"),
    (992, Both, "telnets"), (993, Tcp, "imaps"), (995, Tcp, "pop3s"), (1080, Both, "socks"),
    (1194, Both, "openvpn"), (1352, Both, "lotusnote"), (1433, Both, "ms-sql-s"), (1434, Both, "ms-sql-m"),
    (1494, Both, "ica"), (1701, Both, "l2tp"), (1719, Both, "h323gatestat"), (1720, Both, "h323hostcall"),
    (1723, Both, "pptp"), (1755, Both, "ms-streaming"), (1812, Both, "radius"), (1813, Both, "radius-acct"),
    (1863, Both, "msnp"), (1883, Both, "mqtt"), (1900, Both, "ssdp"), (1935, Both, "macromedia-fcs"),
    (2049, Both, "nfs"), (2083, Both, "radsec"), (2123, Both, "gtp-control"), (2152, Both, "gtp-user"),
    (2375, Tcp, "docker"), (2376, Tcp, "docker-s"), (2377, Tcp, "swarm"), (2379, Tcp, "etcd-client"),
    (2380, Tcp, "etcd-server"), (2404, Both, "iec-104"), (2427, Both, "mgcp-gateway"), (2628, Both, "dict"),
    (3050, Both, "gds-db"), (3074, Both, "xbox"), (3205, Both, "isns"), (3260, Both, "iscsi-target"),
    (3268, Both, "msft-gc"), (3269, Both, "msft-gc-ssl"), (3306, Both, "mysql"),
    (3389, Both, "ms-wbt-server"), (3478, Both, "stun"), (3544, Udp, "teredo"), (3689, Both, "daap"),
    (3690, Both, "svn"), (3702, Both, "ws-discovery"), (3724, Both, "blizwow"), (3784, Udp, "bfd-control"),
    (3785, Udp, "bfd-echo"), (3799, Udp, "radius-dynauth"), (4190, Tcp, "sieve"), (4369, Both, "epmd"),
    (4420, Both, "nvme"), (4460, Tcp, "ntske"), (4500, Udp, "ipsec-nat-t"), (4569, Udp, "iax"),
    (4739, Both, "ipfix"), (4740, Both, "ipfixs"), (4789, Udp, "vxlan"), (4840, Tcp, "opcua-tcp"),
    (4949, Tcp, "munin"), (5004, Both, "avt-profile-1"), (5005, Both, "avt-profile-2"), (5060, Both, "sip"),
    (5061, Both, "sips"), (5190, Both, "aol"), (5222, Tcp, "xmpp-client"), (5269, Tcp, "xmpp-server"),
    (5349, Both, "stuns"), (5351, Udp, "pcp"), (5353, Both, "mdns"), (5355, Both, "llmnr"),
    (5432, Both, "postgresql"), (5666, Tcp, "nrpe"), (5671, Both, "amqps"), (5672, Both, "amqp"),
    (5683, Both, "coap"), (5684, Both, "coaps"), (5900, Both, "rfb"), (5938, Both, "teamviewer"),
    (5984, Both, "couchdb"), (5985, Tcp, "wsman"), (5986, Tcp, "wsmans"), (6000, Both, "x11"),
    (6081, Udp, "geneve"), (6343, Both, "sflow"), (6379, Tcp, "redis"), (6514, Tcp, "syslog-tls"),
    (6566, Tcp, "sane-port"), (6667, Tcp, "ircu"), (6697, Tcp, "ircs-u"), (8008, Both, "http-alt"),
    (8080, Both, "http-alt"), (8140, Tcp, "puppet"), (8443, Tcp, "pcsync-https"), (8554, Both, "rtsp-alt"),
    (8883, Both, "secure-mqtt"), (9100, Both, "pdl-datastream"), (9418, Both, "git"), (10000, Both, "ndmp"),
    (10050, Both, "zabbix-agent"), (10051, Both, "zabbix-trapper"), (11211, Both, "memcache"),
    (11371, Both, "hkp"), (20000, Both, "dnp"), (25565, Tcp, "minecraft"), (27017, Tcp, "mongodb"),
    (33060, Tcp, "mysqlx"), (44818, Both, "EtherNet-IP-2"), (47808, Both, "bacnet"),
];
