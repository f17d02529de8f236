"""Apache Cassandra's log: lines, stack traces, and audit events with what a client wrote in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def line(text: str, *, level: str = "INFO ", file: str = "StorageService.java") -> str:
    return f"{level} [main] 2024-03-05 09:12:44,250 {file}:92 - {text}"


def audit(kind: str, category: str, operation: str, *, user: str = "ana") -> str:
    ends = "host:db1/10.0.0.5:7000|source:/198.51.100.7|port:57466"
    text = f"user:{user}|{ends}|timestamp:1709629964250|type:{kind}|category:{category}|operation:{operation}"
    return line(text, file="FileAuditLogger.java")


def seen(text: str) -> dict[str, Any]:
    return one("cassandra", text)


def test_a_line_has_level_thread_and_place() -> None:
    fields = seen(line("Starting up server gossip"))
    assert (fields["@timestamp"], fields["log.level"]) == (at("2024-03-05T09:12:44.250000"), "INFO")
    assert (fields["process.thread.name"], fields["message"]) == ("main", "Starting up server gossip")
    assert (fields["log.origin.file.name"], fields["log.origin.file.line"]) == ("StorageService.java", 92)
    assert (fields["event.category"], fields["event.type"]) == (["database"], ["info"])


def test_a_stack_trace_belongs_to_its_line() -> None:
    trace = (
        line("Exception in thread", level="ERROR") + "\njava.io.IOException: no\n\tat a.B.c(B.java:1)\nCaused by: x\n"
    )
    events, dead = read("cassandra", trace + line("next") + "\n")
    assert (len(events), dead) == (2, [])
    assert events[0]["event.type"] == ["error"]
    assert "at a.B.c" in events[0]["message"]


@pytest.mark.parametrize(("kind", "outcome"), [("LOGIN_SUCCESS", "success"), ("LOGIN_ERROR", "failure")])
def test_log_ins_are_told_with_account_and_address(kind: str, outcome: str) -> None:
    fields = seen(audit(kind, "AUTH", "LOGIN"))
    assert (fields["event.category"], fields["event.outcome"]) == (["database", "authentication"], outcome)
    assert (fields["user.name"], fields["source.ip"], fields["source.port"]) == ("ana", "198.51.100.7", 57466)


@pytest.mark.parametrize(
    ("kind", "category", "types"),
    [
        ("CREATE_TABLE", "DDL", ["creation"]),
        ("DROP_KEYSPACE", "DDL", ["deletion"]),
        ("GRANT", "DCL", ["change"]),
        ("UPDATE", "DML", ["change"]),
        ("SELECT", "QUERY", ["access"]),
    ],
)
def test_statements_are_classified(kind: str, category: str, types: list[str]) -> None:
    fields = seen(audit(kind, category, "SELECT * FROM a.b;"))
    assert (fields["event.type"], fields["event.action"]) == (types, kind.lower())
    assert fields["cassandra.audit.query"] == "SELECT * FROM a.b;"


_FORGED = "x|host:h/1.1.1.1:7000|source:/192.0.2.66|port:1|timestamp:1|type:LOGIN_ERROR|category:AUTH|operation:y"


@pytest.mark.parametrize(
    "forged",
    [audit("LOGIN_ERROR", "AUTH", "LOGIN", user=_FORGED), audit("SELECT", "QUERY", f"SELECT 'user:{_FORGED}'")],
)
def test_a_forged_name_or_statement_gives_no_address(forged: str) -> None:
    fields = seen(forged)
    assert "192.0.2.66" not in str(fields.get("source.ip", "")) + str(fields.get("related.ip", ""))
    assert "user.name" not in fields


def test_audit_words_in_another_files_line_are_no_audit_event() -> None:
    fields = seen(audit("LOGIN_SUCCESS", "AUTH", "LOGIN").replace("FileAuditLogger", "StorageService"))
    assert "user.name" not in fields
    assert fields["event.category"] == ["database"]


@pytest.mark.parametrize("damaged", [line("x")[:30], line("x").replace("44,250", "99,250"), "INFO nothing"])
def test_a_damaged_line_is_kept_with_the_reason(damaged: str) -> None:
    events, dead = read("cassandra", damaged)
    assert (events, len(dead)) == ([], 1)
    assert dead[0].reason


def test_it_is_recognised_by_its_lines_alone() -> None:
    assert known_as(line("a") + "\n" + line("b") + "\n") == "cassandra"
    assert known_as("INFO [main] something else\n") != "cassandra"
