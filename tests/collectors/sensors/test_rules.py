"""SigmaHQ's rules for Zeek and DNS fire on what the sources make of the sensors' own lines."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from collectors.reader import LogReader, Parsed
from engine.hunting import Hunter
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules

ENDS = {"id.orig_h": "203.0.113.9", "id.orig_p": 4000, "id.resp_h": "198.51.100.5", "id.resp_p": 3389}
QUERY = "pool.supportxmr.com"


def zeek(log: str, **row: Any) -> bytes:
    return json.dumps({"_path": log, "ts": 1709460000.5, "uid": "C1", **ENDS, **row}).encode()


def eve(**dns: Any) -> bytes:
    record = {"timestamp": "2024-03-03T10:00:00+0000", "flow_id": 1, "event_type": "dns", "src_ip": "192.0.2.9",
              "dest_ip": "192.0.2.53", "proto": "UDP", "dns": dns}  # fmt: skip
    return json.dumps(record).encode()


# source, record, the words in the name of a rule that must fire
FIRING = (
    ("zeek", zeek("dns", query=QUERY, qtype_name="A", rejected=False, Z=0), "Mining Pools"),
    ("zeek", zeek("dns", query="x.onion.to", qtype_name="A", rejected=False, Z=0), "TOR Proxies"),
    ("zeek", zeek("dns", query="a.example", qtype_name="A", rejected=False, Z=1), "Z Flag"),
    ("zeek", zeek("dce_rpc", endpoint="spoolss", operation="RpcAddPrinterDriverEx"), "PrintNightmare"),
    ("zeek", zeek("dce_rpc", endpoint="efs", operation="EfsRpcOpenFileRaw"), "PetitPotam"),
    ("zeek", zeek("dce_rpc", endpoint="svcctl", operation="CreateServiceW"), "BZAR"),
    ("zeek", zeek("kerberos", request_type="TGS", cipher="rc4-hmac", service="mssql/db"), "RC4"),
    ("zeek", zeek("smb_files", path="\\\\dc\\ADMIN$", name="SYSTEM32\\abcd.tmp"), "SecretDump"),
    ("zeek", zeek("smb_files", path="\\\\dc\\IPC$", name="\\PSEXESVC-stdin"), "PsExec"),
    ("zeek", zeek("rdp", cookie="eva", result="Success"), "Publicly Accessible RDP"),
    ("zeek", zeek("x509", **{"certificate.serial": "8BB00EE", "certificate.version": 3}), "Cobalt Strike Certificate"),
    (
        "zeek",
        zeek("http", method="POST", uri="/wsman", status_code=200, request_body_len=9, trans_depth=1),
        "OMIGOD",
    ),
    ("suricata", eve(type="query", rrname=QUERY, rrtype="A"), "Monero"),
    ("suricata", eve(version=3, type="request", queries=[{"rrname": QUERY, "rrtype": "A"}]), "Monero"),
    ("bind", f"client @0x7f 192.0.2.9#4000 ({QUERY}): query: {QUERY} IN A + (192.0.2.53)".encode(), "Monero"),
    ("unbound", f"[1709460000] unbound[7:1] query: 192.0.2.9 {QUERY}. A IN".encode(), "Monero"),
    ("dnsmasq", f"Mar  3 10:00:00 gw dnsmasq[7]: query[A] {QUERY} from 192.0.2.9".encode(), "Monero"),
    ("coredns", f'[INFO] 192.0.2.9:4000 - 7 "A IN {QUERY}. udp 40 false 1232" NOERROR qr 56 0.1s'.encode(), "Monero"),
    ("infoblox", f"client 192.0.2.9#4000: UDP: query: {QUERY} IN A response: NXDOMAIN +".encode(), "Monero"),
    (
        "microsoft_dns",
        (
            b"3/3/2024 10:00:01 AM 0E70 PACKET  00000000033397A0 UDP Rcv 192.0.2.9       00b8   Q [0001   D   NOERROR]"
            b" A      (4)pool(10)supportxmr(3)com(0)"
        ),
        "Monero",
    ),
)


@pytest.fixture(scope="module")
def engine(shared: Path) -> Engine:
    folder = shared / "sigma"
    paths = [*folder.rglob("rules/network/**/*.yml"), *folder.rglob("rules-emerging-threats/2021/Exploits/**/*.yml")]
    assert paths
    return Engine(load_rules(sorted(paths)))


@pytest.mark.parametrize(("source", "raw", "words"), FIRING)
def test_a_rule_fires(engine: Engine, source: str, raw: bytes, words: str) -> None:
    reader = LogReader(Path("x"), source=source, stream=io.BytesIO(raw))
    hunter = Hunter(engine)
    names: list[str] = []
    for item in reader.records():
        assert isinstance(item, Parsed)
        event = reader.event(item)
        names += [alert.rule.name for alert in hunter.look(dict(item.fields), raw, lambda event=event: event)]  # type: ignore[misc] # bound at once
    assert any(words in name for name in names), names
