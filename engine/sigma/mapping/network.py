"""Firewalls, resolvers, routers and network sensors: the Sigma taxonomy, Zeek's log fields, and vendors' own names.

Sources: the Sigma taxonomy for `firewall` and `dns`; Zeek's reference of log files; the exported fields of Elastic's
zeek, suricata, cisco, fortinet, panw and netflow integrations.
"""

from __future__ import annotations

from typing import Final

from engine.sigma.mapping.table import FieldTable, Names, table_of, words
from engine.sigma.mapping.web import W3C

FLOW: Final[Names] = table_of("""
    src_ip            source.ip source.address
    src_port          source.port
    src_mac           source.mac
    src_country       source.geo.country_iso_code source.geo.country_name
    dst_ip            destination.ip destination.address
    dst_port          destination.port
    dst_country       destination.geo.country_iso_code destination.geo.country_name
    username          user.name source.user.name
    protocol          network.transport network.protocol
    hostname          host.name observer.name
    destination.port  destination.port
    source.port       source.port
    destination.ip    destination.ip
    source.ip         source.ip
""")
_FIREWALL: Final[Names] = {**W3C, **FLOW, "action": ("event.action",)}
DNS: Final[Names] = table_of("""
    query             dns.question.name
    record_type       dns.question.type
    answer            dns.answers.data dns.resolved_ip
    parent_domain     dns.question.registered_domain
    QueryName         dns.question.name
    QNAME             dns.question.name
    response          dns.response_code
    rcode             dns.response_code
    src_ip            source.ip client.ip
    dst_ip            destination.ip server.ip
""")

_FORTINET: Final = ("fortinet.firewall.", "fortinet_fortigate.log.", "fortinet_fortigate.", "fortinet.")
_FORTI_NAMES: Final[Names] = {
    **_FIREWALL,
    "action": ("fortinet.firewall.action", "fortinet_fortigate.action", "event.action"),
    "cfgpath": ("fortinet.firewall.cfgpath", "fortinet_fortigate.cfgpath"),
    "cfgobj": ("fortinet.firewall.cfgobj", "fortinet_fortigate.cfgobj"),
    "cfgattr": ("fortinet.firewall.cfgattr", "fortinet_fortigate.cfgattr"),
    "logdesc": ("fortinet.firewall.desc", "fortinet.firewall.logdesc", "rule.description"),
    "subtype": ("fortinet.firewall.subtype", "fortinet_fortigate.subtype"),
    "type": ("fortinet.firewall.type", "fortinet_fortigate.type"),
    "logid": ("event.code", "fortinet.firewall.logid"),
    "msg": ("message", "fortinet.firewall.msg"),
}
_PANW: Final[Names] = {
    **_FIREWALL,
    "action": ("panw.panos.action", "event.action"),
    "TargetFilename": ("file.path", "panw.panos.file.path", "panw.panos.misc"),
}
_DUO: Final[Names] = {
    "event_type": ("cisco_duo.auth.event_type", "cisco_duo.event_type", "duo.event_type"),
    "reason": ("cisco_duo.auth.reason", "event.reason", "cisco_duo.reason", "duo.reason"),
}


def _zeek(log: str, text: str, own: str = "") -> FieldTable:
    """Return the table of one of Zeek's logs; every field is looked for under Zeek's own name as well."""
    prefix = f"zeek.{log}."
    endpoints = f"""
        id.orig_h     source.ip source.address {prefix}id.orig_h
        id.orig_p     source.port {prefix}id.orig_p
        id.resp_h     destination.ip destination.address {prefix}id.resp_h
        id.resp_p     destination.port {prefix}id.resp_p
        uid           zeek.session_id {prefix}uid
        src_ip        source.ip source.address {prefix}id.orig_h
        src_port      source.port {prefix}id.orig_p
        dst_ip        destination.ip destination.address {prefix}id.resp_h
        dst_port      destination.port {prefix}id.resp_p
    """
    found = {**table_of(endpoints), **table_of(text)}
    names = {
        name: tuple(dict.fromkeys((*fields, prefix + name) if name not in W3C else fields))
        for name, fields in found.items()
    }
    return FieldTable(datasets=(f"zeek.{log}",), names=names, prefixes=(prefix,), own=words(own))


