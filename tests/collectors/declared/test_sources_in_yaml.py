"""User-written sources: every framing, type, stamp and condition; recognition; nothing lost, whatever the log holds."""

from __future__ import annotations

import io
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.declared.checking import check, rival
from collectors.declared.grok import LIBRARY, compiled
from collectors.declared.reading import read
from collectors.declared.source import DeclaredSource
from collectors.reader import LogReader, Parsed
from collectors.registry import recognise
from collectors.source import Options
from engine.events import DeadLetter, Event, Value
from engine.yaml_document import DocumentError

NOW = datetime(2026, 3, 11, tzinfo=UTC)
STAMP = datetime(2026, 3, 10, 8, 15, 2, tzinfo=UTC)


def declare(body: str) -> DeclaredSource:
    return read(f"name: desk\ntitle: Service desk\n{body}".encode(), "desk.yml")


def run(source: DeclaredSource, data: str | bytes) -> tuple[LogReader, list[Event], list[DeadLetter]]:
    raw = data.encode() if isinstance(data, str) else data
    options = Options(reference=NOW)
    reader = LogReader(Path("a"), source=source.name, extra=(source,), options=options, stream=io.BytesIO(raw))
    events: list[Event] = []
    dead: list[DeadLetter] = []
    for item in reader.records():
        if isinstance(item, Parsed):
            events.append(reader.event(item))
        else:
            dead.append(item)
    return reader, events, dead


def one(body: str, line: str) -> dict[str, Value]:
    _, (event,), dead = run(declare(body), line)
    assert dead == []
    return dict(event.fields)


@pytest.mark.parametrize(
    ("pattern", "line", "wanted"),
    [
        ("%{ip:source.ip} %{rest:what}", "192.0.2.1 a b", {"source.ip": "192.0.2.1", "desk.what": "a b"}),
        ("%{ip:source.ip} %{rest}", "2001:db8::1 a", {"source.ip": "2001:db8::1"}),
        ("%{iporhost:source.ip} %{word}", "pc-7.example x", {"source.address": "pc-7.example"}),
        ("%{int:http.response.status_code} %{number:n:float}", "404 1.5",
         {"http.response.status_code": 404, "desk.n": 1.5}),
        ("%{INT:size:int} %{GREEDYDATA:message}", "7 hello", {"desk.size": 7, "message": "hello"}),
        ("(?P<source__port>[0-9]+)/(?P<kind>[a-z]+)", "443/tls", {"source.port": 443, "desk.kind": "tls"}),
        ("(opened|closed) by (?P<user__name>[a-z]+)", "closed by eva", {"user.name": "eva"}),
        ("%{word:a}(?: %{word:b})?", "x", {"desk.a": "x", "desk.b": None}),
        ("%{quoted:user_agent.original} %{uuid:id}", '"a \\"b\\"" 0f8fad5b-d9cb-469f-a165-70867728950e',
         {"user_agent.original": '"a \\"b\\""'}),
        ("%{word:source.port} x", "ssh x", {"source.port": None, "desk.source.port": "ssh"}),
    ],
)  # fmt: skip
def test_captures_become_fields_and_values(pattern: str, line: str, wanted: dict[str, Value | None]) -> None:
    fields = one(f"patterns:\n  - '{pattern}'", line)
    assert {name: fields.get(name) for name in wanted} == wanted


