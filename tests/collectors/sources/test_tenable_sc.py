"""Tenable Security Center: weaknesses with host, score and CVE; hosts; plugins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_WEAKNESS = {
    "pluginID": "10114",
    "pluginName": "ICMP Timestamp",
    "ip": "192.0.2.7",
    "dnsName": "pc7.gov.example",
    "macAddress": "00:16:3e:a1:12:f7",
    "cve": "CVE-1999-0524,CVE-2024-1",
    "cvssV3BaseScore": "7.5",
    "baseScore": "5.0",
    "lastSeen": "1709629964",
    "protocol": "TCP",
    "port": "443",
    "severity": {"name": "High"},
    "family": {"name": "General"},
    "hasBeenMitigated": "0",
}
_ASSET = {
    "severityCritical": "6",
    "ip": "192.0.2.7",
    "repository": {"id": "2"},
    "dnsName": "",
    "netbiosName": "MIN\\PC7",
    "lastAuthRun": "",
}
_PLUGIN = {"sourceFile": "x.nasl", "pluginPubDate": "-1", "family": {"id": "11"}, "id": "10585", "name": "IIS",
           "modifiedTime": "1709629964"}  # fmt: skip


def seen(document: object) -> dict[str, Any]:
    return one("tenable_sc", json.dumps(document))


def test_a_weakness_has_host_score_and_each_cve() -> None:
    fields = seen(_WEAKNESS)
    assert (fields["host.name"], fields["host.domain"], fields["host.ip"]) == ("pc7", "gov.example", ["192.0.2.7"])
    assert fields["vulnerability.id"] == ["CVE-1999-0524", "CVE-2024-1"]
    assert (fields["vulnerability.score.base"], fields["vulnerability.score.version"]) == (7.5, "3.0")
    assert (fields["vulnerability.severity"], fields["vulnerability.category"]) == ("High", ["General"])
    assert (fields["destination.port"], fields["network.transport"], fields["rule.id"]) == (443, "tcp", "10114")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_an_older_score_is_told_as_such() -> None:
    fields = seen(_WEAKNESS | {"cvssV3BaseScore": None, "port": "0"})
    assert (fields["vulnerability.score.base"], fields["vulnerability.score.version"]) == (5.0, "2.0")
    assert "destination.port" not in fields


def test_a_host_without_a_name_in_dns_has_its_other_one() -> None:
    fields = seen(_ASSET)
    assert (fields["event.kind"], fields["host.name"]) == ("state", "PC7")
    assert "@timestamp" not in fields


def test_a_plugin_is_a_rule() -> None:
    fields = seen(_PLUGIN)
    assert (fields["rule.id"], fields["rule.name"], fields["@timestamp"]) == ("10585", "IIS", at("2024-03-05T09:12:44"))


@pytest.mark.parametrize("document", [_WEAKNESS, _ASSET, _PLUGIN])
def test_each_is_known(document: object) -> None:
    assert known_as(json.dumps(document)) == "tenable_sc"


def test_what_is_none_of_them_is_a_dead_letter() -> None:
    events, dead = read("tenable_sc", json.dumps(_WEAKNESS) + '\n{"ip": "192.0.2.7"}\n')
    assert (len(events), len(dead)) == (1, 1)
