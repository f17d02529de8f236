"""What each of Zeek's logs means: category and type, and the ECS names of its fields.

Fields: "Zeek script reference", the `Info` record of each log. Everything also stays under `zeek.<dataset>.*`, by
Zeek's own names, but for the ends of the connection and its uid (`source.*`, `destination.*`, `zeek.session_id`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_PROTOCOL = ("connection", "protocol", "info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A log's category, types, protocol, and the ECS names of its fields (several, parted by blanks)."""

    categories: tuple[str, ...] = ("network",)
    types: tuple[str, ...] = ("info",)
    kind: str = "event"
    protocol: str = ""
    transport: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


def _table(text: str) -> dict[str, str]:
    rows = (row.split(None, 1) for row in text.strip().splitlines())
    return {row[0]: row[1].strip() for row in rows}


def _protocol(name: str, text: str = "", *, transport: str = "", categories: tuple[str, ...] = ("network",)) -> Meaning:
    return Meaning(
        categories=categories, types=_PROTOCOL, protocol=name, transport=transport, fields=_table(text) if text else {}
    )


_CERTIFICATE = """
    certificate.serial      file.x509.serial_number
    certificate.version     file.x509.version_number
    certificate.key_alg     file.x509.public_key_algorithm
    certificate.sig_alg     file.x509.signature_algorithm
    certificate.key_length  file.x509.public_key_size
    certificate.exponent    file.x509.public_key_exponent
    certificate.curve       file.x509.public_key_curve
    certificate.not_valid_before file.x509.not_before
    certificate.not_valid_after  file.x509.not_after
    certificate.subject     file.x509.subject.distinguished_name
    certificate.issuer      file.x509.issuer.distinguished_name
    san.dns                 file.x509.alternative_names
    fingerprint             file.hash.sha256
"""