def test_patterns_of_the_file_are_used_in_one_another() -> None:
    body = """
define: {office: '[A-Z]{2}', desk: '%{office}-[0-9]+'}
patterns: ['%{desk:desk_id} opened', '%{office:office} closed']
"""
    assert one(body, "TR-12 opened")["desk.desk_id"] == "TR-12"
    assert one(body, "TR closed")["desk.office"] == "TR"


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("iso8601", "2026-03-10T09:15:02"),
        ("iso8601", "2026-03-10 08:15:02Z"),
        ("httpdate", "10/Mar/2026:09:15:02 +0100"),
        ("syslog", "Mar 10 09:15:02"),
        ("epoch", "1773130502"),
        ("epoch_ms", "1773130502000"),
        ("epoch_us", "1773130502000000"),
        ("epoch_ns", "1773130502000000000"),
        ("'%d.%m.%Y %H:%M:%S'", "10.03.2026 09:15:02"),
        ("'%d %b %H:%M:%S'", "10 Mar 09:15:02"),
        ("['%Y/%m/%d', '%d.%m.%Y %H:%M:%S']", "10.03.2026 09:15:02"),
    ],
)
def test_formats_of_stamps(form: str, written: str) -> None:
    body = f"timestamp: {{from: t, format: {form}, zone: Europe/Tirane}}\npatterns: ['%{{rest:t}}']"
    assert one(body, written)["@timestamp"] == STAMP


def test_date_and_time_in_two_values() -> None:
    body = "framing: csv\ntimestamp: {from: [day, hour], format: '%Y-%m-%d %H:%M:%S'}"
    assert one(body, "day,hour,who\n2026-03-10,08:15:02,eva")["@timestamp"] == STAMP


def test_a_stamp_that_fits_no_format_is_kept_and_the_record_too() -> None:
    fields = one("timestamp: t\npatterns: ['%{rest:t}']", "yesterday")
    assert "@timestamp" not in fields
    assert fields["desk.unread_stamp"] == "yesterday"


def test_29_february_is_read_without_a_year() -> None:
    body = "timestamp: {from: t, format: '%d %b %H:%M'}\npatterns: ['%{rest:t}']"
    assert one(body, "29 Feb 10:00")["@timestamp"] == datetime(2024, 2, 29, 10, tzinfo=UTC)


JSON = """
framing: json
timestamp: at
fields:
  user.id: actor.id
  user.roles: roles.name
  source.ip: [client.address, ip]
  event.action: 'kind.of'
  group.name: 'groups[1]'
required: [user.id]
"""


def test_json_paths() -> None:
    fields = one(
        JSON,
        '{"at":"2026-03-10T08:15:02Z","actor":{"id":7},"roles":[{"name":"a"},{"name":"b"}],"ip":"192.0.2.1",'
        '"kind.of":"open","groups":["x","y"],"more":{"deep":[1,2]}}',
    )
    assert fields["@timestamp"] == STAMP
    assert fields["user.id"] == "7"
    assert fields["user.roles"] == ["a", "b"]
    assert (fields["source.ip"], fields["event.action"], fields["group.name"]) == ("192.0.2.1", "open", "y")
    assert fields["desk.more.deep"] == [1, 2]


@pytest.mark.parametrize("data", ['{"actor":{"id":7},"at":5', "[]", "7", '{"at":1}', "not json"])
def test_json_that_is_broken_or_lacks_what_is_required_is_a_dead_letter(data: str) -> None:
    _, events, dead = run(declare(JSON), data + "\n" + '{"actor":{"id":1},"at":2}')
    assert len(events) + len(dead) >= 1
    assert dead or data == "[]"


def test_csv_with_columns_delimiter_and_quotes() -> None:
    body = """
framing: {kind: csv, delimiter: semicolon, quote: "'", columns: [who, what, port]}
fields: {user.name: who, source.port: port}
"""
    source = declare(body)
    reader, events, dead = run(source, "who;what;port\neva;'a;b\n''c''';443\nben;x\nana;-;nine\n")
    assert [event.fields["user.name"] for event in events] == ["eva", "ana"]
    assert (events[0].fields["desk.what"], events[0].fields["source.port"]) == ("a;b\n'c'", 443)
    assert "source.port" not in events[1].fields
    assert [letter.reason for letter in dead] == ["2 columns where 3 are expected"]
    assert reader.tally.headers == 1


def test_key_value() -> None:
    body = "framing: {kind: keyvalue, pairs: pipe, assign: ':'}\nfields: {user.name: user}"
    fields = one(body, 'user: eva | note:"a | \\"b\\"" | empty: | x:1')
    assert (fields["user.name"], fields["desk.note"], fields["desk.x"]) == ("eva", 'a | "b"', "1")
    assert "desk.empty" not in fields


