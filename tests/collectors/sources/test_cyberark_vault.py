"""CyberArk's vault: the same record in its three forms, sessions and what is typed in them, failures."""

from __future__ import annotations

import json

import pytest

from tests.collectors.reading import at, known_as, one, read

_CEF = (
    '<5>1 2024-03-05T09:12:44Z VAULT1 CEF:0|Cyber-Ark|Vault|14.2|{code}|{action}|5|act="{action}" suser=ana '
    'fname=Root\\\\srv1-root dvc= shost=192.0.2.7 dhost=srv1.example duser=root externalId= app= reason="Fix 4471" '
    'cs1Label="Affected User Name" cs1= cs2Label="Safe Name" cs2="Tier0" cs3Label="Device Type" cs3="Operating System" '
    'cs4Label="Database" cs4= cs5Label="Other info" cs5="192.0.2.1" cn1Label="Request Id" cn1= cn2Label="Ticket Id" '
    "cn2= msg="
)
_LEEF = (
    "<5>1 2024-03-05T09:12:44Z VAULT1 LEEF:1.0|Cyber-Ark|Vault|14.2|{code}|sev=6\tAction={action}\t"
    "EventMessage={action}\tOSUser=\tusrName=ana\tsrc=192.0.2.7\tSourceUser=\tTargetUser=\tFile=Root\\srv1-root\t"
    "Safe=Tier0\tReason=Fix 4471\tExtraDetails=\tGatewayStation=192.0.2.1\tCAPolicy=\tshost=192.0.2.7\t"
    "dhost=srv1.example\tduser=root\tapp=\treason="
)


def _json(action: str, code: str, severity: str = "Info", **more: object) -> str:
    record = {
        "IsoTimestamp": "2024-03-05T09:12:44Z",
        "Hostname": "VAULT1",
        "Vendor": "Cyber-Ark",
        "Product": "Vault",
        "Version": "14.2",
        "MessageID": code,
        "Action": action,
        "Severity": severity,
        "Issuer": "ana",
        "File": "Root\\srv1-root",
        "Safe": "Tier0",
        "Station": "192.0.2.7",
        "Reason": "Fix 4471",
        "GatewayStation": "192.0.2.1",
        **more,
    }
    return "<5>1 2024-03-05T09:12:44Z VAULT1 " + json.dumps(
        {"format": "elastic", "version": "1.0", "syslog": {"audit_record": record}}
    )


@pytest.mark.parametrize(
    "line",
    [
        _CEF.format(action="Retrieve password", code=295),
        _LEEF.format(action="Retrieve password", code=295),
        _json("Retrieve password", "295"),
    ],
)
def test_each_form_says_the_same(line: str) -> None:
    fields = one("cyberark_vault", line)
    assert known_as(line) == "cyberark_vault"
    assert (fields["event.action"], fields["event.code"], fields["event.outcome"]) == (
        "Retrieve password",
        "295",
        "success",
    )
    assert (fields["user.name"], fields["source.ip"], fields["cyberarkpas.audit.safe"]) == ("ana", "192.0.2.7", "Tier0")
    assert (fields["file.path"], fields["file.name"]) == ("Root\\srv1-root", "srv1-root")
    assert (fields["event.reason"], fields["cyberarkpas.audit.gateway_station"]) == ("Fix 4471", "192.0.2.1")
    assert (fields["event.category"], fields["event.type"]) == (["iam"], ["info"])
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


@pytest.mark.parametrize(
    ("action", "categories", "types", "outcome"),
    [
        ("Logon", ["authentication"], ["start"], "success"),
        ("User Authentication", ["authentication"], ["start"], "failure"),
        ("Logoff", ["authentication"], ["end"], "success"),
        ("PSM Connect", ["session", "network"], ["start"], "success"),
        ("PSM Disconnect", ["session", "network"], ["end"], "success"),
        ("CPM Change Password Failed", ["iam"], ["change"], "failure"),
        ("CPM Change Password", ["iam"], ["change"], "success"),
        ("Delete User", ["iam"], ["user", "deletion"], "success"),
        ("Add Group Member", ["iam"], ["group", "creation"], "success"),
        ("Add Owner", ["iam"], ["creation"], "success"),
        ("Add Safe", ["configuration"], ["creation"], "success"),
        ("Retrieve File", ["file"], ["access"], "success"),
        ("Auditor Backup", ["file"], ["access"], "success"),
        ("Something new", ["configuration"], ["info"], "success"),
    ],
)
def test_what_an_action_is(action: str, categories: object, types: object, outcome: str) -> None:
    for line in (_CEF.format(action=action, code=1), _LEEF.format(action=action, code=1), _json(action, "1")):
        fields = one("cyberark_vault", line)
        assert (fields["event.category"], fields["event.type"], fields["event.outcome"]) == (categories, types, outcome)


def test_a_record_of_an_error_did_not_succeed() -> None:
    assert one("cyberark_vault", _json("Store password", "294", "Error"))["event.outcome"] == "failure"


def test_what_was_typed_in_a_session_and_where() -> None:
    details = "Command=cd /tmp\\;ls;DstHost=198.51.100.7;Protocol=SSH;SessionID=s1;SrcHost=203.0.113.9;User=root;"
    line = _LEEF.format(action="Keystroke logging", code=361).replace("ExtraDetails=", f"ExtraDetails={details}")
    fields = one("cyberark_vault", line.replace("dhost=srv1.example", "dhost="))
    assert (fields["process.command_line"], fields["destination.ip"]) == ("cd /tmp;ls", "198.51.100.7")
    assert (fields["source.ip"], fields["network.application"]) == ("203.0.113.9", "ssh")
    assert (fields["cyberarkpas.audit.session_id"], "event.reason" in fields) == ("s1", False)
    same = _json(
        "Keystroke logging",
        "361",
        ExtraDetails={"Command": "cd /tmp;ls", "DstHost": "198.51.100.7", "SrcHost": "203.0.113.9"},
    )
    fields = one("cyberark_vault", same)
    assert (fields["process.command_line"], fields["source.ip"]) == ("cd /tmp;ls", "203.0.113.9")


@pytest.mark.parametrize(
    "line",
    [
        "hello",
        "CEF:0|Other|Thing|1|2|3|4|act=x",
        '{"format":"elastic","syslog":{"audit_record":{"Vendor":"Cyber-Ark"}}}',
        '{"format":"elastic","syslog":{"audit_record":',
    ],
)
def test_what_is_none_is_a_dead_letter(line: str) -> None:
    events, dead = read("cyberark_vault", line + "\n")
    assert (events, len(dead)) == ([], 1)
