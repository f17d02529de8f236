"""Zscaler: firewall, web, names and tunnels of Internet Access, and Private Access."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_TIME = "Tue Mar  5 09:12:44 2024"
_FIREWALL = {
    "datetime": _TIME,
    "user": "ana@example.org",
    "csip": "192.0.2.7",
    "csport": 4711,
    "cdip": "198.51.100.9",
    "cdport": 443,
    "ssip": "0.0.0.0",  # noqa: S104 - what the log has for none
    "ssport": 0,
    "sdip": "198.51.100.9",
    "sdport": 443,
    "action": "Drop",
    "nwsvc": "HTTPS",
    "nwapp": "http",
    "proto": "TCP",
    "rulelabel": "Access%20Blocked",
    "ipsrulelabel": "None",
    "inbytes": 20,
    "outbytes": 10,
    "durationms": 486,
    "devicehostname": "PC7",
}
_WEB = {
    "datetime": _TIME,
    "action": "Allowed",
    "url": "www.example.org/a%20b?c=1",
    "protocol": "HTTPS",
    "urlcategory": "News",
    "requestmethod": "GET",
    "status": "200",
    "ClientIP": "192.0.2.7",
    "serverip": "198.51.100.9",
    "user": "ana%40example.org",
    "threatname": "None",
    "useragent": "curl%2F8",
}
_NAMES = {
    "datetime": _TIME,
    "reqaction": "REQ_BLOCK",
    "resaction": "RES_BLOCK",
    "req": "bad.example",
    "reqtype": "A record",
    "res": "NXDOMAIN",
    "clt_sip": "192.0.2.7",
    "user": "Office",
}
_ACTIVITY = {
    "LogTimestamp": _TIME,
    "ConnectionStatus": "open",
    "Application": "Intranet",
    "Username": "ana@example.org",
    "IPProtocol": 6,
    "ServerIP": "10.0.0.9",
    "ServerPort": 443,
    "ClientPublicIP": "192.0.2.7",
    "Host": "intra.example",
}
_STATUS = {
    "LogTimestamp": _TIME,
    "SessionStatus": "ZPN_STATUS_AUTHENTICATED",
    "Username": "ana@example.org",
    "ClientType": "zpn_client",
    "PublicIP": "192.0.2.7",
    "Hostname": "pc7",
}
_AUDIT = {
    "AuditOperationType": "Delete",
    "ObjectType": "Policy",
    "User": "eva@example.org",
    "ModifiedTime": "2024-03-05T09:12:44Z",
}
_BROWSER = {
    "LogTimestamp": _TIME,
    "Exporter": "x",
    "Method": "GET",
    "NameID": "ana@example.org",
    "StatusCode": 403,
    "Host": "intra.example",
    "URL": "/a?b=1",
    "Protocol": "HTTPS",
    "ClientPublicIp": "192.0.2.7",
}
_CONNECTOR = {"LogTimestamp": _TIME, "Connector": "c1", "SessionStatus": "x", "CPUUtilization": 1, "Customer": "gov"}


def seen(document: object) -> dict[str, Any]:
    return one("zscaler", json.dumps(document))


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_dropped_connection_has_ends_rule_and_account(wrapped: bool) -> None:
    fields = seen({"sourcetype": "zscalernss-fw", "event": _FIREWALL} if wrapped else _FIREWALL)
    assert (fields["event.dataset"], fields["event.type"]) == ("zscaler_zia.firewall", ("info", "denied"))
    assert (fields["source.ip"], fields["destination.ip"], fields["destination.nat.ip"]) == (
        "192.0.2.7",
        "198.51.100.9",
        "198.51.100.9",
    )
    assert not {"source.nat.ip", "source.nat.port"} & fields.keys()
    assert (fields["rule.name"], fields["source.bytes"], fields["server.bytes"]) == (["Access Blocked"], 10, 20)
    assert (fields["user.email"], fields["user.name"], fields["host.name"]) == ("ana@example.org", "ana", "PC7")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_a_request_is_decoded() -> None:
    fields = seen(_WEB)
    assert (fields["event.category"], fields["event.type"]) == (("network", "web"), ("access", "allowed"))
    assert (fields["url.scheme"], fields["url.domain"], fields["url.query"]) == ("https", "www.example.org", "c=1")
    assert (fields["user.email"], fields["user_agent.original"]) == ("ana@example.org", "curl/8")
    assert (fields["http.response.status_code"], fields["event.kind"]) == (200, "event")
    assert seen(_WEB | {"threatname": "Win32.X"})["event.kind"] == "alert"


def test_a_question_that_was_refused() -> None:
    fields = seen(_NAMES)
    assert (fields["dns.question.name"], fields["dns.response_code"]) == ("bad.example", "NXDOMAIN")
    assert "user.email" not in fields


@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [
        ("ZPN_STATUS_AUTHENTICATED", "start", "success"),
        ("ZPN_STATUS_AUTH_FAILED", "start", "failure"),
        ("ZPN_STATUS_DISCONNECTED", "end", "success"),
    ],
)
def test_a_client_that_comes_or_goes_is_a_log_in(status: str, kind: str, outcome: str) -> None:
    fields = seen(_STATUS | {"SessionStatus": status})
    assert fields["event.category"] == ("authentication", "session")
    assert (fields["event.type"], fields["event.outcome"], fields["source.ip"]) == ((kind,), outcome, "192.0.2.7")


def test_private_access_is_read() -> None:
    activity, audit, browser = seen(_ACTIVITY), seen(_AUDIT), seen(_BROWSER)
    assert (activity["destination.port"], activity["network.transport"], activity["service.name"]) == (
        443,
        "tcp",
        "Intranet",
    )
    assert (audit["event.type"], audit["user.name"]) == (("deletion",), "eva@example.org")
    assert (browser["http.response.status_code"], browser["url.path"], browser["user.name"]) == (
        403,
        "/a",
        "ana@example.org",
    )


@pytest.mark.parametrize(
    ("document", "dataset"),
    [
        (_FIREWALL, "zscaler_zia.firewall"),
        (_WEB, "zscaler_zia.web"),
        (_NAMES, "zscaler_zia.dns"),
        (_ACTIVITY, "zscaler_zpa.user_activity"),
        (_STATUS, "zscaler_zpa.user_status"),
        (_AUDIT, "zscaler_zpa.audit"),
        (_BROWSER, "zscaler_zpa.browser_access"),
        (_CONNECTOR, "zscaler_zpa.app_connector_status"),
    ],
)
def test_each_log_is_known_by_its_fields(document: object, dataset: str) -> None:
    assert known_as(json.dumps(document)) == "zscaler"
    assert seen(document)["event.dataset"] == dataset


def test_what_is_none_of_them_is_a_dead_letter() -> None:
    events, dead = read("zscaler", json.dumps(_WEB) + '\n{"datetime": "x"}\n')
    assert (len(events), len(dead)) == (1, 1)
