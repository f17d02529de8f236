"""Linux audit records: raw and enriched, encoded values, the records of one event, syslog around them."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.auditd.record import parse_record
from collectors.auditd.syscalls import syscall_name
from collectors.source import Options, Record
from collectors.sources.auditd import SOURCE
from engine.errors import MalformedRecordError
from engine.events import Fields

STAMP = "audit(1700000000.123:77)"
CALL = (
    f"type=SYSCALL msg={STAMP}: arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 ppid=10 pid=11 "
    'auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm="id" exe="/usr/bin/id" '
    'key="exec"'
)
ENRICHED = '\x1dARCH=x86_64 SYSCALL=execve AUID="anna" UID="root" GID="root" EUID="root"'


def read_all(*lines: str) -> list[Fields]:
    parser = SOURCE.open(Options(reference=datetime(2026, 1, 1, tzinfo=UTC)))
    found = [parser.parse(Record(offset=0, number=1, raw=line.encode())) for line in lines]
    return [parser.complete(fields) for fields in found if fields is not None]


def read(line: str) -> Fields:
    (fields,) = read_all(line)
    return fields


def holds(fields: Fields, expected: Fields) -> None:
    assert {name: fields.get(name) for name in expected} == expected


def test_a_raw_system_call() -> None:
    holds(
        read(CALL),
        {
            "@timestamp": datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC),
            "event.dataset": "auditd.log",
            "event.module": "auditd",
            "event.action": "syscall",
            "event.type": ("start",),
            "event.outcome": "success",
            "auditd.log.record_type": "SYSCALL",
            "auditd.log.sequence": 77,
            "auditd.data.a0": "1",
            "auditd.data.SYSCALL": "execve",
            "auditd.data.ARCH": "x86_64",
            "process.pid": 11,
            "process.parent.pid": 10,
            "process.executable": "/usr/bin/id",
            "process.name": "id",
            "user.id": "0",
            "user.audit.id": "1000",
            "user.group.id": "0",
            "rule.name": "exec",
        },
    )


@pytest.mark.parametrize("line", [CALL + ENRICHED, CALL + ENRICHED.replace("\x1d", "")])
def test_enriched_names_also_where_a_copy_lost_the_separator(line: str) -> None:
    expected: Fields = {"user.name": "root", "user.audit.name": "anna", "user.effective.name": "root"}
    holds(read(line), {**expected, "auditd.data.key": "exec", "auditd.data.SYSCALL": "execve"})


def test_unset_ids_are_no_users() -> None:
    fields = read(CALL.replace("auid=1000", "auid=4294967295"))
    assert "user.audit.id" not in fields
    assert fields["auditd.data.auid"] == "4294967295"


def test_execve_arguments_are_decoded_and_joined() -> None:
    line = f'type=EXECVE msg={STAMP}: argc=4 a0="/bin/sh" a1="-c" a2=6361742078 a3_len=6 a3[0]=414243 a3[1]=444546'
    holds(
        read(line),
        {
            "process.args": ["/bin/sh", "-c", "cat x", "ABCDEF"],
            "process.args_count": 4,
            "process.command_line": "/bin/sh -c cat x ABCDEF",
            "auditd.data.a2": "cat x",
            "auditd.data.a3": "ABCDEF",
            "event.category": ("process",),
            "event.type": ("start",),
        },
    )


def test_arguments_of_a_system_call_are_numbers_not_text() -> None:
    assert read(CALL.replace("a0=1 ", "a0=4142 "))["auditd.data.a0"] == "4142"


def test_the_records_of_one_event_share_its_process_and_users() -> None:
    path = f'type=PATH msg={STAMP}: item=0 name="/etc/shadow" inode=5 mode=0100640 ouid=0 ogid=42 nametype=CREATE'
    title = f"type=PROCTITLE msg={STAMP}: proctitle=6361740078"
    other = path.replace(":77", ":78")
    _, first, second, third = read_all(CALL + ENRICHED, path, title, other)
    holds(
        first,
        {
            "file.path": "/etc/shadow",
            "file.name": "shadow",
            "file.directory": "/etc",
            "file.mode": "0640",
            "file.gid": "42",
            "event.type": ("creation",),
            "process.executable": "/usr/bin/id",
            "user.name": "root",
        },
    )
    holds(second, {"process.title": "cat x", "process.command_line": "cat x", "process.pid": 11})
    holds(third, {"file.path": "/etc/shadow", "process.executable": None})


@pytest.mark.parametrize(
    ("call", "side"), [("connect", "destination"), ("accept4", "source")]
)  # the socket's address is where the call goes to, or comes from
def test_socket_addresses(call: str, side: str) -> None:
    socket = f"type=SOCKADDR msg={STAMP}: saddr=020001BBC0000207000000000000000000"[:-2]
    _, fields = read_all(CALL.replace("syscall=59", f"syscall={call}"), socket)
    holds(fields, {f"{side}.ip": "192.0.2.7", f"{side}.port": 443, "auditd.data.socket.family": "ipv4"})
    unix = read(f"type=SOCKADDR msg={STAMP}: saddr=01002F72756E2F780000")
    holds(unix, {"auditd.data.socket.family": "unix", "auditd.data.socket.path": "/run/x", "destination.ip": None})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            (
                f"type=USER_AUTH msg={STAMP}: pid=9 uid=0 auid=4294967295 ses=4294967295 msg='op=PAM:authentication "
                'acct="anna" exe="/usr/sbin/sshd" hostname=h.example addr=192.0.2.7 terminal=ssh res=failed\''
            ),
            {
                "event.category": ("authentication",),
                "event.outcome": "failure",
                "user.name": "anna",
                "source.ip": "192.0.2.7",
                "process.executable": "/usr/sbin/sshd",
                "auditd.data.op": "PAM:authentication",
                "auditd.data.terminal": "ssh",
            },
        ),
        (
            (
                f"type=USER_LOGIN msg={STAMP}: user pid=9 uid=0 auid=1 msg='acct=28756E6B6E6F776E207573657229: "
                'exe="/usr/sbin/sshd" (hostname=?, addr=::ffff:192.0.2.7, terminal=sshd res=failed)\''
            ),
            {"user.name": "(unknown user)", "source.ip": "192.0.2.7", "event.outcome": "failure"},
        ),
        (
            (
                f'type=USER_CMD msg={STAMP}: pid=9 uid=1000 ses=1 msg=\'cwd="/root" cmd=6964202D75 terminal=pts/0 '
                "res=success'"
            ),
            {"process.command_line": "id -u", "process.working_directory": "/root", "event.outcome": "success"},
        ),
        (
            (
                f'type=ADD_GROUP msg={STAMP}: pid=9 uid=0 auid=0 ses=1 msg="op=adding group to /etc/group id=900 '
                "exe='/usr/sbin/groupadd' hostname=? addr=? terminal=? res=success\""
            ),
            {
                "auditd.data.op": "adding group to /etc/group",
                "group.id": "900",
                "process.executable": "/usr/sbin/groupadd",
                "event.type": ("group", "creation"),
            },
        ),
        (
            f'type=AVC msg={STAMP}: avc:  denied  {{ read write }} for  pid=9 comm="x" path="/etc/shadow" dev=dm-0',
            {"event.outcome": "failure", "auditd.data.seperms": "read write", "file.path": "/etc/shadow"},
        ),
        (
            f"node=db1 type=SERVICE_STOP msg={STAMP}: pid=1 uid=0 msg='unit=rsyslog comm=\"systemd\" res=success'",
            {"host.name": "db1", "service.name": "rsyslog", "event.type": ("end",)},
        ),
        (
            f"type=LOGIN msg={STAMP}: pid=9 uid=0 old auid=1 new auid=0 old ses=1 new ses=2",
            {"auditd.data.old-auid": "1", "auditd.data.new-auid": "0", "auditd.data.new-ses": "2"},
        ),
        (f"type=1327 msg={STAMP}: proctitle=6C73", {"auditd.log.record_type": "PROCTITLE", "process.title": "ls"}),
        (
            'Jan  1 10:00:00 db1 kernel: [ 5.1] audit: type=1400 audit(1700000000.123:5): apparmor="DENIED" name="/x"',
            {"host.name": "db1", "auditd.log.record_type": "AVC", "event.outcome": "failure", "file.path": "/x"},
        ),
        (
            'Jan  1 10:00:00 db1 audispd: node=db1 type=CWD msg=audit(1700000000.123:5): cwd="/tmp"',
            {"process.working_directory": "/tmp", "auditd.log.sequence": 5},
        ),
        (
            'Jan  1 10:00:00 db1 audit[44]: EXECVE argc=1 a0="id"',
            {
                "auditd.log.record_type": "EXECVE",
                "process.args": ["id"],
                "@timestamp": datetime(2026, 1, 1, 10, tzinfo=UTC),
            },
        ),
        (
            "Jan  1 10:00:00 db1 auditd[44]: Audit daemon rotating log files",
            {"message": "Audit daemon rotating log files", "process.name": "auditd"},
        ),
        (
            (
                "type=SYSCALL msg=audit(11/14/2023 22:13:20.123:77) : syscall=openat success=no exit=EACCES "
                "pid=9 uid=root"
            ),
            {"@timestamp": datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC), "user.name": "root"},
        ),
    ],
)
def test_records(line: str, expected: Fields) -> None:
    holds(read(line), expected)


@pytest.mark.parametrize(
    "line",
    ["type=SYSCALL a=b", "msg=audit(1.2:3): a=b", "type=X msg=audit(): a=b", "Jan  1 10:00:00 h sshd[1]: x", "{}"],
)
def test_what_is_no_record_is_a_dead_letter(line: str) -> None:
    with pytest.raises(MalformedRecordError):
        read_all(line)


def test_separators_of_ausearch_are_no_records() -> None:
    assert read_all("----", "time->Tue Nov 14 22:13:20 2023", "  ") == []


def test_numbers_of_system_calls() -> None:
    assert [syscall_name("c000003e", number) for number in ("0", "42", "59", "322", "435", "9999")] == [
        "read",
        "connect",
        "execve",
        "execveat",
        "clone3",
        None,
    ]
    assert syscall_name("c00000b7", "221") == "execve"
    assert syscall_name("40000003", "11") == "execve"
    assert syscall_name("12345678", "1") is None


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (CALL.encode(), True),
        (f"node=a {CALL}".encode(), True),
        (b"Jan  1 10:00:00 h audit[4]: SYSCALL arch=c000003e syscall=59\n", True),
        (b"----\ntime->x\n" + CALL.encode() + b"\n" + CALL.encode(), True),
        (b"Jan  1 10:00:00 h sshd[4]: Failed password for x from 192.0.2.7 port 2 ssh2\n", False),
        (b'192.0.2.7 - - [03/Feb/2026:04:05:06 +0000] "GET /?type=SYSCALL HTTP/1.1" 200 1\n', False),
        (b"", False),
    ],
)
def test_recognition(head: bytes, known: bool) -> None:
    assert (SOURCE.recognise(head, "x") >= 75) == known


@settings(max_examples=200)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"type=EXECVE msg=audit(1.2:3): ", b"type=SOCKADDR msg=audit(1.2:3): saddr="]),
)
def test_any_bytes_are_an_event_or_a_dead_letter(raw: bytes, start: bytes) -> None:
    parser = SOURCE.open(Options())
    for record in SOURCE.frame(io.BytesIO(start + raw)):
        try:
            fields = parser.parse(record)
        except MalformedRecordError:
            continue
        if fields is not None:
            assert "message" in parser.complete(fields)


@settings(max_examples=100)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30),
        min_size=1,
        max_size=8,
    )
)
def test_encoded_arguments_come_back(arguments: list[str]) -> None:
    written = " ".join(f"a{index}={argument.encode().hex().upper()}" for index, argument in enumerate(arguments))
    record = parse_record(f"type=EXECVE msg=audit(1.2:3): argc={len(arguments)} {written}")
    assert record is not None
    assert record.argv == arguments


@pytest.mark.parametrize(
    "filler", ["a='", 'a="', "a={", "op=x ", "ARCH=", "msg='", "old ", "a=b,", "a0[1]=41 ", "=", "avc: "]
)
def test_long_hostile_records_take_linear_time(filler: str) -> None:
    begun = time.process_time()
    read_all(f"type=USER_CMD msg={STAMP}: msg='op=" + filler * (200_000 // len(filler)))
    assert time.process_time() - begun < 3


def test_real_records_are_read(shared: Path) -> None:
    raw = (shared / "logs" / "plaso" / "test_data" / "audit_enriched.log").read_bytes()
    assert SOURCE.recognise(raw[:65536], "log") >= 75
    parser = SOURCE.open(Options())
    events = [parser.parse(record) for record in SOURCE.frame(io.BytesIO(raw))]
    assert len(events) == 29
    assert all(fields is not None and "@timestamp" in fields and "user.name" in fields for fields in events)
