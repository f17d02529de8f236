"""RSA SecurID: log-ins with their outcome, administrators' changes, cut records."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_HEAD = "2024-03-05 09:12:44,377, am01.gov.example, "


def _runtime(action: str, outcome: str, reason: str = "", user: str = "eva") -> str:
    return (
        f"{_HEAD}audit.runtime.com.rsa.ims.authn.impl.Broker, ERROR, 6b,0e,198.51.100.7,192.0.2.10,"
        f"{action},23008,{outcome},{reason},,,,,{user},,,09f1,0010,192.0.2.20,agent01,1,,,,,,,1,,,,,,,,"
    )


@pytest.mark.parametrize(("said", "outcome"), [("FAIL", "failure"), ("SUCCESS", "success")])
def test_a_log_in(said: str, outcome: str) -> None:
    fields = one("rsa_securid", _runtime("AUTHN_LOGIN_EVENT", said, "AUTHN_PRINCIPAL_LOCKED"))
    assert (fields["event.category"], fields["event.type"]) == (["authentication"], ["start"])
    assert (fields["event.outcome"], fields["event.reason"]) == (outcome, "AUTHN_PRINCIPAL_LOCKED")
    assert (fields["user.name"], fields["source.ip"], fields["destination.ip"]) == ("eva", "198.51.100.7", "192.0.2.10")
    assert fields["rsa.securid.agent.name"] == "agent01"
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.377")


def test_a_name_with_commas_moves_no_address() -> None:
    fields = one("rsa_securid", _runtime("AUTHN_LOGIN_EVENT", "FAIL", user="x,203.0.113.66,SUCCESS"))
    assert (fields["source.ip"], fields["event.outcome"]) == ("198.51.100.7", "failure")


@pytest.mark.parametrize(
    ("action", "category", "kind"),
    [
        ("UPDATE_PRINCIPAL", ["iam", "configuration"], "change"),
        ("CREATE_PRINCIPAL", ["iam"], "creation"),
        ("AM_UNLINK_TOKEN_PRINCIPAL", ["iam"], "change"),
        ("CREATE_POLICY", ["configuration"], "creation"),
    ],
)
def test_changes_of_administrators(action: str, category: list[str], kind: str) -> None:
    line = (
        f"09:12:44,1, am01, audit.admin.com.rsa.Impl, INFO, f6,0e,198.51.100.7,192.0.2.10,{action},10055,SUCCESS,,s1,,"
        "d002,d001,e001,admin,Ad,Min,PRINCIPAL,205b,38b3,e001,eva,,,,,,"
    )
    fields = one("rsa_securid", f"<13>Mar  5 09:12:44 am01 {line}")
    assert (fields["event.category"], fields["event.type"]) == (category, [kind])
    assert (fields["user.name"], fields["user.target.name"], fields["event.outcome"]) == ("admin", "eva", "success")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_the_appliance_s_own_programs_are_read() -> None:
    fields = one("rsa_securid", "rsaadmin : TTY=unknown ; PWD=/opt ; USER=root ; COMMAND=/bin/id")
    assert (fields["user.name"], fields["user.effective.name"]) == ("rsaadmin", "root")
    assert fields["process.command_line"] == "/bin/id"


def test_a_cut_record_is_a_dead_letter() -> None:
    events, dead = read("rsa_securid", f"{_HEAD}audit.admin.com.rsa.Impl, INFO, f6,0e\n")
    assert (events, len(dead)) == ([], 1)
    assert "columns" in dead[0].reason


def test_records_are_recognised() -> None:
    assert known_as(_runtime("AUTHN_LOGIN_EVENT", "FAIL")) == "rsa_securid"
    assert known_as("Mar  5 09:12:44 h sshd[1]: Failed password for x from 198.51.100.7 port 5 ssh2") == "auth"
