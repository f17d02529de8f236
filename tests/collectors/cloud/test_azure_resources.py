"""Azure's resource logs and flow logs: who asked what of which service, and what its firewalls refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.cloud.samples import SAMPLES
from tests.collectors.reading import at, known_as, one, read

VAULT, GATEWAY, FIREWALL = (json.loads(raw) for raw in SAMPLES["azure_resource"])
NSG = {
    "time": "2025-03-04T05:07:00Z",
    "macAddress": "000D3AF87856",
    "category": "NetworkSecurityGroupFlowEvent",
    "resourceId": "/SUBSCRIPTIONS/S1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/N",
    "operationName": "NetworkSecurityGroupFlowEvents",
    "properties": {
        "Version": 2,
        "flows": [
            {
                "rule": "DefaultRule_DenyAllInBound",
                "flows": [
                    {
                        "mac": "000D3AF87856",
                        "flowTuples": [
                            "1741064767,203.0.113.9,10.0.0.4,35370,23,T,I,D,B,,,,",
                            "1741064768,203.0.113.9,10.0.0.4,35370,23,T,I,D,B,,,,",
                        ],
                    }
                ],
            },
            {
                "rule": "UserRule_https",
                "flows": [
                    {
                        "mac": "000D3AF87856",
                        "flowTuples": ["1741064769,10.0.0.4,198.51.100.7,1,443,T,O,A,E,3,767,2,1580"],
                    }
                ],
            },
        ],
    },
}
VNET = {
    "time": "2025-03-04T05:07:00Z",
    "flowLogVersion": 4,
    "macAddress": "112233445566",
    "category": "FlowLogFlowEvent",
    "operationName": "FlowLogFlowEvent",
    "flowRecords": {
        "flows": [
            {
                "aclID": "a",
                "flowGroups": [
                    {"rule": "r", "flowTuples": ["1741064767606,10.0.0.4,198.51.100.7,2,443,6,O,E,NX,3,767,2,1580"]}
                ],
            }
        ]
    },
}


def resource(document: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return one("azure_resource", json.dumps(document | {"properties": {**document["properties"], **properties}}))


def firewall(message: str) -> dict[str, Any]:
    return one("azure_resource", json.dumps(FIREWALL | {"properties": {"msg": message}}))


def test_a_secret_that_somebody_was_refused() -> None:
    fields = resource(VAULT)
    assert (fields["user.name"], fields["user.id"], fields["source.ip"]) == ("eva@gov.example", "o1", "203.0.113.9")
    assert (fields["event.type"], fields["event.outcome"]) == (["access", "deletion", "denied"], "failure")
    assert (fields["url.domain"], fields["tls.version"]) == ("v.vault.example", "1.3")
    assert resource(VAULT, httpStatusCode=200)["event.outcome"] == "success"


def test_a_request_that_the_gateways_firewall_blocked() -> None:
    fields = resource(GATEWAY)
    assert (fields["source.ip"], fields["rule.id"], fields["event.reason"]) == (
        "203.0.113.9",
        "942100",
        "SQL injection",
    )
    assert fields["event.type"] == ["connection", "access", "denied"]
    assert fields["related.ip"] == ["203.0.113.9"]  # the host is what the client wrote
    assert resource(GATEWAY, action="Matched")["event.type"] == ["connection", "access"]


def test_a_firewalls_text_and_its_last_verdict() -> None:
    fields = resource(FIREWALL)
    assert (fields["source.ip"], fields["source.port"]) == ("10.0.0.4", 55640)
    assert (fields["destination.domain"], fields["destination.port"]) == ("bad.example", 443)
    assert (fields["event.type"], fields["rule.name"]) == (["connection", "denied"], "no-bad")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "TCP request from 10.0.0.4:45678 to 198.51.100.7:443. Action: Allow. ",
            {"destination.ip": "198.51.100.7", "network.transport": "tcp", "event.type": ["connection", "allowed"]},
        ),
        (
            "ICMP Type=8 request from 10.0.0.4 to 198.51.100.7. Action: Deny. ",
            {"destination.ip": "198.51.100.7", "network.transport": "icmp", "event.type": ["connection", "denied"]},
        ),
        (
            "TCP request from 203.0.113.9:5 to 198.51.100.7:80 was DNAT'ed to 10.0.0.4:8080",
            {"destination.nat.ip": "10.0.0.4", "destination.nat.port": 8080, "event.action": "dnat"},
        ),
        (
            "DNS Request: 10.0.0.4:5 - 12345 A IN bad.example. udp 50 false 512 NXDOMAIN qr,rd,ra 100 0.0012s",
            {"dns.question.name": "bad.example", "dns.response_code": "NXDOMAIN", "source.ip": "10.0.0.4"},
        ),
    ],
)
def test_the_firewalls_texts(message: str, expected: dict[str, Any]) -> None:
    fields = firewall(message)
    assert {name: fields.get(name) for name in expected} == expected


def test_the_firewalls_columns() -> None:
    columns = {
        "SourceIp": "10.0.0.4",
        "SourcePort": 5,
        "DestinationIp": "198.51.100.7",
        "DestinationPort": 443,
        "Protocol": "TCP",
        "Action": "Deny",
        "Rule": "r",
        "ThreatDescription": "known bad",
    }
    fields = one("azure_resource", json.dumps(FIREWALL | {"category": "AZFWThreatIntel", "properties": columns}))
    assert (fields["destination.ip"], fields["rule.name"], fields["event.kind"]) == ("198.51.100.7", "r", "alert")
    assert fields["event.type"] == ["connection", "denied"]


def test_every_flow_of_an_object_is_an_event() -> None:
    data = json.dumps({"records": [NSG, NSG]})
    assert known_as(data) == "azure_flow"
    events, dead = read("azure_flow", data)
    assert (len(events), dead) == (6, [])
    refused, _, passed = events[:3]
    assert (refused["source.ip"], refused["destination.port"]) == ("203.0.113.9", 23)
    assert (refused["event.type"], refused["network.direction"]) == (["connection", "start", "denied"], "inbound")
    assert (passed["source.bytes"], passed["destination.packets"]) == (767, 2)
    assert (passed["@timestamp"], passed["rule.name"]) == (at("2025-03-04T05:06:09"), "UserRule_https")
    assert passed["observer.mac"] == ["00-0D-3A-F8-78-56"]


def test_flows_of_virtual_networks() -> None:
    data = json.dumps({"records": [VNET]})
    assert known_as(data) == "azure_flow"
    (flow,), _ = read("azure_flow", data)
    assert (flow["network.transport"], flow["event.type"]) == ("tcp", ["connection", "end", "allowed"])
    assert (flow["destination.bytes"], flow["azure.flow.encryption"]) == (1580, "NX")


def test_what_is_no_flow_is_a_dead_letter() -> None:
    broken = json.dumps({"time": "x", "flow.0": "1,2,3"})
    events, dead = read("azure_flow", f'{json.dumps(NSG)}\n{broken}\n{{"a": 1}}\n')
    assert (len(events), len(dead)) == (3, 2)


def test_a_clusters_audit_log_is_the_clusters() -> None:
    call = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "auditID": "a1",
        "verb": "create",
        "requestURI": "/api/v1/namespaces/prod/pods",
        "user": {"username": "anna"},
        "requestReceivedTimestamp": "2024-03-05T09:12:44Z",
    }
    record = FIREWALL | {"category": "kube-audit", "properties": {"log": json.dumps(call), "stream": "stdout"}}
    assert known_as(json.dumps(record)) == "kubernetes_audit"
    assert one("kubernetes_audit", json.dumps(record))["user.name"] == "anna"
