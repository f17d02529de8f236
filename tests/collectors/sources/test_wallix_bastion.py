"""WALLIX Bastion: log-ins, sessions, changes, the vault; and names that forge neither address nor record."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_AUTH = '[wabauth] action="authentify" type="UserAuth" user="eva.hoxha" client_ip="198.51.100.7" '
_SESSION = (
    'session_id="18f0a1" client_ip="198.51.100.7" target_ip="192.0.2.10" user="eva.hoxha" device="db01" '
    'service="rdp" account="dba@local@db01" '
)


@pytest.mark.parametrize(
    ("status", "outcome"), [("success", "success"), ("failure", "failure"), ("failed", "failure"), ("started", None)]
)
def test_a_log_in_has_user_address_and_outcome(status: str, outcome: str | None) -> None:
    line = f'<86>Mar  5 09:12:44 bastion01 wabengine: {_AUTH}status="{status}" infos="diagnostic [local]"'
    fields = one("wallix_bastion", line)
    assert fields["event.category"] == ["authentication"]
    assert fields["event.type"] == ["start"]
    assert fields.get("event.outcome") == outcome
    assert (fields["user.name"], fields["source.ip"]) == ("eva.hoxha", "198.51.100.7")
    assert fields["event.reason"] == "diagnostic [local]"
    assert fields["host.name"] == "bastion01"
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


@pytest.mark.parametrize(
    ("action", "about", "category", "kind"),
    [
        ("add", "User", "iam", "creation"),
        ("edit", "Device", "configuration", "change"),
        ("delete", "Authorization", "iam", "deletion"),
        ("list", "accountactivity", "configuration", "access"),
        ("terminate", "sessionlog", "session", "end"),
        ("list", "sessionlog", "session", "info"),
    ],
)
def test_changes_say_what_was_done_to_what(action: str, about: str, category: str, kind: str) -> None:
    line = f'[wabaudit] action="{action}" type="{about}" object="x" user="admin" client_ip="198.51.100.9" infos=""'
    fields = one("wallix_bastion", line)
    assert fields["event.category"] == [category]
    assert fields["event.type"] == [kind]
    assert fields["event.action"] == about
    assert fields["wallix.object"] == "x"
    assert "event.outcome" not in fields


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            'type="SESSION_ESTABLISHED_SUCCESSFULLY"',
            {"event.category": ["session"], "event.type": ["start"], "event.outcome": "success"},
        ),
        (
            'type="SESSION_DISCONNECTION" duration="157:45:59"',
            {"event.type": ["end"], "event.duration": 567959 * 10**9},
        ),
        (
            r'type="NEW_PROCESS" command_line="\"C:\\Windows\\cmd.exe\" /c whoami"',
            {"event.category": ["process"], "process.command_line": r'"C:\Windows\cmd.exe" /c whoami'},
        ),
        (
            r'type="CB_COPYING_PASTING_FILE_TO_REMOTE_SESSION" file_name="C:\\t\\tool.exe" size="512" sha256="00aa"',
            {"event.category": ["file"], "file.name": "tool.exe", "file.size": 512, "file.hash.sha256": "00aa"},
        ),
        ('type="KILL_PATTERN_DETECTED" pattern="rm -rf" data="rm -rf /"', {"event.kind": "alert"}),
        ('type="SFTP_EVENT" status="Success" data="get \'/etc/passwd\'"', {"event.category": ["file"]}),
    ],
)
def test_sessions_tell_what_happened_in_them(words: str, expected: dict[str, object]) -> None:
    fields = one("wallix_bastion", f"[RDP Session] {_SESSION}{words}")
    assert {name: fields.get(name) for name in expected} == expected
    assert (fields["source.ip"], fields["destination.ip"]) == ("198.51.100.7", "192.0.2.10")
    assert (fields["user.name"], fields["service.name"]) == ("eva.hoxha", "rdp")


def test_a_proxy_refuses_a_password() -> None:
    line = '[rdpproxy] psid="1549" user="eva" type="AUTHENTICATION_FAILURE" method="OTP" src_ip="198.51.100.7"'
    fields = one("wallix_bastion", line)
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], "failure")


def test_a_header_without_priority_and_version_is_read() -> None:
    line = (
        '2024-03-05T10:12:44+01:00 bastion01 WAB(root) 17470 - - [Vault Activity] type="Vault" action="checkout" '
        'user="eva" account="dba@local@db01" vault="local" session="True" result="Checkout successful"'
    )
    fields = one("wallix_bastion", line)
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")
    assert (fields["host.name"], fields["log.syslog.appname"]) == ("bastion01", "WAB(root)")
    assert (fields["user.name"], fields["destination.user.name"]) == ("eva", "dba@local@db01")
    assert fields["event.outcome"] == "success"


def test_a_recording_that_was_tampered_with_is_a_failure() -> None:
    line = (
        '[sessionintegrity] session_uid="18" status="failed" type="SSH_SHELL_SESSION" user="adm" target="r@l@h:SSH" '
        'begin="2024-03-05 09:12:44" end="2024-03-05 09:13:00" files=[/var/wab/a.ttyrec]'
    )
    fields = one("wallix_bastion", line)
    assert fields["event.outcome"] == "failure"
    assert fields["event.start"] == at("2024-03-05T09:12:44")


def test_the_appliance_s_own_programs_are_read() -> None:
    events, dead = read(
        "wallix_bastion",
        "Mar  5 09:12:44 b sshd[9]: Failed password for invalid user x from 198.51.100.7 port 5 ssh2\n"
        "root : TTY=unknown ; PWD=/root ; USER=wabuser ; COMMAND=/opt/wab/bin/WABCleanApprovals close\n"
        "pam_unix(cron:session): session closed for user root\n",
    )
    assert dead == []
    assert (events[0]["event.outcome"], events[0]["source.ip"]) == ("failure", "198.51.100.7")
    assert (events[1]["user.name"], events[1]["user.effective.name"]) == ("root", "wabuser")
    assert events[2]["event.provider"] == "cron"


def test_a_name_forges_no_address() -> None:
    line = (
        '[wabauth] action="authentify" user="x" client_ip="203.0.113.6" status="success" y="" client_ip="198.51.100.7" '
        'status="failure" infos=""'
    )
    fields = one("wallix_bastion", line)
    assert "source.ip" not in fields
    assert "event.outcome" not in fields


def test_words_of_a_peer_are_no_record_of_the_bastion() -> None:
    line = (
        "Mar  5 09:12:44 b sshd[9]: Failed password for invalid user "
        f'{_AUTH}status="success" from 198.51.100.66 port 5 ssh2'
    )
    assert known_as(line) == "auth"
    fields = one("wallix_bastion", line)
    assert (fields["event.outcome"], fields["source.ip"]) == ("failure", "198.51.100.66")


def test_what_is_no_text_is_a_dead_letter() -> None:
    events, dead = read("wallix_bastion", "[wabaudit] \x01\x02\n")
    assert (events, len(dead)) == ([], 1)
    assert dead[0].reason


@pytest.mark.parametrize(
    "line",
    [
        f'{_AUTH}status="failure" infos=""',
        f'[SSH Session] {_SESSION}type="KBD_INPUT" data="ls"',
        '2024-03-05T10:12:44+01:00 b WAB(root) 1 - - [wabaudit] action="add" type="User" object="x" user="a"',
    ],
)
def test_records_are_recognised(line: str) -> None:
    assert known_as(line) == "wallix_bastion"
