"""Which of Zeek's logs a record is of: by its path, or by its fields where JSON has none.

Names of datasets: Elastic's integration `zeek` (`conn` is `zeek.connection`, `signatures` is `zeek.signature`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from collectors.json_fields import Json

KNOWN: Final = frozenset(
    [
        "analyzer",
        "analyzer_debug",
        "barnyard2",
        "bacnet",
        "bgp",
        "broker",
        "bsap",
        "capture_loss",
        "cattransfer",
        "cip",
        "cluster",
        "config",
        "conn",
        "conn_summary",
        "dce_rpc",
        "dhcp",
        "dnp3",
        "dns",
        "dpd",
        "ecat",
        "enip",
        "files",
        "ftp",
        "gquic",
        "http",
        "intel",
        "ipsec",
        "irc",
        "kerberos",
        "known_certs",
        "known_devices",
        "known_hosts",
        "known_modbus",
        "known_services",
        "ldap",
        "ldap_search",
        "loaded_scripts",
        "login",
        "modbus",
        "modbus_detailed",
        "mqtt_connect",
        "mqtt_publish",
        "mqtt_subscribe",
        "mysql",
        "netcontrol",
        "netcontrol_drop",
        "netcontrol_shunt",
        "notice",
        "notice_alarm",
        "ntlm",
        "ntp",
        "ocsp",
        "opcua",
        "openflow",
        "openvpn",
        "packet_filter",
        "pe",
        "postgresql",
        "print",
        "profinet",
        "prof",
        "quic",
        "radius",
        "rdp",
        "redis",
        "reporter",
        "rfb",
        "s7comm",
        "signatures",
        "sip",
        "smb_cmd",
        "smb_files",
        "smb_mapping",
        "smtp",
        "snmp",
        "socks",
        "software",
        "ssh",
        "ssl",
        "stats",
        "stderr",
        "stdout",
        "stun",
        "suricata_corelight",
        "syslog",
        "tds",
        "telemetry",
        "tftp",
        "traceroute",
        "tunnel",
        "unknown_protocols",
        "weird",
        "weird_stats",
        "websocket",
        "wireguard",
        "x509",
    ]
)
_RENAMED = {"conn": "connection", "signatures": "signature"}

# Fields that only one log has, for JSON without `_path`. The first that fits wins.
_SHAPES: Final[tuple[tuple[frozenset[str], str], ...]] = tuple(
    (frozenset(fields.split()), log)
    for fields, log in (
        ("uid conn_state", "conn"),
        ("uid id.orig_h missed_bytes", "conn"),
        ("uid history orig_pkts", "conn"),
        ("uid trans_id rcode rejected", "dns"),
        ("uid trans_id query", "dns"),
        ("uid trans_id RD rejected", "dns"),
        ("uid trans_depth helo", "smtp"),
        ("uid trans_depth mailfrom", "smtp"),
        ("uid trans_depth is_webmail", "smtp"),
        ("uid trans_depth request_path", "sip"),
        ("uid trans_depth call_id", "sip"),
        ("uid trans_depth", "http"),
        ("uid established", "ssl"),
        ("uid cipher resumed", "ssl"),
        ("certificate.serial", "x509"),
        ("fuid seen_bytes", "files"),
        ("fuid analyzers", "files"),
        ("uid auth_attempts", "ssh"),
        ("uid cipher_alg", "ssh"),
        ("uid kex_alg", "ssh"),
        ("uid endpoint operation", "dce_rpc"),
        ("uid named_pipe", "dce_rpc"),
        ("uid action name times.modified", "smb_files"),
        ("uid share_type", "smb_mapping"),
        ("uid request_type forwardable", "kerberos"),
        ("uid request_type renewable", "kerberos"),
        ("uid request_type service", "kerberos"),
        ("uid server_nb_computer_name", "ntlm"),
        ("uid domainname", "ntlm"),
        ("uid security_protocol", "rdp"),
        ("uid cookie result", "rdp"),
        ("uid cert_count", "rdp"),
        ("uid authentication_method", "rfb"),
        ("uid client_major_version", "rfb"),
        ("uids msg_types", "dhcp"),
        ("msg_types mac", "dhcp"),
        ("note actions", "notice"),
        ("note msg", "notice"),
        ("seen.indicator", "intel"),
        ("sig_id event_msg", "signatures"),
        ("tunnel_type action", "tunnel"),
        ("software_type", "software"),
        ("uid reply_code command", "ftp"),
        ("uid command user password", "ftp"),
        ("uid analyzer failure_reason", "dpd"),
        ("analyzer_kind analyzer_name", "analyzer"),
        ("uid func unit", "modbus"),
        ("uid func tid", "modbus"),
        ("uid fc_request", "dnp3"),
        ("uid bound.host", "socks"),
        ("uid request.host version", "socks"),
        ("uid facility severity message", "syslog"),
        ("uid community get_requests", "snmp"),
        ("uid stratum root_delay", "ntp"),
        ("uid cmd arg success", "mysql"),
        ("uid nick command", "irc"),
        ("uid message_id scope filter", "ldap_search"),
        ("uid message_id opcode", "ldap"),
        ("uid client_initial_dcid", "quic"),
        ("uid reply_msg mac", "radius"),
        ("uid result logged", "radius"),
        ("host port_num port_proto", "known_services"),
        ("host port_num subject", "known_certs"),
        ("machine is_exe", "pe"),
        ("certStatus hashAlgorithm", "ocsp"),
        ("percent_lost gaps", "capture_loss"),
        ("pkts_proc events_proc", "stats"),
        ("node filter init", "packet_filter"),
        ("name notice peer", "weird"),
        ("level message location", "reporter"),
        ("uid id.orig_h name", "weird"),
        ("uid id.orig_h proto", "conn"),
    )
)


@lru_cache(maxsize=1024)
def known_log(path: str) -> str | None:
    """Return the log that a path names; `conn_long`, `dns-eth0` and `http.2024` are of the log they begin with."""
    low = path.lower().strip()
    if low in KNOWN:
        return low
    for cut in range(len(low) - 1, 1, -1):
        if low[cut] in "_-." and low[:cut] in KNOWN:
            return low[:cut]
    return None


@lru_cache(maxsize=1024)
def log_of(path: str) -> str:
    """Return the log of a path; of one that is not known, the path itself where it can be a name, else `log`."""
    known = known_log(path)
    if known is not None:
        return known
    clean = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in path.lower())[:64].strip("_")
    return clean or "log"


def dataset_of(log: str) -> str:
    """Return the name of a log's dataset without `zeek.`."""
    return _RENAMED.get(log, log)


def shape_of(document: Mapping[str, Json]) -> str | None:
    """Return the log whose fields these are, None where they tell nothing."""
    keys = document.keys()
    return next((log for shape, log in _SHAPES if shape <= keys), None)
