"""WebLogic: messages of servers in old and new form, refused log-ins, and its audit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def message(text: str, *, subsystem: str = "Server", severity: str = "Info", user: str = "<WLS Kernel>") -> str:
    return (
        f"####<Mar 5, 2024 9:12:44,865 AM GMT> <{severity}> <{subsystem}> <web1> <AdminServer> <Thread-1> <{user}> <> "
        f"<ctx> <1709629964865> <[severity-value: 64] [partition-id: 0] > <BEA-002622> <{text}> "
    )


def seen(text: str) -> dict[str, Any]:
    return one("oracle_weblogic", text)


def test_a_message_has_host_server_number_and_instant() -> None:
    fields = seen(message('The protocol "admin" is <now> > < configured.'))
    assert (fields["host.name"], fields["service.name"], fields["event.code"]) == ("web1", "AdminServer", "BEA-002622")
    assert (fields["log.level"], fields["event.type"]) == ("Info", ("info",))
    assert fields["message"] == 'The protocol "admin" is <now> > < configured.'
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.865")
    assert "user.name" not in fields


def test_the_form_before_12_2_has_no_attributes() -> None:
    fields = seen(message("x").replace(" <[severity-value: 64] [partition-id: 0] >", ""))
    assert (fields["event.code"], fields["message"]) == ("BEA-002622", "x")


def test_lines_that_follow_belong_to_the_message() -> None:
    events, dead = read("oracle_weblogic", message("failed\njava.lang.X\n\tat a.b(c)") + "\n" + message("next"))
    assert [event["message"].splitlines()[0] for event in events] == ["failed", "next"]
    assert not dead


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("User ana in security realm myrealm has had 5 invalid login attempts, locking account for 30 minutes.", "ana"),
        ("Authentication denied: Boot identity not valid.", None),
    ],
)
def test_a_refused_log_in_is_told(text: str, user: str | None) -> None:
    fields = seen(message(text, subsystem="Security", severity="Notice"))
    assert (fields["event.category"], fields["event.outcome"]) == (("authentication",), "failure")
    assert fields.get("user.name") == user


def test_a_refused_log_in_is_told_by_the_beginning_of_security_messages_alone() -> None:
    text = "User ana in security realm myrealm has had 5 invalid login attempts"
    assert seen(message(text, subsystem="HTTP"))["event.category"] == ("web",)
    assert seen(message(f"he wrote {text}", subsystem="Security"))["event.category"] == ("web",)


def test_the_client_of_a_socket_is_the_source() -> None:
    text = "Closing the socket, as no data read from it on 192.0.2.4:41,972 during the configured idle timeout."
    fields = seen(message(text, subsystem="Socket", severity="Warning"))
    assert (fields["source.ip"], fields["source.port"]) == ("192.0.2.4", 41972)


def test_an_audit_record_says_who_logged_in() -> None:
    fields = seen(
        "#### Audit Record Begin <Mar 5, 2024 9:12:44 PM GMT>  <Severity =FAILURE>  <<<Event Type = Authentication "
        "Audit Event V2 ><ana><AUTHENTICATE>>> <FailureException =x> Audit Record End ####"
    )
    assert (fields["event.category"], fields["event.outcome"]) == (("authentication",), "failure")
    assert (fields["user.name"], fields["@timestamp"]) == ("ana", at("2024-03-05T21:12:44"))


def test_it_is_known_and_damaged_records_are_dead_letters() -> None:
    assert known_as(message("x")) == "oracle_weblogic"
    events, dead = read("oracle_weblogic", message("x") + "\n####<Mar 5, 2024> <Info> <Server>\n#### Audit Record\n")
    assert (len(events), len(dead)) == (1, 2)
