"""PingFederate: its audit log in three forms, its server log, and subjects that forge no address."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_KEYS = (
    '2024-03-05 09:12:44,018 trackingid="tid:a" transactionid="b" event="AUTHN_ATTEMPT" subject="eva" '
    'ip="198.51.100.7" connectionid="https://app.tax.example/sp" protocol="SAML20" pfhost="pf1" role="IdP" '
    'status="failure" responsetime="86" attributes="" X-Forwarded-Host="sso.tax.example"'
)
_COLUMNS = (
    "2024-03-05 09:12:44,018| tid:a| AUTHN_ATTEMPT| eva| 198.51.100.7 | | portal| OIDC| pf1| IdP| failure| Form| "
    "wrong password| 17"
)
_CEF = (
    "CEF:0|Ping Identity|PingFederate|11|AUTHN_ATTEMPT|AUTHN_ATTEMPT|0|rt=Mar 05 2024 09:12:44.018 duid=eva "
    "src=198.51.100.7 msg=failure cs3Label=Protocol cs3=OIDC dvchost=pf1 externalId=tid:a"
)


@pytest.mark.parametrize("line", [_KEYS, _COLUMNS, _CEF])
def test_a_refused_log_in_in_every_form(line: str) -> None:
    fields = one("pingfederate", line)
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], "failure")
    assert (fields["user.name"], fields["source.ip"]) == ("eva", "198.51.100.7")
    assert (fields["event.action"], fields["host.name"]) == ("authn_attempt", "pf1")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.018")
    assert known_as(f"{line}\n" * 3) == "pingfederate"


@pytest.mark.parametrize(
    ("event", "kind"), [("SSO", "start"), ("SLO", "end"), ("SRI_REVOKED", "end"), ("AUTHN_SESSION_USED", "info")]
)
def test_what_begins_and_what_ends(event: str, kind: str) -> None:
    assert one("pingfederate", _KEYS.replace("AUTHN_ATTEMPT", event))["event.type"] == [kind]


def test_a_subject_with_keys_in_it_forges_no_address() -> None:
    forged = 'x" ip="192.0.2.9" connectionid="y'
    fields = one("pingfederate", _KEYS.replace('subject="eva"', f'subject="{forged}"'))
    assert fields["source.ip"] == "198.51.100.7"
    assert fields["user.name"] == forged
    fields = one("pingfederate", _COLUMNS.replace("| eva|", "| x| 192.0.2.9| y|"))
    assert fields["source.ip"] == "198.51.100.7"
    assert "192.0.2.9" not in fields["related.ip"]


def test_a_distinguished_name_is_an_account() -> None:
    fields = one("pingfederate", _KEYS.replace('"eva"', '"uid=eva,ou=people,dc=tax"'))
    assert fields["user.name"] == "eva"


def test_the_server_log() -> None:
    line = "2024-03-05 09:12:44,018 tid:a DEBUG [org.sourceid.websso.Servlet] GET: https://sso.tax.example/pf/ping"
    fields = one("pingfederate", line)
    assert (fields["http.request.method"], fields["url.path"]) == ("GET", "/pf/ping")
    assert (fields["log.level"], fields["event.type"]) == ("DEBUG", ["access"])
    assert known_as(f"{line}\n") == "pingfederate"
    assert one("pingfederate", line.replace("DEBUG", "ERROR").replace("GET: ", ""))["event.type"] == ["error"]


def test_requests_are_read_by_name_alone() -> None:
    line = '198.51.100.7 - eva [05/Mar/2024:09:12:44 +0100] "GET /as/x HTTP/1.1" 401 15'
    fields = one("pingfederate", line)
    assert (fields["source.ip"], fields["event.outcome"]) == ("198.51.100.7", "failure")
    assert known_as(f"{line}\n") != "pingfederate"


def test_other_logs_are_others() -> None:
    assert known_as("2024-03-05 09:12:44,018 INFO [com.example.App] started\n") != "pingfederate"
    events, dead = read("pingfederate", "2024-03-05 09:12:44,018 hello\n")
    assert not events
    assert "PingFederate" in str(dead[0].reason)
