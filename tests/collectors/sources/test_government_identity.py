"""TARA, GovSSO, SiGa, Shibboleth, CAS, LemonLDAP::NG: what their records become, and that none is another's."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.personal import PERSONAL, personal_fields
from collectors.reader import LogReader, Parsed
from collectors.registry import recognise, sources
from collectors.sources.siga import event_pairs
from engine.events import DeadLetter, Event, Value, texts

STAMP = datetime(2026, 2, 3, 4, 5, 6, 789_000, UTC)
TARA = {
    "@timestamp": "2026-02-03T04:05:06.789+0000",
    "message": "Authentication result: AUTHENTICATION_FAILED",
    "client.ip": "203.0.113.9",
    "client.id": "tax-portal",
    "client.service": "Tax portal",
    "institution.sector": "public",
    "institution.registry_code": "70006317",
    "authentication.legal_person": False,
    "authentication.country": "EE",
    "authentication.id_code": "38001085718",
    "authentication.type": "ID_CARD",
    "authentication.ocsp_url": "http://ocsp.example",
    "authentication.state": "AUTHENTICATION_FAILED",
    "authentication.error_code": "IDC_OCSP_NOT_AVAILABLE",
    "labels.tara_trace_id": "abc",
}
GOVSSO = {
    "@timestamp": "2026-02-03T04:05:06.789+0000",
    "client.ip": "203.0.113.9",
    "client.id": "portal",
    "session.id": "s-1",
    "session.start_time": 1770091506789,
    "session.duration": 12,
    "authentication.country": "EE",
    "authentication.id_code": "38001085718",
    "authentication.request_type": "UPDATE_SESSION",
    "authentication.state": "AUTHENTICATION_SUCCESS",
    "authentication.requested_acr": "high",
    "authentication.granted_acr": "substantial",
}
CONSOLE = (
    "2026-02-03T04:05:06.789Z [{app}] [nio-8443-exec-1] INFO  {logger}             [a1,b2] -hello there\n"
    "\tat ee.ria.X.y(X.java:1)\n"
)
SIGA = (
    "2026-02-03T04:05:06.700+0000 INFO 1 --- [nio] e.o.siga.common.event.SigaEventLogger : [timestamp=1770091506789, "
    "event_type=FINISH, event_name=MOBILE_ID_SIGNING_INIT, client_name=agency one, x, client_uuid=c-1, "
    "service_name=portal.example, service_uuid=s-1, person_identifier=60001019906, phone_nr=+37200000766, "
    'relying_party_name="SiGa, \\"demo\\" y=1", request_url=https://mid.example/api, error_code=MID_ERROR, '
    'error_message="no, reply=none \\u00e4", duration_ms=12, status_code=400, result=EXCEPTION]'
)
OLD_SAML = (
    "20260203T040506Z|urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect|_in|https://sp.example/shibboleth|"
    "http://shibboleth.net/ns/profiles/saml2/sso/browser|https://idp.example|"
    "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST|_out|eva|"
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport|uid,mail|AAdz|_assertion|"
)
NEW_SAML = (
    "203.0.113.9|2026-02-03T04:05:00.100Z|2026-02-03T04:05:06.789Z|eva|https://sp.example|_a|urn:ac|"
    "2026-02-03T04:05:05Z|mail,uid|nid|urn:f|true|true|aes|Redirect|POST||{status}|{sub}||Mozilla/5.0 (X | Y)"
)
FAILED = "urn:oasis:names:tc:SAML:2.0:status:Responder"
LOGGER = "org.apereo.inspektr.audit.support.Slf4jLoggingAuditTrailManager"
CAS_LINE = (
    f"2026-02-03 04:05:06,789 INFO [{LOGGER}] - Tue Feb 03 05:05:06 CET 2026|CAS|Supplied credentials: "
    "[UsernamePasswordCredential(username=eva, source=null)]|AUTHENTICATION_FAILED|eva|203.0.113.9|192.0.2.1"
)
CAS_BLOCK = f"""2026-02-03 04:05:06,789 INFO [{LOGGER}] - <Audit trail record BEGIN
=============================================================
WHO: eva
WHAT: ST-12-abcdefgh*** for https://app.example/start
ACTION: SERVICE_TICKET_CREATED
APPLICATION: CAS
WHEN: Tue Feb 03 04:05:06 UTC 2026
CLIENT IP ADDRESS: 203.0.113.9
SERVER IP ADDRESS: 192.0.2.1
=============================================================