MEANINGS: Final[Mapping[str, Meaning]] = {
    "conn": Meaning(
        types=("connection",),
        fields=_table("""
            proto          network.transport
            service        network.protocol
            orig_ip_bytes  source.bytes
            resp_ip_bytes  destination.bytes
            orig_pkts      source.packets
            resp_pkts      destination.packets
            community_id   network.community_id
            vlan           network.vlan.id
            inner_vlan     network.inner.vlan.id
            orig_l2_addr   source.mac
            resp_l2_addr   destination.mac
        """),
    ),
    "dns": _protocol(
        "dns",
        """
            proto      network.transport
            trans_id   dns.id
            query      dns.question.name
            qtype_name dns.question.type
            rcode_name dns.response_code
        """,
    ),
    "http": _protocol(
        "http",
        """
            method            http.request.method
            referrer          http.request.referrer
            user_agent        user_agent.original
            version           http.version
            request_body_len  http.request.body.bytes
            response_body_len http.response.body.bytes
            status_code       http.response.status_code
            username          url.username
            password          url.password
        """,
        transport="tcp",
        categories=("network", "web"),
    ),
    "ssl": _protocol(
        "tls",
        """
            cipher         tls.cipher
            curve          tls.curve
            server_name    tls.client.server_name destination.domain
            resumed        tls.resumed
            established    tls.established
            next_protocol  tls.next_protocol
            subject        tls.server.subject
            issuer         tls.server.issuer
            client_subject tls.client.subject
            client_issuer  tls.client.issuer
            ja3            tls.client.ja3
            ja3s           tls.server.ja3s
        """,
        transport="tcp",
    ),
    "x509": Meaning(categories=("file",), fields=_table(_CERTIFICATE)),
    "known_certs": Meaning(
        fields=_table("""
            host           server.ip
            port_num       server.port
            subject        tls.server.subject
            issuer_subject tls.server.issuer
            serial         tls.server.x509.serial_number
        """),
    ),
    "files": Meaning(
        categories=("file", "network"),
        fields=_table("""
            mime_type   file.mime_type
            filename    file.name
            total_bytes file.size
            md5         file.hash.md5
            sha1        file.hash.sha1
            sha256      file.hash.sha256
        """),
    ),
    "pe": Meaning(categories=("file",)),
    "ocsp": Meaning(transport="tcp", protocol="ocsp"),
    "ssh": _protocol("ssh", transport="tcp"),
    "smb_files": _protocol(
        "smb",
        """
            action          event.action
            name            file.name
            size            file.size
            times.modified  file.mtime
            times.accessed  file.accessed
            times.created   file.created
            times.changed   file.ctime
        """,
        transport="tcp",
        categories=("network", "file"),
    ),
    "smb_mapping": _protocol("smb", transport="tcp", categories=("network",)),
    "smb_cmd": _protocol("smb", "command event.action\nusername user.name\ntree zeek.smb_cmd.tree", transport="tcp"),
    "dce_rpc": _protocol("dce_rpc", "operation event.action", transport="tcp"),
    "kerberos": _protocol(
        "kerberos",
        """
            request_type event.action
            cipher       tls.cipher
            error_msg    error.message
            client_cert_subject tls.client.subject
            server_cert_subject tls.server.subject
        """,
        categories=("network", "authentication"),
    ),
    "ntlm": _protocol(
        "ntlm", "username user.name\ndomainname user.domain", transport="tcp", categories=("network", "authentication")
    ),
    "rdp": _protocol("rdp", transport="tcp"),
    "rfb": _protocol("rfb", "desktop_name destination.domain", transport="tcp"),
    "smtp": _protocol(
        "smtp",
        """
            mailfrom          email.from.address
            rcptto            email.to.address
            cc                email.cc.address
            reply_to          email.reply_to.address
            subject           email.subject
            msg_id            email.message_id
            user_agent        user_agent.original
            x_originating_ip  client.ip
        """,
        transport="tcp",
        categories=("network", "email"),
    ),
    "ftp": _protocol(
        "ftp",
        """
            user      user.name
            command   event.action
            mime_type file.mime_type
            file_size file.size
        """,
        transport="tcp",
    ),
    "dhcp": _protocol(
        "dhcp",
        """
            client_addr   client.ip source.ip
            server_addr   server.ip destination.ip
            client_port   source.port
            server_port   destination.port
            mac           client.mac source.mac
            host_name     client.domain
            domain        network.name
            assigned_addr zeek.dhcp.address.assigned
        """,
        transport="udp",
    ),
    "snmp": _protocol("snmp", transport="udp"),
    "sip": _protocol(
        "sip",
        """
            method      event.action
            uri         url.original
            user_agent  user_agent.original
            status_code zeek.sip.status.code
        """,
        transport="udp",
    ),
    "socks": _protocol("socks", "user user.name", transport="tcp"),
    "radius": _protocol(
        "radius",
        "username user.name\nmac source.mac\nframed_addr source.nat.ip\nresult event.reason",
        categories=("network", "authentication"),
    ),
    "mysql": _protocol("mysql", "cmd event.action", transport="tcp", categories=("network", "database")),
    "postgresql": _protocol("postgresql", "user user.name", transport="tcp", categories=("network", "database")),
    "redis": _protocol("redis", transport="tcp", categories=("network", "database")),
    "irc": _protocol("irc", "user user.name\ncommand event.action", transport="tcp"),
    "ldap": _protocol("ldap", "opcode event.action\ndiagnostic_message error.message", transport="tcp"),
    "ldap_search": _protocol("ldap", "diagnostic_message error.message", transport="tcp"),
    "modbus": _protocol("modbus", "func event.action", transport="tcp"),
    "dnp3": _protocol("dnp3", "fc_request event.action", transport="tcp"),
    "mqtt_connect": _protocol("mqtt", "client_id client.domain", transport="tcp"),
    "mqtt_publish": _protocol("mqtt", transport="tcp"),
    "mqtt_subscribe": _protocol("mqtt", transport="tcp"),
    "ntp": _protocol("ntp", transport="udp"),
    "quic": _protocol("quic", "server_name tls.client.server_name destination.domain", transport="udp"),
    "syslog": _protocol("syslog", "proto network.transport\nmessage message", transport="udp"),
    "tunnel": Meaning(types=("connection",), fields=_table("action event.action")),
    "traceroute": Meaning(fields=_table("proto network.transport\nsrc source.ip\ndst destination.ip")),
    "dpd": Meaning(
        types=("connection", "error"), fields=_table("proto network.transport\nfailure_reason error.message")
    ),
    "analyzer": Meaning(types=("connection", "error"), fields=_table("failure_reason error.message")),
    "weird": Meaning(kind="alert", types=("info",), fields=_table("name rule.name\naddl event.reason")),
    "notice": Meaning(
        kind="alert",
        categories=("intrusion_detection",),
        types=("info",),
        fields=_table("""
            note           rule.name
            msg            rule.description message
            proto          network.transport
            src            source.ip
            dst            destination.ip
            p              destination.port
            file_mime_type file.mime_type
        """),
    ),
    "signatures": Meaning(
        kind="alert",
        categories=("intrusion_detection",),
        fields=_table("""
            src_addr  source.ip
            src_port  source.port
            dst_addr  destination.ip
            dst_port  destination.port
            sig_id    rule.id
            note      rule.name
            event_msg rule.description message
        """),
    ),
    "intel": Meaning(
        kind="enrichment",
        categories=("threat",),
        types=("indicator",),
        fields=_table("""
            seen.indicator_type threat.indicator.type
            file_mime_type      file.mime_type
            sources             threat.indicator.provider
        """),
    ),
    "software": Meaning(fields=_table("host host.ip\nname package.name\nunparsed_version package.version")),
    "known_hosts": Meaning(categories=("host",), fields=_table("host host.ip")),
    "known_services": Meaning(
        categories=("network",), fields=_table("host server.ip\nport_num server.port\nport_proto network.transport")
    ),
    "known_devices": Meaning(categories=("host",), fields=_table("mac host.mac\ndhcp_host_name host.hostname")),
    "reporter": Meaning(categories=("process",), fields=_table("level log.level\nmessage message")),
    "stats": Meaning(kind="metric", categories=("process",)),
    "capture_loss": Meaning(kind="metric", categories=("process",)),
    "cluster": Meaning(categories=("process",), fields=_table("message message\nnode observer.name")),
    "loaded_scripts": Meaning(categories=("process",)),
    "packet_filter": Meaning(categories=("process",)),
}
OTHER: Final = Meaning(fields={})