def test_records_of_many_lines() -> None:
    body = """
framing: {kind: multiline, start: '\\d{4}-\\d\\d-\\d\\d '}
timestamp: time
patterns: ['%{iso8601:time} %{loglevel:log.level} %{data:message}(?:\\n%{rest:error.stack_trace})?']
"""
    _, events, dead = run(declare(body), "2026-03-10 08:15:02 ERROR a\n  at x\n  at y\n2026-03-10 08:15:03 INFO b\n")
    assert dead == []
    assert [event.fields["message"] for event in events] == ["a", "b"]
    assert events[0].fields["error.stack_trace"] == "  at x\n  at y"


def test_a_header_of_syslog_is_taken_off() -> None:
    body = "framing: {kind: lines, syslog: true}\npatterns: ['opened by %{user:user.name}']"
    fields = one(body, "<86>Mar 10 08:15:02 srv7 desk[12]: opened by eva")
    assert (fields["@timestamp"], fields["host.name"], fields["process.name"]) == (STAMP, "srv7", "desk")
    assert (fields["process.pid"], fields["user.name"], fields["log.syslog.priority"]) == (12, "eva", 86)


def test_a_records_own_stamp_is_no_header_of_syslog() -> None:
    body = (
        "framing: {kind: lines, syslog: true}\npatterns: ['%{timestamp:time} \\[desk\\] opened by %{user:user.name}']"
    )
    own = "2026-03-10T08:15:02Z [desk] opened by eva"
    assert one(body, own)["user.name"] == "eva"
    fields = one(body, f"Mar 10 08:15:02 srv7 desk[12]: {own}")
    assert (fields["user.name"], fields["host.name"]) == ("eva", "srv7")


def test_a_groups_name_may_not_stand_twice() -> None:
    with pytest.raises(DocumentError, match="`a` stands twice"):
        declare("patterns: ['(?P<a>x)|(?P<a>y)']")
    assert one("patterns: ['%{word:a}-|%{word:a}!']", "x!")["desk.a"] == "x"


def test_blanks_at_the_ends_of_patterns_count() -> None:
    body = "define: {head: 'at %{word:place}: '}\npatterns: ['%{head}opened by %{user:user.name}', ' %{head}closed ']"
    assert one(body, "at desk: opened by eva")["user.name"] == "eva"
    assert one(body, " at desk: closed ")["desk.place"] == "desk"


CONDITIONS = """
framing: json
fields:
  http.response.status_code: status
  event.outcome: {from: result, lookup: {ok: success, no: failure}, default: unknown}
  tags: {from: labels, split: ','}
constants: {event.category: [web], event.type: [access], event.kind: event}
when:
  - if: {status: {'>=': 400}, 'path': {starts: /ADMIN}}
    set: {event.type: [access, denied]}
  - if: {result: {not: [ok, no]}}
    set: {event.kind: alert}
  - if: {path: {matches: '\\.\\./'}}
    set: {rule.name: traversal}
  - if: {who: {exists: false}}
    set: {user.name: nobody}
  - if: {event.outcome: failure, path: {contains: login}}
    set: {event.category: [authentication]}
"""


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ('{"status":403,"path":"/admin","result":"no","who":"x"}',
         {"event.type": ["access", "denied"], "event.outcome": "failure", "event.kind": "event", "user.name": None}),
        ('{"status":200,"path":"/admin","result":"?","labels":"a, b"}',
         {"event.type": ["access"], "event.outcome": "unknown", "event.kind": "alert", "user.name": "nobody",
          "tags": ["a", "b"]}),
        ('{"status":"400","path":"/x/../y","result":"ok"}',
         {"event.type": ["access"], "rule.name": "traversal", "event.outcome": "success"}),
        ('{"status":401,"path":"/login","result":"no"}', {"event.category": ["authentication"]}),
    ],
)  # fmt: skip
def test_lookups_and_conditions(document: str, wanted: dict[str, Value | None]) -> None:
    fields = one(CONDITIONS, document)
    assert {name: fields.get(name) for name in wanted} == wanted