>
"""
CAS_JSON = (
    '{"who":"eva","what":"TGT-1-secret***","action":"TICKET_GRANTING_TICKET_DESTROYED","application":"CAS",'
    '"when":"2026-02-03T04:05:06.789Z","clientIpAddress":"203.0.113.9","serverIpAddress":"192.0.2.1"}'
)

CASES: tuple[tuple[str, str, Mapping[str, Value | None]], ...] = (
    (
        "tara",
        json.dumps(TARA),
        {"@timestamp": STAMP, "event.category": ("authentication",), "event.type": ("start",),
         "event.outcome": "failure", "event.action": "authentication-failed", "event.code": "IDC_OCSP_NOT_AVAILABLE",
         "user.id": "38001085718", "source.ip": "203.0.113.9", "client.ip": "203.0.113.9", "client.id": None,
         "tara.client.id": "tax-portal", "organization.id": "70006317", "tara.authentication.legal_person": False,
         "event.dataset": "tara.statistics", "labels.tara_trace_id": "abc"},
    ),
    (
        "tara",
        json.dumps({"@timestamp": "2026-02-03T04:05:06.789+0000", "service.type": "tara", "message": "OCSP",
                    "log": {"level": "INFO", "logger": "ee.ria.taraauthserver.x.Y"}, "process": {"pid": 7},
                    "http.response.status_code": 200, "tara.session.session_id": "s"}),
        {"event.dataset": "tara.log", "log.logger": "ee.ria.taraauthserver.x.Y", "process.pid": 7,
         "http.response.status_code": 200, "event.outcome": "success", "tara.session.session_id": "s"},
    ),
    (
        "tara",
        CONSOLE.format(app="tara-login-server", logger="e.r.t.logging.StatisticsLogger"),
        {"@timestamp": STAMP, "message": "hello there", "service.name": "tara-login-server", "trace.id": "a1",
         "error.stack_trace": "at ee.ria.X.y(X.java:1)", "process.thread.name": "nio-8443-exec-1"},
    ),
    (
        "govsso",
        json.dumps(GOVSSO),
        {"@timestamp": STAMP, "event.category": ("authentication", "session"), "event.type": ("change",),
         "event.action": "update-session", "event.outcome": "success", "govsso.session.id": "s-1",
         "govsso.session.duration": 12, "govsso.session.start_time": STAMP, "user.id": "38001085718",
         "govsso.authentication.acr_downgraded": True, "govsso.client.id": "portal", "client.id": None},
    ),
    (
        "govsso",
        json.dumps({name: value for name, value in GOVSSO.items() if not name.startswith("session")}
                   | {"session_id": "s-2", "authentication.request_type": "START_SESSION",
                      "authentication.granted_acr": "high"}),
        {"govsso.session.id": "s-2", "event.type": ("start",), "govsso.authentication.acr_downgraded": False},
    ),
    (
        "govsso",
        CONSOLE.format(app="govsso-session", logger="e.r.govsso.session.X"),
        {"event.dataset": "govsso.log", "log.logger": "e.r.govsso.session.X"},
    ),
    (
        "siga",
        SIGA,
        {"@timestamp": STAMP, "event.action": "MOBILE_ID_SIGNING_INIT", "event.outcome": "failure",
         "event.duration": 12_000_000, "organization.name": "agency one, x", "organization.id": "c-1",
         "service.name": "portal.example", "service.id": "s-1", "user.id": "60001019906",
         "siga.phone_nr": "+37200000766", "siga.relying_party_name": 'SiGa, "demo" y=1',
         "url.full": "https://mid.example/api", "error.code": "MID_ERROR", "error.message": "no, reply=none ä",
         "http.response.status_code": 400, "event.type": ("end", "error"), "log.level": "INFO"},
    ),
    (
        "siga",
        "[event_type=START, event_name=HC_DELETE_CONTAINER, client_name=c, service_name=s]",
        {"event.type": ("start",), "event.category": ("api", "file"), "event.outcome": None},
    ),
    (
        "shibboleth",
        OLD_SAML,
        {"@timestamp": STAMP.replace(microsecond=0), "user.name": "eva", "event.outcome": "success",
         "service.name": "https://sp.example/shibboleth", "shibboleth.attributes": ["uid", "mail"],
         "shibboleth.assertion_id": "_assertion", "network.protocol": "saml"},
    ),
    (
        "shibboleth",
        NEW_SAML.format(status=FAILED, sub="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"),
        {"@timestamp": STAMP, "source.ip": "203.0.113.9", "event.outcome": "failure", "event.reason": "AuthnFailed",
         "user_agent.original": "Mozilla/5.0 (X | Y)", "shibboleth.sso": True, "user.name": "eva"},
    ),
    (
        "shibboleth",
        "2026-02-03 04:05:06,789 - 1.2.3.4 - INFO [Shibboleth-Audit.SSO:283] - " + NEW_SAML.format(status="", sub=""),
        {"event.dataset": "shibboleth.audit", "event.outcome": "success", "@timestamp": STAMP},
    ),
    (
        "shibboleth",
        ("2026-02-03 04:05:06,789 - 203.0.113.9 - INFO [net.shibboleth.idp.authn.impl.ValidateCredentials:166] - "
        "Profile Action ValidateCredentials: Credential validation by 'eva' failed"),
        {"event.dataset": "shibboleth.process", "user.name": "eva", "event.outcome": "failure",
         "event.category": ("authentication",), "source.ip": "203.0.113.9"},
    ),
    (
        "shibboleth",
        "F-TICKS/FED/1.0#TS=1770091506#RP=https://sp.example#AP=https://idp.example#PN=ab12#RESULT=OK#",
        {"event.dataset": "shibboleth.fticks", "user.hash": "ab12", "event.outcome": "success",
         "@timestamp": STAMP.replace(microsecond=0)},
    ),
    (
        "cas",
        CAS_LINE,
        {"@timestamp": STAMP.replace(microsecond=0), "event.action": "AUTHENTICATION_FAILED",
         "event.outcome": "failure", "user.name": "eva", "source.ip": "203.0.113.9", "destination.ip": "192.0.2.1",
         "event.category": ("authentication",), "event.type": ("start",), "service.name": "CAS"},
    ),
    (
        "cas",
        CAS_BLOCK,
        {"event.action": "SERVICE_TICKET_CREATED", "user.name": "eva", "source.ip": "203.0.113.9",
         "url.full": "https://app.example/start", "cas.ticket": "ST-12-abcdefgh***", "event.outcome": "success"},
    ),
    (
        "cas",
        CAS_JSON,
        {"@timestamp": STAMP, "event.type": ("end",), "user.name": "eva", "source.ip": "203.0.113.9"},
    ),
    (
        "cas",
        (f"2026-02-03 04:05:06,789 INFO [{LOGGER}] - eva|Supplied credentials|AUTHENTICATION_SUCCESS|CAS|"
        "2026-02-03T04:05:06|203.0.113.9|192.0.2.1"),
        {"user.name": "eva", "event.outcome": "success", "source.ip": "203.0.113.9", "service.name": "CAS"},
    ),
    (
        "lemonldap",
        "<133>Feb  3 04:05:06 sso LLNG[73088]: [warn] Bad password for eva (203.0.113.9)",
        {"user.name": "eva", "source.ip": "203.0.113.9", "event.action": "bad-password", "event.outcome": "failure",
         "event.category": ("authentication",), "log.level": "warn", "host.name": "sso", "process.pid": 73088},
    ),
    (
        "lemonldap",
        "Feb  3 04:05:06 sso lemonldap-ng[1]: Lemonldap::NG : Session granted for eva by LDAP (203.0.113.9)",
        {"user.name": "eva", "event.outcome": "success", "event.type": ("start",), "lemonldap.method": "LDAP"},
    ),
    (
        "lemonldap",
        "Feb  3 04:05:06 sso LLNG[1]: [notice] User eva has been disconnected from LDAP (203.0.113.9)",
        {"event.action": "logout", "event.type": ("end",)},
    ),
    (
        "lemonldap",
        "Feb  3 04:05:06 sso LLNG[1]: [notice] User eva is not authorized to access to admin.example",
        {"event.type": ("access", "denied"), "event.outcome": "failure", "service.name": "admin.example"},
    ),
    (
        "lemonldap",
        "Feb  3 04:05:06 sso LLNG[1]: [error] Unable to reach the directory",
        {"message": "Unable to reach the directory", "event.type": ("info",), "event.outcome": None},
    ),
)  # fmt: skip


def read(data: str, source: str = "auto") -> tuple[LogReader, list[Event], list[DeadLetter]]:
    reader = LogReader(Path("a.log"), source=source, stream=io.BytesIO(data.encode()))
    events: list[Event] = []
    dead: list[DeadLetter] = []
    for item in reader.records():
        if isinstance(item, Parsed):
            events.append(reader.event(item))
        else:
            dead.append(item)
    return reader, events, dead


@pytest.mark.parametrize(("name", "line", "wanted"), CASES)
def test_a_record_becomes_an_event_of_its_source(name: str, line: str, wanted: Mapping[str, Value | None]) -> None:
    reader, (event,), dead = read(line)
    assert (reader.source.name, dead) == (name, [])
    assert {field: event.fields.get(field) for field in wanted} == wanted


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, line, _ in CASES])
def test_no_other_source_is_as_sure(name: str, line: str) -> None:
    head = line.encode()
    scores = {source.name: source.recognise(head, "") for source in sources()}
    best = max(scores.values())
    assert scores[name] == best
    assert [other for other, score in scores.items() if score == best] == [name]


def test_several_records_in_a_row_are_several_events() -> None:
    for lines, count in (((CAS_LINE, CAS_BLOCK, CAS_LINE), 3), ((SIGA, SIGA), 2), ((OLD_SAML, OLD_SAML), 2)):
        _, events, dead = read("\n".join(lines))
        assert (len(events), dead) == (count, [])


def test_blocks_without_a_logger_in_front_are_parted() -> None:
    block = CAS_BLOCK.partition("<")[2].rstrip().removesuffix(">")
    reader, events, dead = read(block + block)
    assert (reader.source.name, dead) == ("cas", [])
    assert [event.fields["user.name"] for event in events] == ["eva", "eva"]


@pytest.mark.parametrize(("folder", "name"), [("lemonldap-ng-bf", "lemonldap"), ("apereo-cas-bf", "cas")])
def test_logs_of_attacks_are_read_whole(shared: Path, folder: str, name: str) -> None:
    (path,) = (shared / "logs" / "crowdsec-hub" / ".tests" / folder).glob("*.log")
    reader, events, dead = read(path.read_text("utf-8"))
    assert (reader.source.name, dead) == (name, [])
    assert all(event.fields["source.ip"] for event in events)
    assert all(event.fields["user.name"] for event in events)
    assert {event.fields["event.outcome"] for event in events} == {"failure"}


NEW = {name for name, _, _ in CASES} | {"xroad_opmon", "xroad_audit", "xroad_proxy", "xroad_messagelog"}
CAS_FOLDERS = {"apereo-cas-bf", "apereo-cas-audit-logs"}


def test_logs_of_others_are_taken_by_none_of_these(shared: Path) -> None:
    paths = sorted((shared / "conformance").glob("*/dev/raw.log")) + sorted((shared / "logs").rglob("*.log"))
    assert len(paths) > 200
    taken = []
    for path in paths:
        with path.open("rb") as stream:
            found = recognise(stream.read(16384), "")
        if found is not None and found.name in NEW and path.parent.name not in {"lemonldap-ng-bf", *CAS_FOLDERS}:
            taken.append((str(path.relative_to(shared)), found.name))
    assert taken == []


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
        st.text(alphabet='ab ,="\\]é', min_size=1, max_size=20),
        min_size=1,
        max_size=6,
    )
)
def test_pairs_of_siga_come_back_as_they_were_written(values: dict[str, str]) -> None:
    def written(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    body = ", ".join(f"{name}={written(value)}" for name, value in values.items())
    assert event_pairs(body) == values


def test_quotes_that_never_close_take_no_time() -> None:
    body = 'error_message="' + '\\"' * 100_000
    assert list(event_pairs(body)) == ["error_message"]


def test_personal_codes_and_phones_are_marked_where_the_events_have_them() -> None:
    events = {event.fields["event.module"]: event for line in (json.dumps(TARA), json.dumps(GOVSSO), SIGA)
              for event in read(line)[1]}  # fmt: skip
    for module, event in events.items():
        marked = {field.name for field in PERSONAL[str(module)]}
        for code in ("38001085718", "60001019906", "+37200000766"):
            holding = {name for name, value in event.fields.items() if code in texts(value)}
            assert holding <= marked, (module, holding - marked)


def test_declared_fields_are_marked_beside_a_modules_own() -> None:
    names = [field.name for field in personal_fields("siga", ("user.id", "siga.country"))]
    assert names == ["user.id", "siga.phone_nr", "siga.container_id", "siga.signature_id", "siga.country"]
