"""ModSecurity, Imperva and Ubika; Caddy and Traefik; squid's own diary."""

from __future__ import annotations

import json

import pytest

from tests.collectors.reading import at, known_as, one, read

SERIAL = """--a1b2c3d4-A--
[05/Mar/2024:10:12:44.123456 +0100] ZebqRH8AAQEAAB 203.0.113.4 50112 192.0.2.1 443
--a1b2c3d4-B--
POST /login?x=1 HTTP/1.1
Host: tax.gov.example
User-Agent: probe

--a1b2c3d4-C--
--ffffffff-A--
--a1b2c3d4-Z-- user=' or 1=1
--a1b2c3d4-F--
HTTP/1.1 403 Forbidden
--a1b2c3d4-H--
Message: Access denied with code 403 (phase 2). detected SQLi [file "/etc/crs/942.conf"] [line "1"] [id "942100"] [msg "SQL Injection \\"x\\""] [severity "CRITICAL"] [tag "attack-sqli"]
Message: Warning. Operator GE matched 5 at TX:score. [id "949110"] [msg "Exceeded"]

--a1b2c3d4-Z--

--b1b2c3d4-A--
[05/Mar/2024:10:12:45 +0100] ZebqRH8AAQEAAC 203.0.113.5 50113 192.0.2.1 443
--b1b2c3d4-B--
GET / HTTP/1.1
--b1b2c3d4-Z--
"""  # noqa: E501 - lines of a log


def test_a_transaction_is_divided_by_its_own_boundary_alone() -> None:
    events, dead = read("modsecurity", SERIAL)
    assert (len(events), dead) == (2, [])
    first = events[0]
    assert first["@timestamp"] == at("2024-03-05T09:12:44.123456")
    assert (first["source.ip"], first["destination.port"]) == ("203.0.113.4", 443)
    assert (first["url.path"], first["url.domain"]) == ("/login", "tax.gov.example")
    assert "or 1=1" in first["http.request.body.content"]
    assert (first["rule.id"], first["rule.name"]) == ("942100", 'SQL Injection "x"')
    assert first["modsecurity.rule_ids"] == ["942100", "949110"]
    assert (first["event.kind"], first["event.action"]) == ("alert", "denied")
    assert events[1]["event.kind"] == "event"
    assert known_as(SERIAL) == "modsecurity"


def test_json_of_version_three_and_of_version_two() -> None:
    three = {
        "transaction": {
            "client_ip": "203.0.113.4",
            "client_port": 5,
            "time_stamp": "Tue Mar  5 09:12:44 2024",
            "unique_id": "17",
            "request": {"method": "GET", "uri": "/?a=1", "headers": {"Host": "x.example"}},
            "response": {"http_code": 403},
            "messages": [{"message": "SQLi", "details": {"ruleId": "942100", "severity": "2", "tags": ["attack"]}}],
        }
    }
    two = {
        "transaction": {"time": "05/Mar/2024:09:12:44 +0000", "transaction_id": "17", "remote_address": "203.0.113.4"},
        "request": {"request_line": "GET /?a=1 HTTP/1.1", "headers": {"Host": "x.example"}},
        "audit_data": {"messages": ['Warning. [id "942100"] [msg "SQLi"] [severity "CRITICAL"]']},
    }
    for document in (three, two):
        fields = one("modsecurity", json.dumps(document))
        assert fields["@timestamp"] == at("2024-03-05T09:12:44")
        assert (fields["rule.id"], fields["rule.name"][:4] if "rule.name" in fields else "SQLi") == ("942100", "SQLi")
        assert (fields["url.path"], fields["url.query"], fields["url.domain"]) == ("/", "a=1", "x.example")
        assert (fields["event.severity"], fields["http.request.id"]) == (2, "17")
        assert known_as(json.dumps(document)) == "modsecurity"


APACHE = (
    "[Tue Mar 05 09:12:44.123456 2024] [:error] [pid 1] [client 203.0.113.4:50112] [client 203.0.113.4] ModSecurity: "
    'Warning. Pattern match "x" at ARGS:q. [id "942100"] [msg "SQLi"] [uri "/a"] [unique_id "17"]'
)
NGINX = (
    '2024/03/05 09:12:44 [info] 8#8: *1 ModSecurity: Warning. Matched "x" against variable `ARGS:q\' [id "942100"] '
    '[msg "SQLi"] [uri "/a"], client: 203.0.113.4, server: _, request: "GET /a HTTP/1.1", host: "x.example"'
)


@pytest.mark.parametrize(
    "line",
    [
        APACHE,
        NGINX,
    ],
)
def test_alerts_in_error_logs(line: str) -> None:
    fields = one("modsecurity", line)
    assert fields["@timestamp"].replace(microsecond=0) == at("2024-03-05T09:12:44")
    assert (fields["source.ip"], fields["rule.id"], fields["url.path"]) == ("203.0.113.4", "942100", "/a")
    assert fields["modsecurity.variable"] == "ARGS:q"
    assert known_as(line) == "modsecurity"


