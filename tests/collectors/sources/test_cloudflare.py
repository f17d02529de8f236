"""Cloudflare: requests, what its firewall refused, log-ins and changes, DNS, connections; names that clients wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_MOMENT = "2024-03-05T09:12:44Z"
_ANA = "ana@portal.example"


def request(**more: object) -> str:
    record: dict[str, Any] = {
        "ClientIP": "198.51.100.7",
        "ClientASN": 64500,
        "ClientSrcPort": 50112,
        "ClientRequestHost": "portal.example",
        "ClientRequestMethod": "GET",
        "ClientRequestProtocol": "HTTP/1.1",
        "ClientRequestURI": "/login?next=%2F",
        "ClientRequestUserAgent": "curl/8.5.0",
        "ClientRequestBytes": 700,
        "ClientSSLProtocol": "TLSv1.3",
        "ClientSSLCipher": "AEAD-AES128-GCM-SHA256",
        "EdgeStartTimestamp": "2024-03-05T09:12:44Z",
        "EdgeEndTimestamp": "2024-03-05T09:12:46Z",
        "EdgeResponseStatus": 200,
        "EdgeResponseBytes": 900,
        "OriginIP": "192.0.2.10",
        "RayID": "85f0",
    }
    return json.dumps(record | more)


def event(action: str, **more: object) -> str:
    record: dict[str, Any] = {
        "Action": action,
        "ClientIP": "198.51.100.7",
        "ClientIPClass": "tor",
        "ClientRequestHost": "portal.example",
        "ClientRequestMethod": "POST",
        "ClientRequestPath": "/.env",
        "ClientRequestProtocol": "HTTP/2",
        "ClientRequestQuery": "?a=b",
        "ClientRequestScheme": "https",
        "Datetime": 1709629964000000000,
        "EdgeResponseStatus": 403,
        "Kind": "firewall",
        "MatchIndex": 0,
        "Metadata": {"rule_message": "dot files"},
        "RayID": "85f0",
        "RuleID": "100016",
        "Source": "waf",
    }
    return json.dumps(record | more)


def change(kind: str, *, done: object = True, **more: object) -> str:
    actor = {"ActorEmail": _ANA, "ActorID": "u1", "ActorIP": "198.51.100.7", "ActorType": "user"}
    record = {"ActionType": kind, "ActionResult": done, "ID": "e1", "Interface": "UI", "When": _MOMENT}
    return json.dumps(record | actor | more)


def access(*, allowed: bool, action: str = "login") -> str:
    record = {"Action": action, "Allowed": allowed, "AppDomain": "intra.portal.example/admin", "AppUUID": "a1"}
    person = {"Email": _ANA, "UserUID": "u1", "IPAddress": "198.51.100.7", "Country": "al", "RayID": "85f0"}
    return json.dumps(record | person | {"CreatedAt": _MOMENT})


def query(**more: object) -> str:
    record = {
        "ColoCode": "TIA",
        "QueryName": "portal.example",
        "QueryType": 28,
        "ResponseCode": 3,
        "Timestamp": _MOMENT,
    }
    return json.dumps(record | {"SourceIP": "198.51.100.7", "ResponseCached": False} | more)


def packet(outcome: str, **more: object) -> str:
    record: dict[str, Any] = {
        "Datetime": _MOMENT,
        "Direction": "ingress",
        "IPSourceAddress": "198.51.100.7",
        "IPDestinationAddress": "192.0.2.10",
        "IPProtocolName": "udp",
        "SourcePort": 53,
        "DestinationPort": 0,
        "Outcome": outcome,
        "RuleID": "r1",
    }
    return json.dumps(record | more)


def connection(**more: object) -> str:
    record: dict[str, Any] = {
        "Application": "app1",
        "ClientIP": "198.51.100.7",
        "ClientPort": 50112,
        "ClientProto": "tcp",
        "ClientTlsClientHelloServerName": "db.portal.example",
        "ConnectTimestamp": _MOMENT,
        "DisconnectTimestamp": "1970-01-01T00:00:00Z",
        "Event": "connect",
        "OriginIP": "192.0.2.10",
        "OriginPort": 3389,
        "Status": 0,
        "Timestamp": _MOMENT,
    }
    return json.dumps(record | more)


def gateway(**more: object) -> str:
    record: dict[str, Any] = {
        "Action": "block",
        "Datetime": _MOMENT,
        "DestinationIP": "192.0.2.10",
        "DestinationPort": 443,
        "DeviceName": "laptop-7",
        "Email": _ANA,
        "HTTPMethod": "GET",
        "HTTPStatusCode": 403,
        "PolicyName": "no gambling",
        "SourceIP": "198.51.100.7",
        "SourcePort": 50112,
        "URL": "https://bad.example/x?y=1",
        "UserID": "u1",
    }
    return json.dumps(record | more)


def test_a_request_that_was_pushed() -> None:
    fields = one("cloudflare", request(EdgeColoCode="TIA", ClientRequestScheme="https"))
    assert (fields["event.dataset"], fields["event.module"]) == (
        "cloudflare_logpush.http_request",
        "cloudflare_logpush",
    )
    assert (fields["source.ip"], fields["source.port"], fields["destination.ip"]) == (
        "198.51.100.7",
        50112,
        "192.0.2.10",
    )
    assert (fields["http.request.method"], fields["http.version"], fields["network.protocol"]) == ("GET", "1.1", "http")
    assert (fields["http.response.status_code"], fields["http.request.bytes"]) == (200, 700)
    assert fields["url.full"] == "https://portal.example/login?next=%2F"
    assert (fields["url.path"], fields["url.query"]) == ("/login", "next=%2F")
    assert (fields["tls.version"], fields["tls.cipher"]) == ("1.3", "AEAD-AES128-GCM-SHA256")
    assert (fields["@timestamp"], fields["event.duration"]) == (at("2024-03-05T09:12:44"), 2_000_000_000)
    assert set(fields["event.category"]) == {"network", "web"}
    assert "client.ip" not in fields


def test_a_request_that_was_pulled_has_client_and_server() -> None:
    fields = one("cloudflare", request())
    assert fields["event.dataset"] == "cloudflare.logpull"
    assert (fields["client.ip"], fields["server.ip"]) == ("198.51.100.7", "192.0.2.10")
    assert (fields["client.bytes"], fields["server.bytes"], fields["network.bytes"]) == (700, 900, 1600)
    assert fields["network.transport"] == "tcp"
    assert one("cloudflare", request(ClientRequestProtocol="HTTP/3"))["network.transport"] == "udp"


def test_placeholders_are_no_values() -> None:
    fields = one("cloudflare", request(ClientSSLProtocol="none", ClientSSLCipher="NONE", OriginIP="", ClientSrcPort=0))
    assert fields["url.scheme"] == "http"
    for name in ("tls.version", "tls.cipher", "destination.ip", "source.port"):
        assert name not in fields


@pytest.mark.parametrize(
    ("action", "kinds"),
    [
        ("block", {"info", "denied"}),
        ("challengeFailed", {"info", "denied"}),
        ("managedChallengeInteractiveSolved", {"info", "allowed"}),
        ("allow", {"info", "allowed"}),
        ("managedchallenge", {"info"}),
        ("log", {"info"}),
    ],
)
def test_what_the_firewall_did(action: str, kinds: set[str]) -> None:
    fields = one("cloudflare", event(action))
    assert (fields["event.action"], set(fields["event.type"])) == (action.lower(), kinds)
    assert (fields["rule.id"], fields["rule.description"]) == ("100016", "dot files")
    assert (fields["url.domain"], fields["url.path"], fields["url.query"]) == ("portal.example", "/.env", "a=b")
    assert (fields["source.ip"], fields["http.version"]) == ("198.51.100.7", "2")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_a_firewall_event_of_the_analytics_api() -> None:
    record = {
        "action": "block",
        "clientIP": "198.51.100.7",
        "clientAsn": "64500",
        "clientRequestHTTPHost": "portal.example",
    }
    more = {"clientRequestPath": "/.env", "datetime": _MOMENT, "rayName": "85f0", "ruleId": "r1", "userAgent": "curl/8"}
    fields = one("cloudflare", json.dumps(record | more))
    assert (fields["event.dataset"], fields["event.action"]) == ("cloudflare_logpush.firewall_event", "block")
    assert (fields["source.ip"], fields["url.path"], fields["rule.id"]) == ("198.51.100.7", "/.env", "r1")
    assert "denied" in fields["event.type"]


@pytest.mark.parametrize("forged", ["192.0.2.9", "[2001:db8::9]", "192.0.2.9:443"])
def test_a_host_that_the_client_wrote_is_no_address_of_an_end(forged: str) -> None:
    for line in (request(ClientRequestHost=forged, OriginIP=""), event("block", ClientRequestHost=forged)):
        fields = one("cloudflare", line)
        assert (fields["source.ip"], "destination.ip" in fields, "destination.domain" in fields) == (
            "198.51.100.7",
            False,
            False,
        )
        assert fields["related.ip"] == ["198.51.100.7"]


@pytest.mark.parametrize(
    ("kind", "category", "type_"),
    [
        ("token_create", "iam", "creation"),
        ("token_revoke", "iam", "deletion"),
        ("rotate_API_key", "iam", "change"),
        ("API_key_view", "iam", "info"),
        ("add_member", "iam", "creation"),
        ("rec_del", "configuration", "deletion"),
        ("rec_add", "configuration", "creation"),
        ("purge", "configuration", "deletion"),
        ("change_setting", "configuration", "change"),
    ],
)
def test_who_changed_what(kind: str, category: str, type_: str) -> None:
    fields = one("cloudflare", change(kind))
    assert (fields["event.category"], fields["event.type"]) == ((category,), (type_,))
    assert (fields["event.action"], fields["event.outcome"]) == (kind.lower(), "success")
    assert (fields["user.id"], fields["user.email"], fields["source.ip"]) == ("u1", _ANA, "198.51.100.7")


@pytest.mark.parametrize(("done", "outcome"), [(True, "success"), (False, "failure"), ("failure", "failure")])
def test_log_ins_to_the_dashboard(done: object, outcome: str) -> None:
    fields = one("cloudflare", change("login", done=done))
    assert (fields["event.category"], fields["event.outcome"]) == (("authentication",), outcome)
    assert (fields["user.name"], fields["source.ip"], "start" in fields["event.type"]) == (_ANA, "198.51.100.7", True)


def test_an_audit_record_of_the_api() -> None:
    actor = {"email": _ANA, "id": "u1", "ip": "198.51.100.7", "type": "user"}
    record = {"action": {"result": False, "type": "login"}, "actor": actor, "id": "e1", "when": _MOMENT}
    fields = one("cloudflare", json.dumps(record | {"resource": {"id": "u1", "type": "user"}, "owner": {"id": "u1"}}))
    assert (fields["event.dataset"], fields["event.outcome"]) == ("cloudflare.audit", "failure")
    assert (fields["user.name"], fields["source.ip"]) == (_ANA, "198.51.100.7")


@pytest.mark.parametrize(
    ("allowed", "outcome", "verdict"), [(True, "success", "allowed"), (False, "failure", "denied")]
)
def test_log_ins_to_what_access_protects(allowed: bool, outcome: str, verdict: str) -> None:
    fields = one("cloudflare", access(allowed=allowed))
    assert "authentication" in fields["event.category"]
    assert set(fields["event.type"]) == {"access", "start", verdict}
    assert (fields["event.outcome"], fields["user.name"]) == (outcome, _ANA)
    assert (fields["source.ip"], fields["client.ip"]) == ("198.51.100.7", "198.51.100.7")
    assert fields["url.domain"] == "intra.portal.example"
    assert "end" in one("cloudflare", access(allowed=True, action="logout"))["event.type"]


def test_dns_questions() -> None:
    fields = one("cloudflare", query())
    assert (fields["dns.question.name"], fields["dns.question.type"]) == ("portal.example", "AAAA")
    assert (fields["dns.response_code"], fields["source.ip"]) == ("NXDOMAIN", "198.51.100.7")
    assert "dns.question.type" not in one("cloudflare", query(QueryType=65535))
    assert one("cloudflare", query(ClusterID="c1"))["event.dataset"] == "cloudflare_logpush.dns_firewall"


def test_a_question_that_the_gateway_refused() -> None:
    record = {"QueryName": "bad.example", "QueryTypeName": "A", "RCode": 0, "ResolverDecision": "blockedByCategory"}
    more = {
        "SrcIP": "198.51.100.7",
        "ResolvedIPs": ["192.0.2.53", "no address"],
        "DeviceName": "laptop-7",
        "Email": _ANA,
    }
    fields = one("cloudflare", json.dumps(record | more | {"Datetime": _MOMENT}))
    assert (fields["event.dataset"], "denied" in fields["event.type"]) == ("cloudflare_logpush.gateway_dns", True)
    assert (fields["dns.resolved_ip"], fields["host.name"], fields["user.email"]) == (["192.0.2.53"], "laptop-7", _ANA)


def test_a_request_that_the_gateway_refused() -> None:
    fields = one("cloudflare", gateway())
    assert (fields["event.dataset"], "denied" in fields["event.type"]) == ("cloudflare_logpush.gateway_http", True)
    assert (fields["url.domain"], fields["url.path"], fields["rule.name"]) == ("bad.example", "/x", "no gambling")
    assert (fields["destination.ip"], fields["destination.port"]) == ("192.0.2.10", 443)
    assert (fields["host.name"], fields["user.id"]) == ("laptop-7", "u1")


def test_sessions_of_the_gateway() -> None:
    record = {"Action": "allowedOnNoRuleMatch", "SessionID": "s1", "SNI": "portal.example", "TransportProtocol": "tcp"}
    ends = {"SourceIP": "198.51.100.7", "SourcePort": 50112, "DestinationIP": "192.0.2.10", "DestinationPort": 443}
    fields = one("cloudflare", json.dumps(record | ends | {"Datetime": _MOMENT}))
    assert (fields["event.dataset"], fields["network.transport"]) == ("cloudflare_logpush.gateway_network", "tcp")
    assert (fields["tls.client.server_name"], fields["destination.port"]) == ("portal.example", 443)


def test_sessions_of_zero_trust_have_bytes() -> None:
    record = {"BytesSent": 5000, "BytesReceived": 70, "OriginIP": "192.0.2.10", "OriginPort": 443, "Protocol": "TCP"}
    more = {"SourceIP": "198.51.100.7", "SessionStartTime": _MOMENT, "SessionEndTime": "2024-03-05T09:12:54Z"}
    fields = one("cloudflare", json.dumps(record | more))
    assert (fields["source.bytes"], fields["destination.bytes"], fields["network.transport"]) == (5000, 70, "tcp")
    assert (fields["event.duration"], fields["@timestamp"]) == (10_000_000_000, at("2024-03-05T09:12:44"))


@pytest.mark.parametrize(
    ("outcome", "verdict", "told"), [("pass", "allowed", "success"), ("drop", "denied", "failure")]
)
def test_packets(outcome: str, verdict: str, told: str) -> None:
    fields = one("cloudflare", packet(outcome))
    assert (verdict in fields["event.type"], fields["event.outcome"]) == (True, told)
    assert (fields["network.transport"], fields["network.direction"], fields["rule.id"]) == ("udp", "ingress", "r1")
    assert (fields["source.port"], fields["destination.port"]) == (53, 0)


def test_connections_of_spectrum() -> None:
    fields = one("cloudflare", connection())
    assert (fields["event.action"], fields["destination.port"]) == ("connect", 3389)
    assert ("start" in fields["event.type"], "event.end" in fields) == (True, False)
    assert "http.response.status_code" not in fields
    assert fields["tls.client.server_name"] == "db.portal.example"
    ended = one("cloudflare", connection(Event="disconnect", DisconnectTimestamp="2024-03-05T09:12:49Z"))
    assert ("end" in ended["event.type"], ended["event.duration"]) == (True, 5_000_000_000)
    assert "denied" in one("cloudflare", connection(ClientMatchedIpFirewall="BLOCK_IP"))["event.type"]


def test_network_errors_that_browsers_report() -> None:
    record = {"LastKnownGoodColoCode": "TIA", "Phase": "connection", "Type": "tcp.timed_out", "Timestamp": _MOMENT}
    fields = one("cloudflare", json.dumps(record | {"ClientIPASN": "64500"}))
    assert (fields["error.type"], fields["source.as.number"]) == ("tcp.timed_out", 64500)


@pytest.mark.parametrize(
    "line",
    [
        request(),
        event("block"),
        change("login"),
        access(allowed=True),
        query(),
        packet("drop"),
        connection(),
        gateway(),
    ],
)
def test_each_log_is_recognised(line: str) -> None:
    assert known_as(line + "\n") == "cloudflare"


@pytest.mark.parametrize(
    "document",
    [
        {"ClientIP": "198.51.100.7", "UserId": "ana", "Operation": "FileAccessed"},
        {"QueryName": "portal.example", "QueryResults": "::1", "Image": "C:\\x.exe"},
        {"action": "login", "actor": "ana", "when": _MOMENT, "resource": "x"},
        {"Action": "block", "SourceIP": "198.51.100.7", "DestinationIP": "192.0.2.10"},
    ],
)
def test_records_of_others_are_not_taken(document: dict[str, str]) -> None:
    assert known_as(json.dumps(document) + "\n") != "cloudflare"


def test_odd_shapes_lose_nothing_and_damage_is_told() -> None:
    odd = [
        request(ClientIP=["x"], ClientRequestHost={}, EdgeResponseStatus="many", ClientRequestURI=7),
        event("block", ClientIP="no address", Metadata="text", RuleID=None),
        access(allowed=True).replace("true", '"yes"'),
        query(QueryType="AAAA", ResponseCode=-1),
        packet("drop", IPProtocolName=17, SourcePort=70000),
    ]
    events, dead = read("cloudflare", "\n".join([*odd, '{"ClientRequestHost": "x', '{"other": 1}']))
    assert (len(events), len(dead)) == (len(odd), 2)
    assert all(letter.reason for letter in dead)
    assert "source.ip" not in events[1]
