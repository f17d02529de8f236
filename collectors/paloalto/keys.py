"""The keys that PAN-OS' logs have in CEF, LEEF and the JSON of Strata Logging Service, brought to the columns' names.

From "PAN-OS CEF Configuration Guide", "Strata Logging Service Log Reference" and IBM's guide to the LEEF profiles.
"""

from __future__ import annotations

import re

_WORDS = re.compile(r"[^a-z0-9]")
# Keys in small letters without punctuation; `PanOS` in front of a key is cut off first.
_NAMES = {
    name.replace("_", ""): name
    for name in (
        "subtype", "rule_uuid", "action", "app", "flags", "sessionid", "threatid", "severity", "category", "direction",
        "vsys", "rule", "serial", "bytes", "packets", "reason", "error", "stage", "portal", "gateway", "object",
        "module",
        "cmd", "admin", "client", "result", "path", "user_agent", "http_method", "contenttype", "filetype", "sender",
        "subject", "recipient", "sni", "tunnel", "eventid", "event_id", "tag_name", "machinename", "device_name",
        "fingerprint", "action_source",
    )
} | {
    "sourceaddress": "src", "sourceip": "src", "src": "src", "destinationaddress": "dst", "destinationip": "dst",
    "dst": "dst", "natsource": "natsrc", "natsourceip": "natsrc", "sourcetranslatedaddress": "natsrc",
    "srcpostnat": "natsrc", "natdestination": "natdst", "natdestinationip": "natdst",
    "destinationtranslatedaddress": "natdst", "dstpostnat": "natdst", "sourceport": "sport", "spt": "sport",
    "srcport": "sport", "destinationport": "dport", "dpt": "dport", "dstport": "dport", "natsourceport": "natsport",
    "sourcetranslatedport": "natsport", "srcpostnatport": "natsport", "natdestinationport": "natdport",
    "destinationtranslatedport": "natdport", "dstpostnatport": "natdport", "sourceuser": "srcuser", "suser": "srcuser",
    "srcuser": "srcuser", "usrname": "srcuser", "sourceusername": "srcuser", "users": "srcuser",
    "destinationuser": "dstuser", "duser": "dstuser", "dstuser": "dstuser", "application": "app", "fromzone": "from",
    "sourcezone": "from", "tozone": "to", "destinationzone": "to", "inboundinterface": "inbound_if",
    "deviceinboundinterface": "inbound_if", "ingressinterface": "inbound_if", "outboundinterface": "outbound_if",
    "deviceoutboundinterface": "outbound_if", "egressinterface": "outbound_if", "protocol": "proto", "proto": "proto",
    "act": "action", "bytessent": "bytes_sent", "srcbytes": "bytes_sent", "bytesreceived": "bytes_received",
    "dstbytes": "bytes_received", "totalbytes": "bytes", "packetssent": "pkts_sent", "srcpackets": "pkts_sent",
    "packetsreceived": "pkts_received", "dstpackets": "pkts_received", "packetstotal": "packets",
    "totalpackets": "packets",
    "sessionstarttime": "start_time", "sessionduration": "elapsed", "elapsedtime": "elapsed",
    "sessionendreason": "session_end_reason", "devicename": "device_name", "dvchost": "device_name",
    "logsourcename": "device_name", "devicesn": "serial", "deviceexternalid": "serial", "logsourceid": "serial",
    "serialnumber": "serial", "logtype": "type", "type": "type", "ruleuuid": "rule_uuid", "rulename": "rule",
    "filename": "file_name", "fname": "file_name", "filehash": "filedigest", "filesha256": "filedigest",
    "url": "url", "request": "url", "urlcategory": "category", "vendorseverity": "severity", "sev": "severity",
    "directionofattack": "direction", "threatname": "threatid", "threatcategory": "thr_category",
    "useragent": "user_agent", "requestclientapplication": "user_agent", "httpmethod": "http_method",
    "requestmethod": "http_method", "referer": "referer", "httpreferer": "referer", "xforwardedfor": "xff",
    "xforwardedforip": "xff_ip", "eventdescription": "opaque", "eventname": "eventid", "eventidvalue": "eventid",
    "eventstatus": "status", "publicipv4": "public_ip", "privateipv4": "private_ip", "publicipv6": "public_ipv6",
    "privateipv6": "private_ipv6", "endpointdevicename": "machinename", "endpointostype": "client_os",
    "endpointosversion": "client_os_ver", "globalprotectclientversion": "client_ver", "connectionerror": "error",
    "tlsversion": "tls_version", "ellipticcurve": "ec_curve", "issuercommonname": "issuer_cn", "commonname": "cn",
    "subjectcommonname": "cn", "certificateserial": "cert_serial", "policyname": "policy_name",
    "sourcedevicecategory": "src_category", "sourcedevicehost": "src_host", "sourcedevicemac": "src_mac",
    "destinationdevicemac": "dst_mac", "destinationdevicehost": "dst_host", "msg": "opaque",
    "identhostname": "machinename",
    "identsrc": "src", "devtime": "time_generated", "eventtime": "time_generated", "timegenerated": "time_generated",
    "generatedtime": "time_generated", "timereceived": "receive_time", "logtime": "receive_time",
    "receivetime": "receive_time", "rt": "receive_time", "start": "start", "starttime": "start",
    "out": "bytes_received",
    "in": "bytes_sent", "virtuallocation": "vsys", "virtualsystem": "vsys", "emailsubject": "subject",
    "senderemail": "sender", "recipientemail": "recipient", "repeatcount": "repeatcnt", "cnt": "repeatcnt",
    "applianceorcloud": "cloud", "authenticateduserdomain": "user_domain", "authenticatedusername": "user_name",
    "sequenceno": "seqno", "externalid": "seqno", "fullpath": "path", "configurationpath": "path", "host": "host",
    "adminname": "admin", "command": "cmd", "description": "desc", "dntdom": "dst_domain", "sntdom": "src_domain",
    "destinationdevicecategory": "dst_category", "destinationlocation": "dstloc", "sourcelocation": "srcloc",
    "dgid": "dg_id", "xid": "xid", "servername": "sni",
}  # fmt: skip


def canonical(pairs: dict[str, str]) -> dict[str, str]:
    """Return the pairs under the columns' names; keys without one stay as they are. Of two the first that says"
    " anything."""
    values: dict[str, str] = {}
    for key, text in pairs.items():
        bare = _WORDS.sub("", key.lower())
        bare = bare.removeprefix("panos") if bare != "panos" else bare
        name = _NAMES.get(bare, key)
        if text and name not in values:
            values[name] = text
    return values
