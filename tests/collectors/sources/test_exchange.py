"""Exchange's own logs, and its cmdlets in the Windows channel `MSExchange Management`."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.source import Options, Record
from collectors.sources.exchange import SOURCE, dataset_of, split_row
from collectors.sources.windows_json import SOURCE as WINDOWS
from engine.errors import MalformedRecordError
from engine.events import Fields

TRACKING_COLUMNS = (
    "date-time,client-ip,client-hostname,server-ip,event-id,message-id,recipient-address,message-subject,sender-address"
)
TRACKING = f"""#Software: Microsoft Exchange Server
#Version: 15.02.1118.012
#Log-type: Message Tracking Log
#Date: 2024-03-01T00:00:00.000Z
#Fields: {TRACKING_COLUMNS}
2024-03-01T09:00:00.000Z,10.0.0.5,mbx1,10.0.0.6,DELIVER,<a@b>,x@gov.example;y@gov.example,"B, ""final"" draft",z@gov.example
"""  # noqa: E501 - a row as the server writes it
PROXY_COLUMNS = (
    "DateTime,RequestId,MajorVersion,UrlHost,UrlStem,AuthenticatedUser,UserAgent,ClientIpAddress,"
    "ServerHostName,HttpStatus,Method"
)
PROXY = f"""{PROXY_COLUMNS}
#Software: Microsoft Exchange Server
#Log-type: HttpProxy Logs
#Fields: {PROXY_COLUMNS}
2024-03-01T09:00:00.000Z,r1,15,mail.gov.example,/ecp/y.js,GOV\\ana,python-requests,192.0.2.9,MBX1,500,POST
"""
AUDIT = """#TYPE Selected.Microsoft.Exchange
"ObjectModified","CmdletName","CmdletParameters","Caller","Succeeded","RunDate","OriginatingServer"
"x","New-ManagementRoleAssignment","-Role ""ApplicationImpersonation""
 -User svc","gov.example/Users/ana","True","2024-03-01T09:00:00Z","MBX1 (15.2)"
"""


def read(text: str) -> list[Fields]:
    parser = SOURCE.open(Options())
    found = [parser.parse(record) for record in SOURCE.frame(io.BytesIO(text.encode()))]
    return [parser.complete(fields) for fields in found if fields is not None]


def test_message_tracking() -> None:
    (fields,) = read(TRACKING)
    assert fields["event.dataset"] == "exchange.message_tracking"
    assert fields["@timestamp"] == datetime(2024, 3, 1, 9, tzinfo=UTC)
    assert (fields["source.ip"], fields["destination.ip"], fields["source.domain"]) == ("10.0.0.5", "10.0.0.6", "mbx1")
    assert fields["email.subject"] == fields["exchange.message_subject"] == 'B, "final" draft'
    assert fields["email.to.address"] == ["x@gov.example", "y@gov.example"]
    assert (fields["event.action"], fields["event.category"]) == ("DELIVER", ["email"])


def test_http_proxy_whose_columns_come_first() -> None:
    (fields,) = read(PROXY)
    assert fields["event.dataset"] == "exchange.httpproxy"
    assert (fields["user.name"], fields["user.domain"], fields["source.ip"]) == ("ana", "GOV", "192.0.2.9")
    assert (fields["http.response.status_code"], fields["event.outcome"], fields["url.path"]) == (
        500,
        "failure",
        "/ecp/y.js",
    )
    assert fields["exchange.client_ip_address"] == "192.0.2.9"


def test_admin_audit_with_a_value_over_two_lines() -> None:
    (fields,) = read(AUDIT)
    assert fields["event.dataset"] == "exchange.admin_audit"
    assert fields["exchange.cmdlet"] == fields["event.action"] == "New-ManagementRoleAssignment"
    assert fields["exchange.parameters"] == '-Role "ApplicationImpersonation"\n -User svc'
    assert (fields["user.name"], fields["event.outcome"]) == ("ana", "success")


def test_any_selection_of_columns() -> None:
    head = "#Software: Microsoft Exchange Server\n#Log-type: X Log\n#Fields: client-ip,date-time\n"
    (fields,) = read(head + "10.0.0.1,2024-03-01T09:00:00Z\n")
    assert (fields["source.ip"], fields["event.dataset"]) == ("10.0.0.1", "exchange.x")


@pytest.mark.parametrize("row", ["a,b", "never,10.0.0.1", "2024-03-01T09:00:00Z,10.0.0.1,too,many"])
def test_rows_that_do_not_fit_are_refused(row: str) -> None:
    parser = SOURCE.open(Options())
    parser.parse(Record(offset=0, number=1, raw=b"#Fields: date-time,client-ip"))
    with pytest.raises(MalformedRecordError):
        parser.parse(Record(offset=1, number=2, raw=row.encode()))


def test_a_row_before_its_columns_is_refused() -> None:
    with pytest.raises(MalformedRecordError, match="before any"):
        SOURCE.open(Options()).parse(Record(offset=0, number=1, raw=b"1,2"))


def test_a_quote_without_end_swallows_nothing() -> None:
    text = (
        TRACKING + '2024-03-01T09:00:01Z,"broken\n' + "\n".join(f"2024-03-01T09:00:02Z,10.0.0.{n}" for n in range(90))
    )
    records = list(SOURCE.frame(io.BytesIO(text.encode())))
    assert len(records) == 6 + 1 + 90


def test_recognition() -> None:
    assert SOURCE.recognise(PROXY.encode(), "x.log") == 100
    assert SOURCE.recognise(AUDIT.encode().partition(b"\n")[2], "x.csv") >= 88
    assert SOURCE.recognise(b"#Software: Microsoft Internet Information Services 10.0\n", "u_ex.log") == 0
    assert dataset_of(" SMTP Receive Protocol Log") == "exchange.smtp_receive_protocol"


@settings(max_examples=100)
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12),
        min_size=1,
        max_size=6,
    )
)
def test_quoted_values_come_back(values: list[str]) -> None:
    assert split_row(",".join('"' + value.replace('"', '""') + '"' for value in values)) == values


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_no_row_makes_it_fail(text: str) -> None:
    assert split_row(text)


def cmdlet(document: dict[str, object]) -> Fields:
    raw = orjson.dumps({"EventID": 1, "Channel": "MSExchange Management", **document})
    fields = WINDOWS.open(Options()).parse(Record(offset=0, number=1, raw=raw))
    assert fields is not None
    return fields


def test_a_cmdlet_in_the_windows_channel_by_its_data() -> None:
    fields = cmdlet(
        {"EventData": {"Data": ["New-MailboxExportRequest", '-Mailbox "x"', "gov.example/Users/ana", "S-1-5-21-1"]}}
    )
    assert fields["exchange.cmdlet"] == fields["event.action"] == "New-MailboxExportRequest"
    assert fields["exchange.parameters"] == '-Mailbox "x"'
    assert (fields["user.name"], fields["user.domain"], fields["user.id"]) == ("ana", "gov.example", "S-1-5-21-1")
    assert fields["event.outcome"] == "success"


def test_a_cmdlet_in_the_windows_channel_by_its_message() -> None:
    message = (
        'Cmdlet failed. Cmdlet New-ManagementRoleAssignment, parameters -Role "ApplicationImpersonation" -User "svc".'
    )
    fields = cmdlet({"EventID": 6, "Message": message})
    assert fields["exchange.cmdlet"] == "New-ManagementRoleAssignment"
    assert fields["exchange.parameters"] == '-Role "ApplicationImpersonation" -User "svc"'
    assert fields["event.outcome"] == "failure"
