"""Antivirus, honeypots, scanners, databases and applications.

Sources: the Sigma taxonomy for `antivirus`; OpenCanary's log types; Qualys VMDR's detections; ECS.
"""

from __future__ import annotations

from typing import Final

from engine.sigma.mapping.table import FieldTable, Names, table_of, words

_ANTIVIRUS: Final[Names] = table_of("""
    Signature     threat.software.name rule.name threat.indicator.name event.reason
    Filename      file.path file.name
    Action        event.action
    Hash          file.hash.sha256 file.hash.sha1 file.hash.md5
    Computer      host.name
""")
_QUALYS: Final[Names] = table_of("""
    host.scan.vuln        vulnerability.id qualys_vmdr.asset_host_detection.vulnerability.qid host.scan.vuln
    host.scan.vuln_name   vulnerability.title vulnerability.description host.scan.vuln_name
    event.category        event.category
""")

TABLES: Final = (
    FieldTable(
        datasets=(
            *("antivirus.", "clamav.", "eset_protect.", "kaspersky.", "symantec_endpoint.", "trendmicro."),
            *("mcafee_epo.", "cylance.", "fortinet_forticlient.", "fortinet_fortiedr.", "sophos_central."),
            "microsoft_defender_endpoint.",
        ),
        names=_ANTIVIRUS,
        prefixes=("antivirus.", "clamav."),
    ),
    FieldTable(datasets=("qualys.", "qualys_vmdr."), names=_QUALYS, prefixes=("qualys_vmdr.",), snake=True),
    FieldTable(
        datasets=("opencanary.",),
        names=table_of("""
            src_host  source.ip opencanary.src_host
            src_port  source.port opencanary.src_port
            dst_host  destination.ip opencanary.dst_host
            dst_port  destination.port opencanary.dst_port
        """),
        prefixes=("opencanary.", "opencanary.events."),
        own=words("logtype node_id utc_time local_time logdata.USERNAME logdata.PASSWORD logdata.PATH"),
    ),
)