def test_lists_set_for_one_event_do_not_grow_in_another() -> None:
    source = declare(CONDITIONS)
    _, events, _ = run(source, '{"status":1,"path":"/","result":"ok"}\n' * 3)
    assert [event.fields["event.type"] for event in events] == [["access"]] * 3


PORTAL = "patterns: ['%{timestamp:time} portal %{ip:source.ip} %{word:verb}']\ntimestamp: time"


def test_a_log_is_recognised_beside_kullas_own() -> None:
    source = declare(PORTAL)
    log = b"2026-03-10T08:15:02Z portal 192.0.2.1 OPEN\n" * 20 + b"a broken line\n"
    assert recognise(log, "portal.log", extra=(source,)) is source
    assert (
        recognise(b'192.0.2.1 - - [03/Mar/2024:14:05:06 +0100] "GET / HTTP/1.1" 200 5\n', "x", extra=(source,))
        is not source
    )


def test_a_source_that_reads_anything_steals_no_log() -> None:
    source = declare("patterns: ['%{rest:message}']")
    assert source.reads_anything
    log = b'192.0.2.1 - - [03/Mar/2024:14:05:06 +0100] "GET / HTTP/1.1" 200 5 "-" "agent"\n' * 5
    found = recognise(log, "access.log", extra=(source,))
    assert found is not None
    assert found is not source


def test_json_is_recognised_by_what_the_file_names() -> None:
    source = declare(JSON)
    own = b'{"at":"2026-03-10T08:15:02Z","actor":{"id":7},"ip":"192.0.2.1","roles":[{"name":"a"}],"kind.of":"x"}\n'
    assert recognise(own, "", extra=(source,)) is source
    other = recognise(b'{"@timestamp":"2026-03-10T08:15:02Z","message":"x"}\n', "", extra=(source,))
    assert other is not None
    assert other.name == "json"


def test_conditions_tell_whose_log_it_is() -> None:
    source = declare("framing: json\nfields: {user.name: who}\nrecognise: {kind: {starts: desk.}}")
    own = b'{"who":"eva","a":1,"b":2,"c":3}\n{"who":"eva","kind":"desk.open"}\n'
    assert recognise(own, "", extra=(source,)) is source
    other = recognise(own.replace(b"desk.", b"door."), "", extra=(source,))
    assert other is not None
    assert other is not source


@pytest.mark.parametrize(
    ("body", "own"),
    [
        (
            "framing: csv\nfields: {source.ip: addr, user.name: who}",
            b"day,addr,who\n1,192.0.2.1,eva\n2,192.0.2.2,ben\n",
        ),
        (
            "framing: {kind: keyvalue, pairs: ';'}\nfields: {source.ip: addr, user.name: who}",
            b"addr=192.0.2.1;who=eva;x=1\naddr=192.0.2.2;who=ben;x=2\n",
        ),
        (
            "framing: {kind: json, syslog: true}\nfields: {source.ip: addr, user.name: who}",
            b'Mar 10 08:15:02 srv7 desk[12]: {"addr": "192.0.2.1", "who": "eva"}\n',
        ),
    ],
)
def test_named_values_are_recognised_by_their_names_alone(body: str, own: bytes) -> None:
    source = declare(body)
    assert recognise(own, "", extra=(source,)) is source
    for other in (b"a letter\nwithout anything\nin it\n", b"a,b,c\n1,2,3\n4,5,6\n", b"k=1;l=2;m=3\n", *_OTHERS):
        found = recognise(other, "", extra=(source,))
        assert found is not source or source.recognise(other, "") < 20


_OTHERS = (
    b'192.0.2.1 - - [03/Mar/2024:14:05:06 +0100] "GET / HTTP/1.1" 200 5 "-" "agent"\n' * 3,
    b"Mar  3 14:05:06 srv01 sshd[311]: Failed password for eva from 203.0.113.4 port 50112 ssh2\n" * 3,
)


