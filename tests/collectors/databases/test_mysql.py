"""MySQL's and MariaDB's server logs and audit plugins."""

from __future__ import annotations

import json

import pytest

from tests.collectors.reading import at, known_as, one, read


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("2024-03-05T09:12:44.123456Z 8 [Note] [MY-010926] [Server] ", "2024-03-05T09:12:44.123456"),
        ("2024-03-05T10:12:44.123456+01:00 8 [Note] ", "2024-03-05T09:12:44.123456"),
        ("2024-03-05  9:12:44 8 [Warning] ", "2024-03-05T09:12:44"),
        ("240305  9:12:44 [Warning] ", "2024-03-05T09:12:44"),
        ("2024-03-05T09:12:44.123456Z\t   14 Connect\t", "2024-03-05T09:12:44.123456"),
    ],
)
def test_a_refused_log_in_in_every_generation(line: str, stamp: str) -> None:
    data = line + "Access denied for user 'root'@'203.0.113.4' (using password: YES)"
    fields = one("mysql", data)
    assert fields["@timestamp"] == at(stamp)
    assert (fields["user.name"], fields["source.ip"], fields["event.outcome"]) == ("root", "203.0.113.4", "failure")
    assert known_as(data) == "mysql"


def test_slow_queries() -> None:
    data = (
        "/usr/sbin/mysqld, Version: 8.0.33. started with:\n"
        "# Time: 2024-03-05T09:12:44.500000Z\n# User@Host: eva[eva] @ pc7 [10.0.0.7]  Id:    14\n"
        "# Query_time: 2.5  Lock_time: 0.0001 Rows_sent: 10  Rows_examined: 99\nuse tax;\nSET timestamp=1709629962;\n"
        "SELECT *\n\nFROM people;\n"
        "# User@Host: eva[eva] @ pc7 [10.0.0.7]  Id:    14\n# Query_time: 3  Lock_time: 0\n"
        "SET timestamp=1709629962;\nselect 1;\n"
    )
    events, dead = read("mysql", data)
    assert (len(events), dead) == (2, [])
    first = events[0]
    assert first["event.dataset"] == "mysql.slowlog"
    assert (first["event.start"], first["event.end"]) == (at("2024-03-05T09:12:42"), at("2024-03-05T09:12:44.5"))
    assert (first["user.name"], first["source.ip"], first["source.domain"]) == ("eva", "10.0.0.7", "pc7")
    assert first["mysql.slowlog.query"] == "SELECT *\n\nFROM people;"
    assert (first["mysql.slowlog.schema"], first["event.duration"]) == ("tax", 2_500_000_000)
    assert known_as(data) == "mysql"


def test_the_json_error_log() -> None:
    fields = one(
        "mysql",
        '{"log_type":1,"prio":1,"err_code":10059,"msg":"x","time":"2024-03-05T09:12:44.1Z",'
        '"thread":3,"err_symbol":"ER_X","SQL_state":"HY000","subsystem":"Server","label":"Error"}',
    )
    assert (fields["event.code"], fields["event.provider"], fields["event.type"]) == ("MY-010059", "Server", ["error"])


def test_mariadb_audit_with_commas_quotes_and_lines() -> None:
    data = (
        "20240305 09:12:44,db1,eva,10.0.0.7,42,77,QUERY,tax,'select a, b from t where c=\\'x\\'',0\n"
        "20240305 09:12:45,db1,root,203.0.113.4,43,0,FAILED_CONNECT,,,1045\n"
        "20240305 09:12:46,db1,eva,10.0.0.7,42,78,QUERY,tax,'drop\ntable t',1146\n"
    )
    events, dead = read("mysql_audit", data)
    assert (len(events), dead) == (3, [])
    assert events[0]["mysql.audit.query"] == "select a, b from t where c='x'"
    assert (events[1]["event.outcome"], events[1]["event.action"]) == ("failure", "connect")
    assert (events[2]["mysql.audit.query"], events[2]["event.outcome"]) == ("drop\ntable t", "failure")
    assert events[2]["event.type"] == ["deletion"]
    assert known_as(data) == "mysql_audit"


RECORD = """<?xml version="1.0" encoding="utf-8"?>
<AUDIT>
 <AUDIT_RECORD>
  <TIMESTAMP>2024-03-05T09:12:44 UTC</TIMESTAMP>
  <NAME>Query</NAME>
  <STATUS>0</STATUS>
  <USER>eva[eva] @ pc7 [10.0.0.7]</USER>
  <SQLTEXT>GRANT ALL ON t TO &apos;x&apos; &lt;/SQLTEXT&gt;</SQLTEXT>
 </AUDIT_RECORD>
 <AUDIT_RECORD TIMESTAMP="2024-03-05T09:12:45 UTC" NAME="Connect" STATUS="1045" USER="eva" IP="10.0.0.7"/>
</AUDIT>
"""


def test_enterprise_xml_old_and_new() -> None:
    events, dead = read("mysql_audit", RECORD)
    assert (len(events), dead) == (2, [])
    assert events[0]["mysql.audit.query"] == "GRANT ALL ON t TO 'x' </SQLTEXT>"
    assert events[0]["@timestamp"] == at("2024-03-05T09:12:44")
    assert "iam" in events[0]["event.category"]
    assert (events[1]["event.outcome"], events[1]["source.ip"]) == ("failure", "10.0.0.7")
    assert known_as(RECORD) == "mysql_audit"


def test_enterprise_json_and_percona() -> None:
    record = {
        "timestamp": "2024-03-05 09:12:44",
        "id": 1,
        "class": "general",
        "event": "status",
        "connection_id": 6,
        "account": {"user": "eva", "host": "pc7"},
        "login": {"user": "eva", "ip": "10.0.0.7"},
        "general_data": {"command": "Query", "sql_command": "drop_user", "query": "DROP USER x", "status": 0},
    }
    data = json.dumps([record])
    fields = one("mysql_audit", data)
    assert (fields["event.dataset"], fields["mysql.audit.query"]) == ("mysql_enterprise.audit", "DROP USER x")
    assert (fields["user.name"], fields["source.ip"], fields["event.outcome"]) == ("eva", "10.0.0.7", "success")
    assert known_as(data) == "mysql_audit"
    percona = json.dumps(
        {
            "audit_record": {
                "name": "Query",
                "timestamp": "2024-03-05T09:12:44Z",
                "connection_id": "9",
                "status": 1,
                "sqltext": "select 1",
                "user": "eva[eva] @ pc7 []",
                "host": "pc7",
            }
        }
    )
    fields = one("mysql_audit", percona)
    assert (fields["event.dataset"], fields["event.outcome"], fields["user.name"]) == (
        "mysql.audit",
        "failure",
        "eva",
    )
    assert known_as(percona) == "mysql_audit"


def test_what_mariadb_tells_of_tables_has_no_outcome() -> None:
    start = "20261122 06:25:01,db1,eva,10.1.2.3,43,78"
    fields = one("mysql_audit", f"{start},WRITE,tax,payments,")
    assert (fields["event.action"], fields.get("event.outcome")) == ("table-write", None)
    for end in ("1045", "1045,TLSv1.3", "1045,"):
        assert one("mysql_audit", f"{start},FAILED_CONNECT,,,{end}")["event.outcome"] == "failure"
