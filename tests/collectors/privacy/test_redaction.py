"""Redaction: no value of a personal field is left anywhere in the event that is stored."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.privacy.filtering import Privacy
from collectors.privacy.pseudonyms import PSEUDONYM, Key, Pseudonyms
from collectors.privacy.redaction import REMOVED, UNUSUAL
from collectors.privacy.rules import Action, Policy, Rule, default_rules
from engine.events import Event, Origin, Value, event_id

NAMES = Pseudonyms([Key(secret=bytes(range(32)), since="")], "AL")


def privacy(*rules: Rule, known: bool = True) -> Privacy:
    return Privacy(Policy([*(default_rules({}) if known else ()), *rules]), lambda: NAMES)


def event(original: str, module: str = "xroad", **fields: Value) -> Event:
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return Event(
        id=event_id("ab" * 16, 0, original.encode("utf-8", "surrogatepass")),
        origin=Origin(path="/var/log/sample.log", identity="ab" * 16, offset=0, number=1),
        original=original,
        fields={"event.module": module, "event.dataset": f"{module}.log", **named},
    )


def treated(given_event: Event, *rules: Rule) -> Event:
    return privacy(*rules).events([given_event])[0]


def everything(stored: Event) -> str:
    return json.dumps([stored.original, stored.origin.path, {k: str(v) for k, v in stored.fields.items()}])


def rule(field: str, action: Action, holds: str = "content", size: int = 0) -> Rule:
    return Rule(pattern="xroad*", field=field, holds=holds, action=action, size=size, place="kulla.toml:1")  # type: ignore[arg-type]


def test_an_event_without_personal_fields_is_the_same_object() -> None:
    plain = event("GET / HTTP/1.1", module="nginx", user__id="17")
    assert privacy().events([plain])[0] is plain
    assert treated(event("{}"), rule("absent", "drop")).original == "{}"


def test_a_personal_code_is_one_pseudonym_in_every_field_and_in_the_text() -> None:
    raw = '{"messageUserId":"EE47101010033","restPath":"/person/47101010033?by=PNOEE%2D47101010033"}'
    stored = treated(
        event(
            raw,
            user__id="EE47101010033",
            related__user=["EE47101010033", "svc"],
            url__path="/person/47101010033",
            number=47101010033,
        )
    )
    word = NAMES.of("person", "EE47101010033")
    assert stored.fields["user.id"] == stored.fields["number"] == word
    assert stored.fields["related.user"] == [word, "svc"]
    assert stored.fields["url.path"] == f"/person/{word}"
    assert stored.original.count(word) == 3
    assert "47101010033" not in everything(stored)
    assert json.loads(stored.original)["messageUserId"] == word
    assert UNUSUAL not in stored.fields


def test_the_same_person_has_the_same_pseudonym_in_every_source() -> None:
    found = {
        treated(event("x", module=module, user__id="EE47101010033")).fields["user.id"]
        for module in ("xroad", "tara", "govsso", "siga")
    }
    assert len(found) == 1


def test_one_event_that_names_the_country_once_means_it_everywhere() -> None:
    stored = treated(event("x", module="tara", user__id="47101010033", tara__authentication__subject="EE47101010033"))
    assert stored.fields["user.id"] == stored.fields["tara.authentication.subject"]


def test_names_go_as_a_whole_and_in_parts_and_words_that_hold_them_stay() -> None:
    stored = treated(
        event(
            "HOXHA, ARTA (Arta Hoxha) at hoxhaville, artax",
            module="tara",
            user__full_name="Arta Hoxha",
            message="welcome arta",
        )
    )
    assert not re.search(r"\b(arta|hoxha)\b", everything(stored), re.IGNORECASE)
    assert "hoxhaville, artax" in stored.original


@pytest.mark.parametrize(
    ("action", "kept"),
    [("hash", None), ("truncate", "EE47"), ("drop", None), ("keep", "EE47101010033")],
)
def test_the_other_actions(action: Action, kept: str | None) -> None:
    stored = treated(event("by EE47101010033", user__id="EE47101010033"), rule("user.id", action, "person", size=4))
    value = stored.fields.get("user.id")
    if action == "hash":
        assert isinstance(value, str)
        assert re.fullmatch(r"[0-9a-f]{64}", value)
        assert stored.original == f"by {value}"
    else:
        assert value == kept
        assert stored.original == f"by {kept or REMOVED}"


def test_addresses_keep_their_prefix_and_are_replaced_as_they_are_written() -> None:
    stored = treated(
        event("192.0.2.7 to 192.0.2.70, 10192.0.2.7", source__ip="192.0.2.7", related__ip=["192.0.2.7", "192.0.2.70"]),
        rule("source.ip", "prefix", "address"),
    )
    changed = NAMES.addresses.address("192.0.2.7")
    assert stored.fields["source.ip"] == changed
    assert stored.fields["related.ip"] == [changed, "192.0.2.70"]
    assert stored.original == f"{changed} to 192.0.2.70, 10192.0.2.7"


def test_truncated_addresses_keep_their_network() -> None:
    stored = treated(event("x", source__ip="192.0.2.7"), rule("source.ip", "truncate", "address", size=24))
    assert stored.fields["source.ip"] == "192.0.2.0"


def test_where_a_value_cannot_be_taken_out_the_text_goes_and_its_digest_stays() -> None:
    hidden = '{"id":"EE%34%37101010033"}'
    stored = treated(event(hidden, user__id="EE47101010033", note="EE%34%37101010033 asked"))
    assert stored.original == ""
    assert stored.fields["event.hash"] == NAMES.digest(hidden)
    assert stored.fields["note"] == REMOVED


def test_the_id_of_a_changed_event_needs_the_key_and_is_the_same_each_time() -> None:
    one = event("by EE47101010033", user__id="EE47101010033")
    stored = treated(one)
    assert stored.id == treated(one).id != one.id
    assert re.fullmatch(r"[0-9a-f]{32}", stored.id)
    other = Pseudonyms([Key(secret=bytes(32), since="")], "AL")
    assert Privacy(Policy(default_rules({})), lambda: other).events([one])[0].id != stored.id


def test_a_hostile_value_cannot_change_what_an_event_is_and_is_told() -> None:
    stored = treated(event("xroad.log", user__id="xroad.log", event__kind="event", url__path="/x/xroad.log"))
    assert stored.fields["event.module"] == "xroad"
    assert stored.fields["event.dataset"] == "xroad.log"
    assert stored.fields[UNUSUAL] == ["user.id"]
    assert "xroad.log" not in str(stored.fields["url.path"])


def test_values_that_say_nothing_stay() -> None:
    stored = treated(event("- - -", user__id="-"))
    assert (stored.fields["user.id"], stored.original) == ("-", "- - -")


def test_short_values_are_replaced_as_whole_words_only() -> None:
    stored = treated(event("user 17 of 1712 took 17x", user__id="17", other="1712"))
    assert stored.original == f"user {NAMES.of('person', '17')} of 1712 took 17x"
    assert stored.fields["other"] == "1712"


def test_eid_codes_go_from_any_text_of_any_source() -> None:
    line = '192.0.2.1 "serialNumber=PNOEE-47101010033,CN=X" 200'
    stored = privacy().events([event(line, module="nginx", tls__client__subject="serialNumber=PNOEE-47101010033")])[0]
    assert "47101010033" not in everything(stored)
    assert NAMES.of("person", "EE47101010033") in stored.original
    off = Privacy(Policy([], anywhere=False), lambda: NAMES)
    assert off.events([event(line, module="nginx")])[0].original == line


@pytest.mark.parametrize(
    "written",
    [
        "pnoee-47101010033",
        "Pnoee-47101010033",
        "/x?who=PNOEE%2D47101010033",
        "/x?who=pnoee%2d47101010033",
        "a%3DPNOEE%252D47101010033",
    ],
)
def test_eid_codes_go_however_they_are_written(written: str) -> None:
    stored = privacy().events([event(f"GET {written} 200", module="nginx", url__original=written)])[0]
    assert "47101010033" not in everything(stored)
    assert NAMES.of("person", "EE47101010033") in stored.original


def test_the_vault_is_told_before_the_batch_is_given_back() -> None:
    kept: dict[str, str] = {}
    filtering = Privacy(Policy(default_rules({})), lambda: NAMES, kept.update)
    filtering.events([event("x", user__id="EE47101010033", xroad__issue="case 12 of Arta Hoxha")])
    assert kept == {NAMES.of("person", "EE47101010033"): "EE47101010033"}


def test_a_dataset_that_is_no_text_stops_nothing() -> None:
    odd = event("x", user__id="EE47101010033")
    listed = Event(id=odd.id, origin=odd.origin, original="x", fields={**odd.fields, "event.dataset": ["a", "b"]})
    assert privacy().events([listed])[0].fields["user.id"] == NAMES.of("person", "EE47101010033")


def test_keys_are_asked_for_only_where_something_is_personal() -> None:
    def fail() -> Pseudonyms:
        raise AssertionError

    Privacy(Policy(default_rules({})), fail).events([event("{}"), event("GET /", module="nginx")])


codes = st.from_regex(r"(EE|AL|PNOEE-|)[0-9]{11}", fullmatch=True)
phones = st.from_regex(r"\+?[0-9]{7,13}", fullmatch=True)
names = st.from_regex(r"[A-ZËÇ][a-zëç]{3,9} [A-ZËÇ][a-zëç]{3,9}", fullmatch=True)
sessions = st.from_regex(r"[A-Za-z0-9]{8}-[a-z0-9]{8,20}", fullmatch=True)
writings = st.sampled_from(
    [
        str,
        str.lower,
        str.upper,
        lambda text: quote(text, safe=""),
        lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
        lambda text: json.dumps(text)[1:-1],
        lambda text: json.dumps(json.dumps({"inner": text})),
        lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
        html.escape,
        lambda text: base64.b64encode(f"u:{text}:p".encode()).decode(),
        lambda text: text.encode().hex(),
        lambda text: f"/person/{quote(text)}/x?id={quote(text)}",
    ]
)


def decodings(text: str) -> set[str]:
    """Return what somebody would read out of a text by hand: an oracle that shares nothing with the code."""
    found = {text}
    for _ in range(3):
        found |= {unquote_plus(each) for each in found}
        found |= {html.unescape(each) for each in found}
        found |= {re.sub(r"\\u([0-9a-f]{4})", lambda hit: chr(int(hit[1], 16)), each) for each in found}
        found |= {each.replace('\\"', '"').replace("\\\\", "\\") for each in found}
    for run in re.findall(r"[A-Za-z0-9+/=]{8,}", text):
        for start in range(4):
            piece = run[start : start + (len(run) - start) // 4 * 4]
            found.add(base64.b64decode(piece + "=" * (-len(piece) % 4)).decode("utf-8", "ignore"))
    for run in re.findall(r"(?:[0-9a-f]{2}){4,}", text):
        found.add(bytes.fromhex(run).decode("utf-8", "ignore"))
    return {each.lower() for each in found}


def values_of(kind: str, value: str) -> list[str]:
    if kind == "name":
        return [part.lower() for part in value.split()]
    digits = re.search(r"[0-9]{7,}", value)
    return [digits[0] if digits and kind != "session" else value.lower()]


FIELDS: Mapping[str, str] = {
    "person": "user.id",
    "phone": "tara.authentication.phone_number",
    "name": "user.full_name",
    "session": "tara.session.session_id",
}


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries({"person": codes, "phone": phones, "name": names, "session": sessions}),
    st.lists(st.tuples(st.sampled_from(sorted(FIELDS)), writings), min_size=1, max_size=6),
)
def test_no_value_of_a_personal_field_occurs_in_any_field(values: Mapping[str, str], writes: list) -> None:
    pieces = [write(values[kind]) for kind, write in writes]
    given_event = event(
        json.dumps({"said": pieces, **values}),
        module="tara",
        message=" and ".join(pieces),
        tags=pieces,
        odd_number=int(re.sub(r"\D", "", values["phone"])),
    )
    fields = {**given_event.fields, **{FIELDS[kind]: value for kind, value in values.items()}}
    fields[f"field.{values['session']}"] = "a name from the log"
    stored = treated(Event(id=given_event.id, origin=given_event.origin, original=given_event.original, fields=fields))
    texts = [stored.original, stored.origin.path, *stored.fields, *map(str, stored.fields.values())]
    for kind, value in values.items():
        assert PSEUDONYM.fullmatch(str(stored.fields[FIELDS[kind]]))
        for text in texts:
            for read in decodings(PSEUDONYM.sub("", text)):
                words = set(re.findall(r"\w+", read))
                for part in values_of(kind, value):
                    assert part not in (words if kind == "name" else read), (kind, value, text)
