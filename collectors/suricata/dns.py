"""DNS in EVE: an object for each question or record (version 1), answer (2), transaction (3), or in an alert."""

from __future__ import annotations

from collectors.cloud.values import inner, number, objects, text
from collectors.dns.question import answer, ask, flag_bits
from collectors.json_fields import Json
from engine.events import Fields

_RECORDS = 128


def read_dns(dns: dict[str, Json], fields: Fields) -> None:
    """Read `dns` of any version."""
    first = next(objects(dns.get("queries")), None) or next(objects(dns.get("query")), None)
    replies = inner(dns, "answer")
    whole = {**dns, **replies} if replies else dns
    told = text(whole.get("type")).lower()
    is_answer = told in {"answer", "response"} or bool(replies)
    fields["dns.type"] = "answer" if is_answer else "query"
    is_record = is_answer and "rdata" in dns and "answers" not in dns  # version 1: the name is the record's own
    if first is not None:
        ask(fields, text(first.get("rrname")), text(first.get("rrtype")))
    elif not is_record:
        ask(fields, text(whole.get("rrname")), text(whole.get("rrtype")))
    identifier = number(whole.get("id"))
    if identifier is None and first is not None:
        identifier = number(first.get("id"))
    if identifier is not None:
        fields["dns.id"] = str(identifier)
    if rcode := text(whole.get("rcode")):
        fields["dns.response_code"] = rcode
        fields["event.outcome"] = "success" if rcode in {"NOERROR", "NXDOMAIN"} else "failure"
    _flags(whole, fields)
    _records(whole, is_record=is_record, fields=fields)


def _flags(dns: dict[str, Json], fields: Fields) -> None:
    written = text(dns.get("flags"))
    try:
        found = flag_bits(int(written, 16)) if 0 < len(written) <= 4 else []
    except ValueError:
        found = []
    found = found or [name for name in ("AA", "TC", "RD", "RA", "AD", "CD") if dns.get(name.lower()) is True]
    if found:
        fields["dns.header_flags"] = found


def _records(dns: dict[str, Json], *, is_record: bool, fields: Fields) -> None:
    records = [dns] if is_record else list(objects(dns.get("answers")))[:_RECORDS]
    for record in records:
        answer(
            fields,
            name=text(record.get("rrname")),
            record_type=text(record.get("rrtype")),
            data=text(record.get("rdata")),
            ttl=number(record.get("ttl")),
        )
    if not records:
        for kind, values in inner(dns, "grouped").items():
            for value in values[:_RECORDS] if isinstance(values, list) else ():
                if isinstance(value, str):
                    answer(fields, name="", record_type=kind, data=value)