_ZEEK: Final = (
    _zeek(
        "dns",
        """
        query         dns.question.name
        qtype_name    zeek.dns.qtype_name dns.question.type
        qtype         zeek.dns.qtype
        answers       zeek.dns.answers dns.answers.data
        answer        zeek.dns.answers dns.answers.data
        record_type   zeek.dns.qtype_name dns.question.type
        rcode_name    dns.response_code
        parent_domain dns.question.registered_domain
        """,
        own="Z AA TC RD RA rejected TTLs rtt trans_id qclass qclass_name rcode proto",
    ),
    _zeek(
        "http",
        """
        user_agent        user_agent.original
        c-useragent       user_agent.original zeek.http.user_agent
        c-uri             url.original zeek.http.uri url.path
        cs-method         http.request.method zeek.http.method
        sc-status         http.response.status_code zeek.http.status_code
        uri               zeek.http.uri url.original
        method            http.request.method
        host              zeek.http.host url.domain
        referrer          http.request.referrer
        status_code       http.response.status_code
        request_body_len  http.request.body.bytes
        response_body_len http.response.body.bytes
        username          url.username user.name
        """,
        own="resp_mime_types orig_mime_types resp_fuids orig_fuids client_header_names server_header_names proxied "
        "tags status_msg trans_depth version origin info_code info_msg password",
    ),
    _zeek("dce_rpc", "named_pipe zeek.dce_rpc.named_pipe", own="operation endpoint rtt"),
    _zeek("kerberos", "client zeek.kerberos.client", own="request_type cipher service success error_msg from till"),
    _zeek("rdp", "cookie zeek.rdp.cookie", own="result security_protocol client_build client_name keyboard_layout"),
    _zeek(
        "smb_files",
        """
        name          zeek.smb_files.name file.name
        path          zeek.smb_files.path
        size          zeek.smb_files.size file.size
        """,
        own="action fuid prev_name times.modified times.accessed times.created times.changed",
    ),
    _zeek("smb_mapping", "path zeek.smb_mapping.path", own="service native_file_system share_type"),
    _zeek(
        "x509",
        """
        certificate.serial  zeek.x509.certificate.serial file.x509.serial_number x509.serial_number
        certificate.subject zeek.x509.certificate.subject file.x509.subject.distinguished_name
        certificate.issuer  zeek.x509.certificate.issuer file.x509.issuer.distinguished_name
        """,
        own="certificate.version certificate.key_alg certificate.sig_alg certificate.key_type certificate.key_length",
    ),
    _zeek("connection", "service network.protocol", own="conn_state history missed_bytes local_orig local_resp"),
    FieldTable(datasets=("zeek.",), names=table_of("id.orig_h source.ip"), prefixes=("zeek.",)),
)

TABLES: Final = (
    *_ZEEK,
    FieldTable(
        datasets=("fortinet_fortigate.log", "fortinet.firewall", "fortinet.", "fortinet_fortigate."),
        names=_FORTI_NAMES,
        prefixes=_FORTINET,
    ),
    FieldTable(datasets=("panw.panos", "panw."), names=_PANW, prefixes=("panw.panos.",)),
    FieldTable(datasets=("cisco_duo.",), names=_DUO, prefixes=("cisco_duo.auth.", "cisco_duo.")),
    FieldTable(datasets=("cisco_asa.", "cisco_ftd."), names=_FIREWALL, prefixes=("cisco.asa.", "cisco.ftd.")),
    FieldTable(datasets=("cisco_ios.", "cisco_nexus."), names=FLOW, prefixes=("cisco.ios.", "cisco.nexus.")),
    FieldTable(datasets=("suricata.",), names={**DNS, **FLOW}, prefixes=("suricata.eve.", "suricata.")),
    FieldTable(datasets=("netflow.",), names=FLOW, prefixes=("netflow.",)),
    FieldTable(
        datasets=(
            "firewall.",
            "iptables.",
            "pfsense.",
            "checkpoint.",
            "juniper_srx.",
            "sophos.",
            "sonicwall_firewall.",
        ),
        names=_FIREWALL,
        prefixes=("iptables.", "pfsense.", "checkpoint.", "juniper.srx.", "sophos.xg.", "sonicwall.firewall."),
    ),
    FieldTable(
        datasets=(
            "dns.",
            "bind.",
            "unbound.",
            "dnsmasq.",
            "coredns.",
            "microsoft_dns.",
            "infoblox_nios.",
        ),
        names=DNS,
        prefixes=("dns.", "bind.", "unbound.", "dnsmasq.", "coredns.", "infoblox_nios."),
    ),
)
