"""PostgreSQL's log in all its forms, with any prefix."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.databases.postgres_messages import read_message
from tests.collectors.reading import at, known_as, one, read


@pytest.mark.parametrize(
    "prefix",
    [
        "2024-03-05 09:12:44.123 UTC [4242] eva@tax 203.0.113.4(50112) ",
        "2024-03-05 10:12:44.123 CET [4242]: [3-1] user=eva,db=tax,app=psql,client=203.0.113.4 ",
        "< 2024-03-05 09:12:44.123 UTC eva tax 4242 >user=eva pid=4242 remote=203.0.113.4(50112) db=tax:",
        "1709629964.123 203.0.113.4 eva@tax [4242] ",
        "203.0.113.4 2024-03-05 09:12:44.123 UTC [4242] eva@tax ",
    ],
)
def test_a_prefix_is_understood_without_being_told(prefix: str) -> None:
    fields = one("postgresql", prefix + 'FATAL:  password authentication failed for user "eva"')
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.123")
    assert (fields["user.name"], fields["postgresql.log.database"]) == ("eva", "tax")
    assert (fields["source.ip"], fields["process.pid"]) == ("203.0.113.4", 4242)
    assert (fields["event.action"], fields["event.outcome"]) == ("login", "failure")
    assert "authentication" in fields["event.category"]


def test_parts_and_lines_of_a_statement_are_one_event() -> None:
    data = (
        '2024-03-05 09:12:44 UTC [7] a@b ERROR:  syntax error at or near "x"\n'
        "2024-03-05 09:12:44 UTC [7] a@b DETAIL:  of it\n"
        "2024-03-05 09:12:44 UTC [7] a@b STATEMENT:  SELECT *\n\tFROM t\n\n"
        "\t2024-03-05 09:12:44 UTC [7] a@b LOG:  forged\n"
        "2024-03-05 09:12:45 UTC [7] a@b LOG:  next\n"
    )
    events, dead = read("postgresql", data)
    assert (len(events), dead) == (2, [])
    assert events[0]["postgresql.log.detail"] == "of it"
    query = events[0]["postgresql.log.query"]
    assert query.startswith("SELECT *\nFROM t")
    assert "forged" in query
    assert events[0]["event.type"] == ["access", "error"]


def test_csvlog_with_a_statement_of_several_lines() -> None:
    row = (
        '2024-03-05 09:12:44.123 UTC,"eva","tax",4242,"203.0.113.4:50112",65e6e1cc.1092,3,"SELECT",2024-03-05 '
        '09:00:00 UTC,3/4,0,ERROR,42601,"syntax error",,,,,,"select ""x""\nfrom\ny",8,,"psql","client backend",,0'
    )
    events, dead = read("postgresql", row + "\n" + row)
    assert (len(events), dead) == (2, [])
    fields = events[0]
    assert fields["postgresql.log.query"] == 'select "x"\nfrom\ny'
    assert (fields["source.ip"], fields["source.port"]) == ("203.0.113.4", 50112)
    assert (fields["postgresql.log.sql_state_code"], fields["event.outcome"]) == ("42601", "failure")
    assert known_as(row) == "postgresql"


def test_jsonlog() -> None:
    record = {
        "timestamp": "2024-03-05 09:12:44.123 UTC",
        "user": "eva",
        "dbname": "tax",
        "pid": 4242,
        "remote_host": "203.0.113.4",
        "remote_port": 50112,
        "session_id": "65e6e1cc.1092",
        "line_num": 1,
        "error_severity": "LOG",
        "message": "duration: 12.5 ms  statement: drop table t",
    }
    fields = one("postgresql", json.dumps(record))
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.123")
    assert (fields["event.duration"], fields["event.type"]) == (12_500_000, ["deletion"])
    assert known_as(json.dumps(record)) == "postgresql"


def test_pgaudit() -> None:
    fields = one(
        "postgresql",
        '2024-03-05 09:12:44 UTC [7] a@b LOG:  AUDIT: SESSION,4,1,ROLE,CREATE ROLE,,,"create '
        'role ""x"" superuser, login",<not logged>',
    )
    assert fields["postgresql.audit.statement"] == 'create role "x" superuser, login'
    assert (fields["postgresql.audit.class"], fields["postgresql.audit.statement_id"]) == ("ROLE", 4)
    assert (fields["event.action"], "iam" in fields["event.category"]) == ("create-role", True)


def test_syslog_pieces_are_put_together() -> None:
    data = (
        "Mar  5 09:12:44 db1 postgres[311]: [8-1] LOG:  statement: drop table\n"
        "Mar  5 09:12:44 db1 postgres[311]: [8-2] #011citizens\n"
    )
    fields = one("postgresql", data)
    assert (fields["host.name"], fields["postgresql.log.query"]) == ("db1", "drop table\ncitizens")
    assert known_as(data) == "postgresql"


@pytest.mark.parametrize(
    ("message", "action", "outcome"),
    [
        (
            "connection authorized: user=eva database=tax SSL enabled (protocol=TLSv1.3, cipher=X, bits=256)",
            "connection-authorized",
            "success",
        ),
        (
            "disconnection: session time: 1:02:03.004 user=eva database=tax host=203.0.113.4 port=5",
            "disconnection",
            "success",
        ),
        ('no pg_hba.conf entry for host "203.0.113.4", user "eva", database "tax", SSL off', "login", "failure"),
        ("permission denied for table people", "denied", "failure"),
    ],
)
def test_messages(message: str, action: str, outcome: str) -> None:
    fields = one("postgresql", f"2024-03-05 09:12:44 UTC [7] LOG:  {message}")
    assert (fields["event.action"], fields["event.outcome"]) == (action, outcome)


def test_an_encrypted_connection_and_its_identity_are_read() -> None:
    head = "2024-03-05 09:12:44 UTC [7] LOG:  "
    fields = one("postgresql", head + "connection authorized: user=eva SSL enabled (protocol=TLSv1.3, cipher=X)")
    assert (fields["tls.version_protocol"], fields["tls.version"], fields["tls.cipher"]) == ("tls", "1.3", "X")
    fields = one("postgresql", head + 'connection authenticated: identity="eva" method=scram-sha-256 (pg_hba.conf:1)')
    assert (fields["user.name"], fields["event.outcome"]) == ("eva", "success")


def test_what_is_no_line_of_it_is_a_dead_letter() -> None:
    events, dead = read("postgresql", "hello there\n")
    assert events == []
    assert "no severity" in dead[0].reason


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_message_is_a_crash(text: str) -> None:
    for start in ("", "AUDIT: ", "duration: 1 ms  ", "connection received: host=", "no pg_hba.conf entry for host "):
        read_message(start + text, {"event.category": [], "event.type": []})
