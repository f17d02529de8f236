"""The columns of PAN-OS' comma-separated logs, by type, under the names of its custom log formats.

From "PAN-OS Administrator's Guide",
    Syslog Field Descriptions, 8.1 to 11.2. A blank name is a column kept for future use. New
versions put new columns behind the old ones, so that a line of an older version is a prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_START = " receive_time serial type subtype  time_generated"
_FLOW = (
    " src dst natsrc natdst rule srcuser dstuser app vsys from to inbound_if outbound_if logset  sessionid repeatcnt"
    " sport"
    " dport natsport natdport flags proto action"
)
_DG = " dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4"
_DEVICES = (
    " src_category src_profile src_model src_vendor src_osfamily src_osversion src_host src_mac dst_category"
    " dst_profile"
    " dst_model dst_vendor dst_osfamily dst_osversion dst_host dst_mac container_id pod_namespace pod_name src_edl"
    " dst_edl"
)
_APP = (
    " subcategory_of_app category_of_app technology_of_app risk_of_app characteristic_of_app container_of_app"
    " tunneled_app is_saas_of_app sanctioned_state_of_app"
)
_TYPES = {
    "TRAFFIC": _FLOW
    + " bytes bytes_sent bytes_received packets start elapsed category  seqno actionflags srcloc dstloc  pkts_sent"
    " pkts_received session_end_reason" + _DG + " vsys_name device_name action_source src_uuid dst_uuid imsi imei"
    " parent_session_id parent_start_time tunnel assoc_id chunks chunks_sent chunks_received rule_uuid http2_connection"
    " link_change_count policy_id link_switches sdwan_cluster sdwan_device_type sdwan_cluster_type sdwan_site"
    " dynusergroup_name xff_ip" + _DEVICES + " hostid serialnumber src_dag dst_dag session_owner high_res_timestamp"
    " nsdsai_sst nsdsai_sd" + _APP + " offloaded",
    "THREAT": _FLOW
    + " misc threatid category severity direction seqno actionflags srcloc dstloc  contenttype pcap_id filedigest cloud"
    " url_idx user_agent filetype xff referer sender subject recipient reportid" + _DG + " vsys_name device_name"
    "  src_uuid dst_uuid http_method imsi imei parent_session_id parent_start_time tunnel thr_category contentver"
    "  assoc_id ppid http_headers url_category_list rule_uuid http2_connection dynusergroup_name xff_ip" + _DEVICES
    + " hostid serialnumber domain_edl src_dag dst_dag partial_hash high_res_timestamp reason justification nssai_sst"
    + _APP + " cloud_reportid",
    "SYSTEM": " vsys eventid object   module severity opaque seqno actionflags" + _DG + " vsys_name device_name   "
    "high_res_timestamp",
    "CONFIG": " host vsys cmd admin client result path seqno actionflags" + _DG + " vsys_name device_name dg_id"
    " comment "
    " high_res_timestamp full_path",
    "HIPMATCH": " srcuser vsys machinename os src matchname repeatcnt matchtype   seqno actionflags" + _DG
    + " vsys_name device_name vsys_id srcipv6 hostid serialnumber mac high_res_timestamp cluster_name",
    "GLOBALPROTECT": " vsys eventid stage auth_method tunnel_type srcuser srcregion machinename public_ip public_ipv6"
    " private_ip private_ipv6 hostid serialnumber client_ver client_os client_os_ver repeatcnt reason error opaque"
    " status"
    " location login_duration connect_method error_code portal seqno actionflags high_res_timestamp selection_type"
    " response_time priority attempted_gateways gateway" + _DG + " vsys_name device_name vsys_id",
    "USERID": " vsys ip user datasourcename eventid repeatcnt timeout beginport endport datasource datasourcetype seqno"
    " actionflags" + _DG + " vsys_name device_name vsys_id factortype factorcompletiontime factorno   ugflags"
    " userbysource tag_name high_res_timestamp origindatasource",
    "IPTAG": " vsys ip tag_name event_id repeatcnt timeout datasourcename datasource_type datasource_subtype seqno"
    " actionflags" + _DG + " vsys_name device_name vsys_id high_res_timestamp",
    "DECRYPTION": _FLOW
    + " tunnel   src_uuid dst_uuid rule_uuid hs_stage_c2f hs_stage_f2s tls_version tls_keyxchg tls_enc tls_auth"
    " policy_name ec_curve err_index root_status chain_status proxy_type cert_serial fingerprint notbefore notafter"
    " cert_ver cert_size cn_len issuer_len rootcn_len sni_len cert_flags cn issuer_cn root_cn sni error container_id"
    " pod_namespace pod_name src_edl dst_edl src_dag dst_dag high_res_timestamp",
    "AUTHENTICATION": " vsys ip user normalize_user object authpolicy repeatcnt authid vendor logset serverprofile desc"
    " clienttype event factorno seqno actionflags" + _DG + " vsys_name device_name vsys_id authproto rule_uuid"
    " high_res_timestamp",
    "CORRELATION": " src srcuser vsys category severity" + _DG + " vsys_name device_name vsys_id objectname object_id"
    " evidence",
    "TUNNEL": _FLOW + " severity seqno actionflags srcloc dstloc" + _DG + " vsys_name device_name tunnelid monitortag"
    " parent_session_id parent_start_time tunnel bytes bytes_sent bytes_received packets pkts_sent pkts_received"
    " max_encap unknown_proto strict_check tunnel_fragment sessions_created sessions_closed session_end_reason"
    " action_source start elapsed tunnel_insp_rule",
    "SCTP": " src dst   rule    vsys from to inbound_if outbound_if logset  sessionid repeatcnt sport dport    proto"
    " action" + _DG + " vsys_name device_name seqno  assoc_id ppid severity",
    "GTP": " src dst   rule    vsys from to inbound_if outbound_if logset  sessionid  sport dport    proto action",
    "AUDIT": " vsys eventid object admin client cmd result opaque",
}  # fmt: skip
_OTHER_NAMES = {
    "AUTH": "AUTHENTICATION",
    "USER-ID": "USERID",
    "HIP-MATCH": "HIPMATCH",
    "HIP": "HIPMATCH",
    "IP-TAG": "IPTAG",
    "START": "TUNNEL",
    "END": "TUNNEL",
    "URL": "THREAT",
    "FILE": "THREAT",
    "DATA": "THREAT",
    "WILDFIRE": "THREAT",
}
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {kind: tuple((_START + names).split(" ")) for kind, names in _TYPES.items()}
)
_CONFIG_WITH_DETAIL = tuple(
    (_START + _TYPES["CONFIG"].replace(" path ", " path before_change after_change ")).split(" ")
)
_DETAIL_AT = 16  # the column where a configuration log with its changes has the sequence number


def type_of(text: str) -> str:
    """Return a log type under the name it has here (`AUTH` is `AUTHENTICATION`)."""
    text = text.strip().upper()
    return _OTHER_NAMES.get(text, text)


def named(kind: str, columns: list[str]) -> dict[str, str]:
    """Return a line's columns under their names; those beyond the names are left out, they stay in the original."""
    names = COLUMNS.get(kind, tuple(_START.split(" ")))
    if kind == "CONFIG" and len(columns) > _DETAIL_AT + 5 and _is_sequence(columns[_DETAIL_AT]):
        names = names if _is_sequence(columns[14]) else _CONFIG_WITH_DETAIL
    return {name: text.strip() for name, text in zip(names, columns, strict=False) if name and text.strip()}


def _is_sequence(text: str) -> bool:
    return text.isascii() and text.isdecimal()