def test_caddy() -> None:
    line = json.dumps(
        {
            "level": "info",
            "ts": 1709629964.5,
            "logger": "http.log.access.log0",
            "msg": "handled request",
            "request": {
                "remote_ip": "10.0.0.1",
                "remote_port": "50112",
                "client_ip": "203.0.113.4",
                "proto": "HTTP/2.0",
                "method": "GET",
                "host": "tax.gov.example",
                "uri": "/a?b=1",
                "headers": {"User-Agent": ["probe"]},
                "tls": {"version": 772, "server_name": "tax.gov.example"},
            },
            "bytes_read": 0,
            "user_id": "eva",
            "duration": 0.25,
            "size": 99,
            "status": 404,
        }
    )
    fields = one("caddy", line)
    assert (fields["event.dataset"], fields["@timestamp"]) == ("caddy.access", at("2024-03-05T09:12:44.5"))
    assert (fields["source.ip"], fields["user.name"], fields["url.path"]) == ("203.0.113.4", "eva", "/a")
    assert (fields["event.duration"], fields["tls.version"], fields["event.outcome"]) == (250_000_000, "1.3", "failure")
    assert known_as(line) == "caddy"


def test_traefik_in_three_forms() -> None:
    common = '203.0.113.4 - eva [05/Mar/2024:09:12:44 +0000] "GET /a?b=1 HTTP/2.0" 404 9 "-" "probe" 7 "r@docker" "http://10.0.0.2:80" 25ms'  # noqa: E501 - a line of a log
    document = json.dumps(
        {
            "ClientHost": "203.0.113.4",
            "ClientUsername": "eva",
            "DownstreamStatus": 404,
            "Duration": 25_000_000,
            "RequestMethod": "GET",
            "RequestPath": "/a?b=1",
            "RequestProtocol": "HTTP/2.0",
            "StartUTC": "2024-03-05T09:12:44.000000001Z",
            "RouterName": "r@docker",
            "request_User-Agent": "probe",
        }
    )
    for line in (common, document):
        fields = one("traefik", line)
        assert fields["@timestamp"] == at("2024-03-05T09:12:44")
        assert (fields["source.ip"], fields["user.name"], fields["event.duration"]) == (
            "203.0.113.4",
            "eva",
            25_000_000,
        )
        assert (fields["url.path"], fields["http.response.status_code"]) == ("/a", 404)
        assert fields["traefik.access.router_name"] == "r@docker"
        assert known_as(line) == "traefik"
    own = one(
        "traefik",
        'time="2024-03-05T09:12:44Z" level=debug msg="Handling TCP connection from 203.0.113.4:5 to 192.0.2.1:80"',
    )
    assert (own["source.port"], own["destination.ip"], own["network.transport"]) == (5, "192.0.2.1", "tcp")


def test_imperva_and_ubika() -> None:
    cef = (
        "CEF:0|Incapsula|SIEMintegration|1|1|SQL Injection|5| sourceServiceName=tax.gov.example "
        "request=tax.gov.example/a requestMethod=GET act=REQ_BLOCKED_SECURITY "
        "cpt=50112 src=203.0.113.4 start=1709629964000 end=1709629964250 "
        "ver=TLSv1.3 TLS_AES_128_GCM_SHA256 cs9=Block bad cs9Label=Rule name"
    )
    fields = one("imperva_waf", cef)
    assert (fields["source.ip"], fields["source.port"], fields["destination.domain"]) == (
        "203.0.113.4",
        50112,
        "tax.gov.example",
    )
    assert (fields["event.type"], fields["event.kind"]) == (["connection", "denied"], "alert")
    assert (fields["rule.name"], fields["tls.version"], fields["event.duration"]) == ("Block bad", "1.3", 250_000_000)
    assert known_as(cef) == "imperva_waf"
    alert = {
        "logAlertUid": "1",
        "timestamp": "1709629964000",
        "request": {"ipSrc": "203.0.113.4", "method": "GET", "path": "/a", "hostname": "x.example"},
        "context": {"tunnelName": "T"},
        "events": [{"tokens": {"reason": "SQLi", "severity": 5, "cwe": "CWE-89"}}],
    }
    line = "2024-03-05T10:12:44.1+01:00 waf1 - - - - " + json.dumps(alert)
    fields = one("ubika_waf", line)
    assert (fields["event.kind"], fields["vulnerability.id"], fields["url.path"]) == ("alert", "CWE-89", "/a")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")
    assert known_as(line) == "ubika_waf"


def test_squids_own_diary() -> None:
    line = (
        "2024/03/05 09:12:44 kid1| SECURITY ALERT: Host header forgery detected on local=192.0.2.1:80 "
        "remote=203.0.113.4:50112 FD 9 flags=33 (local IP does not match any domain IP)"
    )
    fields = one("squid", line)
    assert (fields["event.dataset"], fields["source.ip"], fields["log.level"]) == (
        "squid.cache",
        "203.0.113.4",
        "security alert",
    )
