"""LEEF: what products call their events tells log-ins, threats and changes; what users fill in does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import one


def leef(event: str, *attributes: str, vendor: str = "Vendor|Thing|1") -> dict[str, Any]:
    ends = ("src=203.0.113.9", "dst=10.1.1.7", "usrName=anna")
    return one("leef", f"LEEF:1.0|{vendor}|{event}|" + "\t".join((*ends, *attributes)))


@pytest.mark.parametrize(
    ("event", "attributes", "kind", "outcome"),
    [
        ("UserLoginFailed", (), "start", "failure"),
        ("user_login_success", (), "start", "success"),
        ("4", ("eventName=Authentication failed",), "start", "failure"),
        ("7", ("cat=Logon", "action=Logon successful"), "start", "success"),
        ("8", ("EventMessage=User logged out",), "end", None),
        ("9", ("isLoginEvent=true",), "start", None),
        ("10", ("isLogoutEvent=true",), "end", None),
    ],
)
def test_a_log_in(event: str, attributes: tuple[str, ...], kind: str, outcome: str | None) -> None:
    fields = leef(event, *attributes)
    assert (fields["event.category"], fields["event.type"]) == (["authentication"], [kind])
    assert fields.get("event.outcome") == outcome


@pytest.mark.parametrize(
    ("event", "attributes", "category", "types"),
    [
        ("virus", ("action=blocked", "cat=Malware"), "malware", ["info", "denied"]),
        ("IPS signature", ("action=pass",), "intrusion_detection", ["info", "allowed"]),
        ("x", ("cat=Port scan",), "intrusion_detection", ["info"]),
    ],
)
def test_a_threat_is_an_alert(event: str, attributes: tuple[str, ...], category: str, types: list[str]) -> None:
    fields = leef(event, *attributes)
    assert (fields["event.kind"], fields["event.category"]) == ("alert", [category, "network"])
    assert fields["event.type"] == types


@pytest.mark.parametrize(
    ("event", "categories", "types"),
    [
        ("Add User", ["iam"], ["user", "creation"]),
        ("GroupMemberRemoved", ["iam"], ["group", "deletion"]),
        ("Reset Password", ["iam"], ["user", "change"]),
        ("Configuration changed", ["configuration"], ["change"]),
    ],
)
def test_a_change(event: str, categories: list[str], types: list[str]) -> None:
    fields = leef(event)
    assert (fields["event.category"], fields["event.type"]) == (categories, types)


def test_a_connection_and_the_verdict_on_it() -> None:
    fields = leef("302013", "action=Deny", "sev=8", "shost=203.0.113.9")
    assert (fields["event.type"], fields["event.outcome"]) == (["connection", "denied"], "failure")
    assert (fields["event.severity"], fields["source.ip"]) == (8, "203.0.113.9")
    assert "source.domain" not in fields
    assert leef("302013")["event.type"] == ["connection"]


def test_what_a_user_fills_in_means_nothing() -> None:
    fields = leef("traffic", "url=http://x/login failed virus", "suser=login failed", "resource=malware")
    assert fields["event.category"] == ["network"]
    assert "event.outcome" not in fields
