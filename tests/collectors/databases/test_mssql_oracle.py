"""SQL Server's and Oracle's logs and audit records."""

from __future__ import annotations

import json

import pytest

from tests.collectors.reading import at, known_as, one, read

ERRORLOG = (
    "2024-03-05 09:12:44.21 Server      Microsoft SQL Server 2019 (RTM) - 15.0.4 (X64)\n\tSep 24 2019 13:48:23\n"
    "2024-03-05 09:13:01.55 Logon       Error: 18456, Severity: 14, State: 8.\n"
    "2024-03-05 09:13:01.55 Logon       Login failed for user 'GOV\\eva'. Reason: Password did not match. "
    "[CLIENT: 203.0.113.4]\n"
    "2024-03-05 09:14:01.55 spid51      Configuration option 'xp_cmdshell' changed from 0 to 1. Run RECONFIGURE.\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-8-sig"])
def test_errorlog_in_any_encoding(encoding: str) -> None:
    data = ERRORLOG.encode(encoding)
    events, dead = read("mssql", data)
    assert (len(events), dead) == (3, [])
    login = events[1]
    assert login["@timestamp"] == at("2024-03-05T09:13:01.55")
    assert (login["event.code"], login["event.outcome"], login["source.ip"]) == ("18456", "failure", "203.0.113.4")
    assert (login["user.name"], login["user.domain"]) == ("eva", "GOV")
    assert login["event.reason"].startswith("Password did not match")
    assert events[2]["microsoft_sqlserver.log.configuration.risky"] is True
    if encoding != "utf-16-le":
        assert known_as(data) == "mssql"


def test_an_audit_record_and_a_statement_that_pretends() -> None:
    text = (
        "audit_schema_version:1\nevent_time:2024-03-05 09:12:44.1234567\naction_id:SL\nsucceeded:true\n"
        "server_principal_name:GOV\\eva\nserver_instance_name:DB1\\PROD\ndatabase_name:tax\nstatement:select 1\n"
        "server_principal_name:someone\nhost_name:elsewhere\nadditional_information:\nhost_name:pc7\n"
    )
    for data in (text, json.dumps({"winlog": {"event_id": "33205"}, "message": f"Audit event: {text}"})):
        fields = one("mssql", data)
        assert (fields["user.name"], fields["source.domain"], fields["host.name"]) == ("eva", "pc7", "DB1")
        assert (fields["event.action"], fields["event.outcome"]) == ("select", "success")


def test_audit_rows_as_json_and_azure() -> None:
    row = {
        "event_time": "2024-03-05T09:12:44Z",
        "action_id": "LGIF",
        "succeeded": False,
        "server_principal_name": "sa",
        "server_instance_name": "DB1",
        "client_ip": "203.0.113.4",
    }
    for document in (row, {"category": "SQLSecurityAuditEvents", "time": "2024-03-05T09:12:44Z", "properties": row}):
        fields = one("mssql", json.dumps(document))
        assert (fields["event.action"], fields["event.outcome"]) == ("login-failed", "failure")
        assert (fields["source.ip"], fields["@timestamp"]) == ("203.0.113.4", at("2024-03-05T09:12:44"))
        assert known_as(json.dumps(document)) == "mssql"


AUD = """Audit file /u01/app/oracle/adump/TAX_ora_42.aud
Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production
Node name:\tdb1.gov.example

Tue Mar  5 09:12:44 2024 +01:00
LENGTH : '160'
ACTION :[7] 'CONNECT'
DATABASE USER:[1] '/'
PRIVILEGE :[6] 'SYSDBA'
CLIENT USER:[3] 'eva'
STATUS:[4] '1017'

Tue Mar  5 09:13:44 2024 +01:00
LENGTH : '200'
ACTION :[33] 'drop user eva
DATABASE USER:[1] 'x''
DATABASE USER:[3] 'sys'
STATUS:[1] '0'
"""


def test_aud_files_take_values_by_their_size() -> None:
    events, dead = read("oracle_audit", AUD)
    assert (len(events), dead) == (2, [])
    assert events[0]["@timestamp"] == at("2024-03-05T08:12:44")
    assert (events[0]["event.code"], events[0]["event.outcome"]) == ("ORA-01017", "failure")
    assert events[0]["host.name"] == "db1.gov.example"
    assert (events[1]["user.name"], events[1]["event.action"]) == ("sys", "drop-user")
    assert known_as(AUD, "x.aud") == "oracle_audit"


UNIFIED = (
    'Mar  5 09:12:44 db1 Oracle Unified Audit[42]: LENGTH: \'233\' TYPE:"4" SESID:"9" DBUSER:"EVA" '
    'CURUSER:"EVA" ACTION:"100" RETCODE:"1017" SCHEMA:""'
)
XML = (
    '<?xml version="1.0"?>\n<Audit xmlns="x">\n<Version>11.2</Version>\n<AuditRecord><DB_User>EVA</DB_User>'
    "<Action>7</Action><Returncode>0</Returncode>\n<Sql_Text>delete from t where a &lt; 3</Sql_Text></AuditRecord>\n"
    "</Audit>\n"
)


@pytest.mark.parametrize(
    ("data", "user", "action", "outcome"),
    [
        (UNIFIED, "EVA", "logon", "failure"),
        (
            json.dumps(
                {
                    "DBUSERNAME": "EVA",
                    "ACTION_NAME": "CREATE USER",
                    "RETURN_CODE": 0,
                    "EVENT_TIMESTAMP": "2024-03-05T09:12:44.1",
                    "SQL_TEXT": "create user x",
                }
            ),
            "EVA",
            "create-user",
            "success",
        ),
        (XML, "EVA", "delete", "success"),
    ],
)
def test_unified_syslog_json_and_xml(data: str, user: str, action: str, outcome: str) -> None:
    fields = one("oracle_audit", data)
    assert (fields["user.name"], fields["event.action"], fields["event.outcome"]) == (user, action, outcome)
    assert known_as(data) == "oracle_audit"


def test_what_sys_does_over_syslog() -> None:
    line = (
        "Nov 22 06:25:01 db1 Oracle Audit[4243]: LENGTH : '200' ACTION :[7] 'CONNECT' DATABASE USER:[3] 'sys' "
        "PRIVILEGE :[6] 'SYSDBA' CLIENT USER:[3] 'eva' CLIENT TERMINAL:[5] 'pts/0' STATUS:[4] '1017' DBID:[3] '123'"
    )
    fields = one("oracle_audit", line)
    assert (fields["user.name"], fields["event.outcome"], fields["host.name"]) == ("sys", "failure", "db1")
    assert known_as(line) == "oracle_audit"


def test_a_log_in_by_windows_that_failed() -> None:
    line = (
        "2026-11-22 06:25:01.12 Logon       SSPI handshake failed with error code 0x8009030c, state 14 while "
        "establishing a connection with integrated security; the connection has been closed. Reason: "
        "AcceptSecurityContext failed. The logon attempt failed   [CLIENT: 203.0.113.4]."
    )
    fields = one("mssql", line)
    assert (fields["event.outcome"], fields["source.ip"], fields["error.code"]) == (
        "failure",
        "203.0.113.4",
        "0x8009030c",
    )
    assert "authentication" in fields["event.category"]