def test_a_source_can_be_left_out_of_recognition() -> None:
    source = declare(PORTAL + "\nrecognise: false")
    assert recognise(b"2026-03-10T08:15:02Z portal 192.0.2.1 OPEN\n" * 20, "", extra=(source,)) is not source


def test_checking_tells_what_is_wrong() -> None:
    source = declare(
        PORTAL
        + """
tests:
  - line: '2026-03-10T08:15:02Z portal 192.0.2.1 OPEN'
    fields: {source.ip: 192.0.2.2, user.name: eva}
    absent: [desk.verb]
  - line: nothing
  - line: '2026-03-10T08:15:02Z portal 192.0.2.1 OPEN'
    unread: true
  - line: '2026-03-10T08:15:02Z portal 192.0.2.1 OPEN'
    ignored: true
"""
    )
    found = list(check(source, NOW))
    assert found[0].problems == (
        "source.ip: 192.0.2.2 is expected, 192.0.2.1 was read",
        "user.name: eva is expected, nothing was read",
        "desk.verb: should not be there, OPEN was read",
    )
    assert found[1].problems == ("does not fit the pattern of the source desk",)
    assert found[2].problems == ("is read or ignored, though it should not be",)
    assert found[3].problems == ("is read, though it is to be ignored",)
    assert found[0].where == "desk.yml:6"


def test_checking_tells_of_a_rival() -> None:
    line = "Mar  3 14:05:06 srv01 sshd[311]: Failed password for invalid user eva from 203.0.113.4 port 50112 ssh2"
    source = declare(f"patterns: ['%{{data}} srv01 %{{rest:message}}']\ntests:\n  - line: '{line}'")
    assert rival(source) == "auth"


def test_every_pattern_of_the_library_compiles() -> None:
    for name in LIBRARY:
        assert declare(f"patterns: ['%{{{name}:x}}']").declared.patterns[0].names == ("x",)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(%{word}+)*!", "(?:%{notspace} *)*;", "(.*)*(.*)*="])
def test_patterns_that_backtrack_elsewhere_are_linear_here(pattern: str) -> None:
    source = declare(f"patterns: ['{pattern}']")
    start = time.process_time()
    _, events, dead = run(source, "a" * 50_000 + "\n")
    assert time.process_time() - start < 2
    assert len(events) + len(dead) == 1


ANY = {
    "lines": "patterns: ['%{ip:source.ip} %{word:a}', 'x %{rest:b}']",
    "multiline": "framing: {kind: multiline, start: '\\d'}\npatterns: ['%{data:message}']",
    "json": JSON,
    "csv": "framing: csv\nfields: {source.ip: a, source.port: b}",
    "keyvalue": "framing: keyvalue\nfields: {source.ip: a}",
    "syslog": "framing: {kind: json, syslog: true}\nfields: {source.ip: a}",
}
pieces = st.sampled_from(
    [b'{"a":1,"actor":{"id":[1,{}]}}', b"a,b", b"1,2", b'a=1 b="c d', b"192.0.2.1 x", b"x \xff\x00", b"9"]
)


@pytest.mark.parametrize("name", ANY)
@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.one_of(st.binary(max_size=40), pieces), max_size=8))
def test_no_record_is_lost_whatever_the_bytes(name: str, parts: list[bytes]) -> None:
    source = declare(ANY[name])
    data = b"\n".join(parts)
    reader, events, dead = run(source, data)
    assert reader.tally.records == len(events) + len(dead)
    assert all(letter.reason and "a fault of kulla" not in letter.reason for letter in dead)
    assert all("error.message" not in event.fields for event in events)
    assert 0 <= source.recognise(data, "x") <= 100


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_a_pattern_is_compiled_or_refused_with_a_reason(text: str) -> None:
    told = "compiled"
    try:
        compiled(text)
    except ValueError as error:
        told = str(error)
    assert re.search(r"\w{3}", told)
