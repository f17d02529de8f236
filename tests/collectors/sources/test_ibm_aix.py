"""IBM AIX: audit records, forwarded syslog, and what is none of it."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_RUN = "PROC_Execute    sh      root     eva OK          05 Mar 2024 09:12:44.056053  No associated roles    "


def test_a_command_says_who_logged_in_and_whom_it_runs_as() -> None:
    fields = one("ibm_aix", f"{_RUN}euid: 503 egid: 403 epriv: 0:0 name sh -c /usr/bin/id 2>&1")
    assert (fields["event.category"], fields["event.type"]) == (["process"], ["start"])
    assert (fields["user.name"], fields["process.user.name"]) == ("root", "eva")
    assert (fields["process.name"], fields["process.command_line"]) == ("sh", "sh -c /usr/bin/id 2>&1")
    assert fields["process.user.id"] == "503"
    assert fields["event.outcome"] == "success"
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.056053")


@pytest.mark.parametrize(
    ("event", "tail", "expected"),
    [
        ("FILE_Unlink", "filename /etc/x", {"file.path": "/etc/x", "event.type": ["deletion"]}),
        ("FILE_Link", "linkname /bin/a filename /bin/b", {"file.path": "/bin/a", "file.target_path": "/bin/b"}),
        ("FILE_Rename", "frompath: /a/x topath: /a/y", {"file.path": "/a/x", "file.target_path": "/a/y"}),
        ("S_PASSWD_READ", "audit object read event detected /etc/security/passwd", {"file.name": "passwd"}),
        ("PROC_Kill", "pid: 3605020, sig: 22", {"process.pid": 3605020}),
        ("USER_Login", "user: eva tty: /dev/pts/1", {"event.category": ["authentication"], "user.name": "eva"}),
        ("USER_Create", "eva", {"event.category": ["iam"], "event.type": ["creation"]}),
    ],
)
def test_events_by_their_tails(event: str, tail: str, expected: dict[str, object]) -> None:
    fields = one("ibm_aix", f"{event} cmd root root FAIL 05 mar 2024 09:12:44.1 No associated roles {tail}")
    assert {name: fields.get(name) for name in expected} == expected
    assert (fields["event.action"], fields["event.outcome"]) == (event, "failure")


def test_a_forwarded_message_is_of_its_host() -> None:
    said = "sshd[11]: Failed password for root from 198.51.100.7 port 5 ssh2"
    line = f"<38>Mar  5 09:12:44 Message forwarded from aix01: {said}"
    fields = one("ibm_aix", line)
    assert (fields["host.name"], fields["source.ip"], fields["event.outcome"]) == ("aix01", "198.51.100.7", "failure")
    assert "authentication" in fields["event.category"]


def test_a_privileged_command() -> None:
    fields = one("ibm_aix", "from aix01: unix: The privilege command /usr/sbin/lspath, is executed by user with id 501")
    assert (fields["process.command_line"], fields["user.id"]) == ("/usr/sbin/lspath", "501")


def test_a_cut_record_is_a_dead_letter() -> None:
    events, dead = read("ibm_aix", "PROC_Execute sh root\n")
    assert (events, len(dead)) == ([], 1)
    assert "status" in dead[0].reason


def test_records_are_recognised() -> None:
    assert known_as(f"{_RUN}euid: 503 egid: 403 epriv: 0:0 name sh") == "ibm_aix"
    assert known_as("Mar  5 09:12:44 h sshd[1]: Failed password for x from 198.51.100.7 port 5 ssh2") == "auth"
