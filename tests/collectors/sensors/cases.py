"""One line of each kind that resolvers, DHCP servers, packet filters and VPN gateways write, made up for the tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from engine.events import Value

REFERENCE = datetime(2024, 6, 1, tzinfo=UTC)

# source, line, what must come out of it
CASES: tuple[tuple[str, str, Mapping[str, Value]], ...] = (
    (
        "bind",
        ("03-Mar-2024 10:00:00.123 queries: info: client @0x7f00 192.0.2.9#4000 (www.example.org): view inside: query:"
        " www.example.org IN TXT +E(0)TDC (198.51.100.53)"),
        {"@timestamp": datetime(2024, 3, 3, 10, 0, 0, 123000, tzinfo=UTC), "dns.question.name": "www.example.org",
         "dns.question.type": "TXT", "dns.header_flags": ["RD", "CD"], "network.transport": "tcp", "log.level": "info",
         "source.ip": "192.0.2.9", "source.port": 4000, "observer.ip": ["198.51.100.53"], "bind.view": "inside",
         "bind.query.dnssec_ok": True, "dns.type": "query"},
    ),
    (
        "bind",
        ("Mar  3 10:00:00 ns1 named[71]: client @0x7f00 2001:db8::9#4000/key xfer (example.org):"
        " zone transfer 'example.org/AXFR/IN' denied"),
        {"source.ip": "2001:db8::9", "dns.question.name": "example.org", "dns.question.type": "AXFR",
         "dns.question.class": "IN", "event.type": ["denied", "protocol"], "event.outcome": "failure",
         "event.action": "zone-transfer-denied", "bind.tsig.key": "xfer", "host.name": "ns1"},
    ),
    (
        "bind",
        "client 192.0.2.9#4000 (a.example): query (cache) 'a.example/ANY/IN' denied (allow-query-cache did not match)",
        {"event.action": "query-cache-denied", "dns.question.name": "a.example",
         "dns.question.type": "ANY", "dns.question.class": "IN"},
    ),
    (
        "bind",
        "client @0x7f00 192.0.2.9#4000 (b.example): rpz QNAME NXDOMAIN rewrite b.example/A/IN via b.example.rpz.gov",
        {"rule.name": "b.example.rpz.gov", "bind.rpz.policy": "NXDOMAIN", "event.type": ["denied", "protocol"],
         "dns.question.type": "A", "dns.question.class": "IN"},
    ),
    (
        "bind",
        "resolver: info: SERVFAIL unexpected RCODE resolving 'c.example/AAAA/IN': 203.0.113.5#53",
        {"dns.response_code": "SERVFAIL", "source.ip": "203.0.113.5", "source.port": 53,
         "dns.question.name": "c.example", "dns.question.type": "AAAA", "bind.category": "resolver"},
    ),
    (
        "bind",
        "DNS format error from 203.0.113.5#53 resolving x.example/AAAA for client 192.0.2.9#4000: reply has no answer",
        {"source.ip": "203.0.113.5", "dns.question.name": "x.example", "dns.question.type": "AAAA",
         "event.outcome": "failure"},
    ),
    (
        "bind",
        "zone example.org/IN: notify from 203.0.113.5#4000: zone is up to date",
        {"source.ip": "203.0.113.5", "source.port": 4000, "bind.zone": "example.org/IN"},
    ),
    (
        "bind",
        "dispatch 0x7f00: shutting down due to TCP receive error: 203.0.113.5#53: connection reset",
        {"message": "dispatch 0x7f00: shutting down due to TCP receive error: 203.0.113.5#53: connection reset"},
    ),
    (
        "unbound",
        "[1709460000] unbound[71:2] error: SERVFAIL <y.example. A IN>: all servers for this domain failed",
        {"dns.response_code": "SERVFAIL", "dns.question.name": "y.example", "event.outcome": "failure"},
    ),
    (
        "unbound",
        "[1709460000] unbound[71:2] reply: 192.0.2.9 d.example. A IN NXDOMAIN 0.012500 1 77",
        {"@timestamp": datetime(2024, 3, 3, 10, tzinfo=UTC), "dns.question.name": "d.example", "dns.type": "answer",
         "dns.response_code": "NXDOMAIN", "event.duration": 12_500_000, "unbound.cached": True,
         "destination.bytes": 77, "source.ip": "192.0.2.9"},
    ),
    (
        "unbound",
        "Mar  3 10:00:00 ns2 unbound[71]: [71:0] info: ads.example. always_nxdomain 192.0.2.9@4000 x.ads.example. A IN",
        {"event.action": "always_nxdomain", "event.type": ["protocol", "denied"], "source.port": 4000,
         "unbound.zone": "ads.example", "dns.question.name": "x.ads.example"},
    ),
    (
        "unbound",
        "[1709460000] unbound[71:2] info: validation failure <e.example. A IN>: no keys have a DS",
        {"dns.question.name": "e.example", "event.outcome": "failure"},
    ),
    (
        "coredns",
        '[INFO] [2001:db8::9]:4000 - 77 "AAAA IN f.example. tcp 40 true 1232" SERVFAIL qr,aa,rd 140 0.5s',
        {"source.ip": "2001:db8::9", "dns.question.name": "f.example", "dns.header_flags": ["AA", "RD"],
         "event.outcome": "failure", "event.duration": 500_000_000, "network.iana_number": "6"},
    ),
    (
        "coredns",
        '{"log":"[ERROR] plugin/errors: 2 g.example. A: read udp: i/o timeout\\n","time":"2024-03-03T10:00:00.5Z"}',
        {"dns.question.name": "g.example", "event.outcome": "failure", "log.level": "error",
         "@timestamp": datetime(2024, 3, 3, 10, 0, 0, 500000, tzinfo=UTC)},
    ),
    (
        "dnsmasq",
        "Mar  3 10:00:00 gw dnsmasq[71]: 12 192.0.2.9/4000 query[AAAA] h.example from 192.0.2.9",
        {"dns.question.name": "h.example", "dns.question.type": "AAAA", "source.port": 4000, "dns.type": "query"},
    ),
    (
        "dnsmasq",
        "Mar  3 10:00:00 gw dnsmasq[71]: gravity blocked i.example is 0.0.0.0",
        {"event.type": ["protocol", "denied"], "dns.question.name": "i.example", "event.action": "gravity-blocked"},
    ),
    (
        "dnsmasq",
        "Mar  3 10:00:00 gw dnsmasq-dhcp[71]: DHCPACK(br0) 192.0.2.9 00:00:5e:00:53:01 pc9",
        {"source.ip": "192.0.2.9", "source.mac": "00-00-5E-00-53-01", "source.domain": "pc9",
         "event.outcome": "success", "network.protocol": "dhcp"},
    ),
    (
        "microsoft_dns",
        ("3/3/2024 10:00:01 PM 0E70 PACKET  00000000033397A0 UDP Snd 192.0.2.9       00b8 R Q [8385 A DR NXDOMAIN]"
        " A      (3)www(7)example(0)"),
        {"@timestamp": datetime(2024, 3, 3, 22, 0, 1, tzinfo=UTC), "dns.question.name": "www.example",
         "dns.header_flags": ["AA", "RD", "RA"], "dns.response_code": "NXDOMAIN", "dns.id": "184",
         "destination.ip": "192.0.2.9", "network.direction": "outbound"},
    ),
    (
        "isc_dhcp",
        ("<30>Mar  3 10:00:00 dhcp1 dhcpd[71]: DHCPREQUEST for 192.0.2.9 (192.0.2.1) from 00:00:5e:00:53:01 (pc9) via"
        " 192.0.2.2: wrong network."),
        {"source.ip": "192.0.2.9", "server.ip": "192.0.2.1", "source.domain": "pc9", "destination.ip": "192.0.2.2",
         "event.outcome": "failure", "event.reason": "wrong network.", "event.action": "DHCPREQUEST"},
    ),
    (
        "isc_dhcp",
        ("Advertise NA: address 2001:db8::9 to client with duid 00:01:00:01:2a:bb:cc:dd:00:00:5e:00:53:01 iaid = 1"
        " valid for 600 seconds"),
        {"source.ip": "2001:db8::9", "source.mac": "00-00-5E-00-53-01", "event.action": "advertise"},
    ),
    (
        "kea",
        ("2024-03-03 10:00:00.123 INFO  [kea-dhcp4.leases/71.140] DHCP4_LEASE_ALLOC [hwtype=1 00:00:5e:00:53:01],"
        " cid=[01:00:00:5e:00:53:01], tid=0x1a2b: lease 192.0.2.9 has been allocated for 4000 seconds"),
        {"source.ip": "192.0.2.9", "source.mac": "00-00-5E-00-53-01", "event.code": "DHCP4_LEASE_ALLOC",
         "event.outcome": "success", "@timestamp": datetime(2024, 3, 3, 10, 0, 0, 123000, tzinfo=UTC)},
    ),
    (
        "kea",
        ("2024-03-03 10:00:00 CET Address: 192.0.2.9 has been assigned for 1 hrs to a device with hardware address:"
        " hwtype=1 00:00:5e:00:53:01, client-id: 01:00 connected via relay at address: 192.0.2.2"),
        {"event.action": "lease-assigned", "destination.ip": "192.0.2.2",
         "@timestamp": datetime(2024, 3, 3, 9, tzinfo=UTC)},
    ),
    (
        "microsoft_dhcp",
        "10,03/03/24,10:00:00,Assign,192.0.2.9,PC9.example.org,00005E005301,,77,6,,,,0x4D,MSFT 5.0,,,,0",
        {"source.ip": "192.0.2.9", "source.domain": "pc9.example.org", "source.mac": "00-00-5E-00-53-01",
         "event.action": "dhcp-new", "event.type": ["allowed", "connection"], "event.outcome": "success",
         "@timestamp": datetime(2024, 3, 3, 10, tzinfo=UTC), "microsoft.dhcp.result_description":
         "No Quarantine Information", "microsoft.dhcp.vendor.string": "MSFT 5.0"},
    ),
    (
        "microsoft_dhcp",
        "56,03/03/24,10:00:00,Authorization failure,,example.org,,,0,6,,,,,,,,,0",
        {"event.action": "rogue-server-detection", "event.outcome": "failure", "event.code": "56"},
    ),
    (
        "infoblox",
        ("03-Mar-2024 10:00:00.123 client 192.0.2.9#4000: UDP: query: j.example IN A response: NOERROR +A"
        " j.example. 60 IN CNAME k.example.; k.example. 60 IN A 198.51.100.7;"),
        {"dns.question.name": "j.example", "dns.response_code": "NOERROR", "dns.answers.ttl": [60, 60],
         "dns.answers.type": ["CNAME", "A"], "dns.resolved_ip": ["198.51.100.7"], "network.transport": "udp"},
    ),
    (
        "infoblox",
        ("<29>Mar  3 10:00:00 192.0.2.1 httpd: 2024-03-03 09:00:00.123Z [eva]: Login_Denied - - to=AdminConnector"
        " ip=203.0.113.9 auth=LOCAL apparently_via=GUI error=invalid\\040login\\040or\\040password"),
        {"user.name": "eva", "source.ip": "203.0.113.9", "event.outcome": "failure", "event.action": "login_denied"},
    ),
    (
        "pf",
        ("Mar  3 10:00:00 fw filterlog[71]: 5,,,1000000103,igb1.12,match,block,in,4,0x0,,64,7,0,DF,6,tcp,60,"
        "203.0.113.9,192.0.2.9,4000,22,0,S,1,,1024,,mss"),
        {"source.ip": "203.0.113.9", "destination.port": 22, "event.action": "block", "rule.id": "5",
         "network.transport": "tcp", "network.bytes": 60, "network.direction": "inbound",
         "observer.ingress.vlan.id": "12", "event.type": ["connection", "denied"], "pf.tcp.flags": "S"},
    ),
    (
        "pf",
        ("Mar  3 10:00:00 fw filterlog: 9,,,abc,em0,match,pass,out,6,0x00,0xaf,64,udp,17,48,2001:db8::9,2001:db8::53,"
        "4000,53,48"),
        {"source.ip": "2001:db8::9", "destination.ip": "2001:db8::53", "destination.port": 53,
         "network.transport": "udp", "network.direction": "outbound"},
    ),
    (
        "snort",
        ('{"timestamp":"03/03-10:00:00.500000","pkt_num":5,"proto":"TCP","dir":"C2S","src_ap":"203.0.113.9:4000",'
        '"dst_ap":"2001:db8::9:22","rule":"1:2000001:3","action":"drop","msg":"ET SCAN","priority":2,"sid":2000001}'),
        {"source.ip": "203.0.113.9", "source.port": 4000, "destination.ip": "2001:db8::9", "destination.port": 22,
         "rule.name": "ET SCAN", "event.type": ["denied"]},
    ),
    (
        "snort",
        ("03/03-10:00:00.500000  [**] [1:2000001:3] ET SCAN [probe] of {things} [**] [Classification: Attempted"
        " Recon] [Priority: 2] {TCP} 203.0.113.9:4000 -> 192.0.2.9:22"),
        {"rule.name": "ET SCAN [probe] of {things}", "rule.id": "2000001", "event.severity": 2,
         "source.port": 4000, "destination.ip": "192.0.2.9", "event.kind": "alert",
         "@timestamp": datetime(2024, 3, 3, 10, 0, 0, 500000, tzinfo=UTC)},
    ),
    (
        "snort",
        ("<33>Mar  3 10:00:00 ids snort[71]: [1:2000002:1] NAME OF IT [Classification: Misc activity] [Priority: 3]:"
        " {ICMP} 203.0.113.9 -> 192.0.2.9"),
        {"rule.category": "Misc activity", "network.transport": "icmp", "source.ip": "203.0.113.9"},
    ),
    (
        "snort",
        ("03/03/24-10:00:00.5 [drop] [**] [1:2000003:1] V6 [**] [Priority: 1] {UDP} fe80:0:0:0:0:0:0:1:4000 ->"
        " ff02:0:0:0:0:0:0:fb:5353"),
        {"source.ip": "fe80:0:0:0:0:0:0:1", "source.port": 4000, "destination.port": 5353, "event.action": "drop"},
    ),
    (
        "snort",
        "03/03-10:00:00.5  [**] [1:2000004:1] N [**] [Priority: 3] <eth0> {TCP} 203.0.113.9:4000 -> 192.0.2.9:22",
        {"observer.ingress.interface.name": "eth0", "network.transport": "tcp", "source.ip": "203.0.113.9",
         "destination.port": 22},
    ),
    (
        "snort",
        ('<33>Mar  3 10:00:00 gw snort[71]: 03/03/24-10:00:00.500000 ,1,2000005,2,"SCAN, of things",TCP,203.0.113.9,'
        "4000,192.0.2.9,22,771,Attempted Recon,2,drop,Drop"),
        {"rule.id": "2000005", "rule.version": "2", "rule.name": "SCAN, of things", "source.ip": "203.0.113.9",
         "source.port": 4000, "destination.ip": "192.0.2.9", "destination.port": 22, "event.severity": 2,
         "rule.category": "Attempted Recon", "event.action": "drop", "event.type": ["denied"], "host.name": "gw",
         "@timestamp": datetime(2024, 3, 3, 10, 0, 0, 500000, tzinfo=UTC)},
    ),
    (
        "snort",
        ('03/03/24-10:00:00.500000 ,1,2000006,2,"SCAN",ICMP,203.0.113.9,,192.0.2.9,,00:00:5E:00:53:01,'
        "00:00:5E:00:53:02,0x4A,,,,,,64,0,51,60,60,8,0,1,1"),
        {"network.transport": "icmp", "source.mac": "00-00-5E-00-53-01", "destination.mac": "00-00-5E-00-53-02",
         "event.action": None, "event.type": ["info"]},
    ),
    (
        "netfilter",
        ("Mar  3 10:00:00 gw kernel: [12345.678901] [UFW BLOCK] IN=eth0 OUT= MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:"
        "08:00 SRC=203.0.113.9 DST=192.0.2.9 LEN=60 TOS=0x00 TTL=64 ID=7 DF PROTO=TCP SPT=4000 DPT=22 WINDOW=1024 SYN"),
        {"source.ip": "203.0.113.9", "source.mac": "00-00-5E-00-53-02", "destination.mac": "00-00-5E-00-53-01",
         "destination.port": 22, "event.action": "drop", "event.type": ["denied", "connection"],
         "rule.name": "UFW BLOCK", "network.direction": "inbound", "iptables.tcp.flags": ["SYN"]},
    ),
    (
        "netfilter",
        ("kernel: FINAL_REJECT: IN=eth0 OUT=eth1 SRC=192.0.2.9 DST=203.0.113.9 LEN=88 PROTO=ICMP TYPE=3 CODE=1"
        " [SRC=203.0.113.9 DST=198.51.100.1 LEN=60 PROTO=TCP SPT=1 DPT=2 ]"),
        {"source.ip": "192.0.2.9", "destination.ip": "203.0.113.9", "network.transport": "icmp",
         "event.action": "reject"},
    ),
    (
        "ivanti_connect",
        ('Mar  3 10:00:00 vpn1 PulseSecure: id=firewall time="2024-03-03 10:00:00" pri=5 fw=192.0.2.1 vpn=vpn1 user=eva'
        ' realm="Staff" roles="Admins, Users" proto=auth src=203.0.113.9 dst= dstname= type=vpn op= arg="" result='
        ' sent=10 rcvd=20 agent="Mozilla/5.0" duration=3 msg="AUT24327: Primary authentication failed for eva/LDAP from'
        ' 203.0.113.9"'),
        {"user.name": "eva", "user.domain": "Staff", "user.roles": ["Admins", "Users"], "source.ip": "203.0.113.9",
         "event.code": "AUT24327", "event.outcome": "failure", "service.type": "vpn", "source.bytes": 10,
         "user_agent.original": "Mozilla/5.0", "event.category": ["authentication"]},
    ),
    (
        "ivanti_connect",
        ("Mar  3 10:00:00 n1 1 2024-03-03T10:00:00+01:00 192.0.2.1 PulseSecure: - - - 2024-03-03 10:00:00 - n1 -"
        " [203.0.113.9] Root::eva(Staff)[Users] - Login failed using auth server LDAP (LDAP Server).  Reason: Failed"),
        {"user.name": "eva", "event.outcome": "failure", "event.action": "login", "source.ip": "203.0.113.9",
         "event.reason": "Failed", "@timestamp": datetime(2024, 3, 3, 9, tzinfo=UTC), "observer.name": "n1"},
    ),
    (
        "strongswan",
        ("Mar  3 10:00:00 gw charon[71]: 13[IKE] <rw|7> IKE_SA rw[7] established between 192.0.2.1[CN=gw]..."
        "203.0.113.9[eva@example.org]"),
        {"source.ip": "203.0.113.9", "destination.ip": "192.0.2.1", "user.name": "eva@example.org",
         "event.action": "ike-sa-established", "event.outcome": "success", "strongswan.connection": "rw"},
    ),
    (
        "strongswan",
        "Mar  3 10:00:00 gw charon: 05[IKE] EAP method EAP_MSCHAPV2 failed for peer eva@example.org",
        {"user.name": "eva@example.org", "event.outcome": "failure", "event.action": "authentication",
         "event.category": ["network", "authentication"]},
    ),
    (
        "strongswan",
        "Mar  3 10:00:00 gw charon: 05[IKE] no IKE config found for 192.0.2.1...203.0.113.9, sending NO_PROPOSAL",
        {"source.ip": "203.0.113.9", "event.outcome": "failure", "event.action": "negotiation-failed"},
    ),
    (
        "wireguard",
        ("Mar  3 10:00:00 gw kernel: [12345.678901] wireguard: wg0: Receiving handshake initiation from peer 3"
        " (203.0.113.9:51820)"),
        {"source.ip": "203.0.113.9", "source.port": 51820, "wireguard.peer.id": "3",
         "event.action": "handshake-initiation-received", "observer.ingress.interface.name": "wg0"},
    ),
    (
        "wireguard",
        ("Mar  3 10:00:00 gw kernel: wireguard: wg0: Packet has unallowed src IP (198.51.100.4) from peer 3"
        " ([2001:db8::9]:51820)"),
        {"source.ip": "2001:db8::9", "event.outcome": "failure", "wireguard.packet.source": "198.51.100.4"},
    ),
)  # fmt: skip

BY_SOURCE: dict[str, tuple[str, ...]] = {
    name: tuple(line for source, line, _ in CASES if source == name)
    for name in dict.fromkeys(case[0] for case in CASES)
}
