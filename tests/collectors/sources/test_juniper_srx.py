"""Juniper SRX: flows in both forms, attacks, log-ins and commands at the device; names that forge nothing."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_HEAD = "<14>1 2024-03-05T10:12:44.123+01:00 srx01 RT_FLOW - "
_SSH = "ssh-connection '198.51.100.7 40382 192.0.2.1 22'"
_ENDS = (
    'source-address="198.51.100.7" source-port="56732" destination-address="192.0.2.80" destination-port="443" '
    'protocol-id="6" policy-name="to-web" source-zone-name="untrust" destination-zone-name="dmz"'
)


@pytest.mark.parametrize(
    ("tag", "types"),
    [
        ("RT_FLOW_SESSION_CREATE", ["connection", "start"]),
        ("RT_FLOW_SESSION_CLOSE", ["connection", "end"]),
        ("RT_FLOW_SESSION_DENY", ["connection", "denied"]),
    ],
)
def test_flows_with_structured_data(tag: str, types: list[str]) -> None:
    more = 'bytes-from-client="40" bytes-from-server="60" elapsed-time="2" username="N/A"'
    fields = one("juniper_srx", f"{_HEAD}{tag} [junos@2636.1.1.1.2.142 {_ENDS} {more}]")
    assert (fields["event.category"], fields["event.type"]) == (["network", "session"], types)
    assert (fields["source.ip"], fields["source.port"]) == ("198.51.100.7", 56732)
    assert (fields["destination.ip"], fields["destination.port"]) == ("192.0.2.80", 443)
    assert (fields["network.transport"], fields["rule.name"]) == ("tcp", "to-web")
    assert (fields["event.duration"], fields["network.bytes"]) == (2 * 10**9, 100)
    assert "user.name" not in fields
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.123")


def test_a_flow_as_text() -> None:
    line = (
        "<14>Mar  5 09:12:44 srx01 RT_FLOW: RT_FLOW_SESSION_CLOSE: session closed TCP FIN: "
        "198.51.100.7/5000->192.0.2.80/443 0x0 junos-https "
        "203.0.113.9/6000->192.0.2.80/443 0x0 source rule r1 N/A N/A 6 to-web trust untrust 77 N/A(N/A)"
    )
    fields = one("juniper_srx", line)
    assert (fields["source.ip"], fields["source.nat.ip"], fields["source.nat.port"]) == (
        "198.51.100.7",
        "203.0.113.9",
        6000,
    )
    assert (fields["destination.ip"], fields["event.reason"]) == ("192.0.2.80", "TCP FIN")


def test_an_attack_is_an_alert() -> None:
    line = f'{_HEAD}RT_SCREEN_TCP [junos@2636.1.1.1.2.142 attack-name="TCP port scan!" {_ENDS} action="drop"]'
    fields = one("juniper_srx", line)
    assert (fields["event.kind"], fields["rule.description"]) == ("alert", "TCP port scan!")
    assert "intrusion_detection" in fields["event.category"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            f"mgd[1]: UI_LOGIN_EVENT: User 'eva' login, class 'super-user' [1], {_SSH}, client-mode 'cli'",
            {"user.name": "eva", "user.roles": "super-user", "source.ip": "198.51.100.7", "event.outcome": "success"},
        ),
        ("mgd[1]: UI_LOGOUT_EVENT: User 'eva' logout", {"user.name": "eva", "event.type": ["end"]}),
        (
            "login[2]: LOGIN_FAILED: Login failed for user 'eva' from host '198.51.100.7'",
            {"user.name": "eva", "source.ip": "198.51.100.7", "event.outcome": "failure"},
        ),
        (
            "mgd[1]: UI_CMDLINE_READ_LINE: User 'eva', command 'request system reboot '",
            {"user.name": "eva", "process.command_line": "request system reboot "},
        ),
        ("/usr/sbin/cron[3]: (root) CMD (   sh /var/x.sh)", {"process.command_line": "sh /var/x.sh"}),
        ("mgd[1]: UI_COMMIT: User 'eva' requested 'commit' operation", {"event.category": ["configuration"]}),
    ],
)
@pytest.mark.parametrize("head", ["", "<37>Mar  5 09:12:44 srx01 "])
def test_what_is_done_at_the_device(said: str, expected: dict[str, object], head: str) -> None:
    fields = one("juniper_srx", head + said)
    assert {name: fields.get(name) for name in expected} == expected


def test_who_is_refused_forges_no_address() -> None:
    said = "Login failed for user 'x' from host '203.0.113.66' from host '198.51.100.7'"
    fields = one("juniper_srx", f"sshd[2]: SSHD_LOGIN_FAILED: {said}")
    assert fields["source.ip"] == "198.51.100.7"


def test_what_stands_twice_is_no_address() -> None:
    line = f'{_HEAD}WEBFILTER_URL_BLOCKED [junos@2636.1.1.1.2.142 {_ENDS} url="x" source-address="203.0.113.66"]'
    assert "source.ip" not in one("juniper_srx", line)


def test_other_lines_are_dead_letters_with_a_reason() -> None:
    events, dead = read("juniper_srx", "neither this nor that\n")
    assert (events, len(dead)) == ([], 1)
    assert "Junos" in dead[0].reason


@pytest.mark.parametrize(
    ("line", "source"),
    [
        (f"{_HEAD}RT_FLOW_SESSION_DENY [junos@2636.1.1.1.2.142 {_ENDS}]", "juniper_srx"),
        ("mgd[1]: UI_LOGOUT_EVENT: User 'eva' logout", "juniper_srx"),
        ("Mar  5 09:12:44 h sshd[1]: Failed password for x from 198.51.100.7 port 5 ssh2", "auth"),
    ],
)
def test_lines_are_told_apart(line: str, source: str) -> None:
    assert known_as(line) == source
