"""Which fields hold what identifies a person: the one list that privacy rules act on by default.

Named are identifiers of citizens and officials that a service writes into its log (personal codes, phone numbers,
names, mail addresses, name ids), not the account names of administrators, which detection needs. A source's raw text
holds them as well: rules that change a field have to change, or drop, `event.original` with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["person", "phone", "name", "email", "session", "content"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalField:
    """A field and what it holds: `person` a personal code or the like, `content` free text that may name people."""

    name: str
    kind: Kind


def _fields(kind: Kind, *names: str) -> tuple[PersonalField, ...]:
    return tuple(PersonalField(name=name, kind=kind) for name in names)


# By `event.module`. `user.id` of these is a personal code; of other modules it is an account's number.
PERSONAL: Final[Mapping[str, tuple[PersonalField, ...]]] = {
    "xroad": (
        *_fields("person", "user.id", "xroad.represented_party.code"),
        *_fields("content", "xroad.issue"),
    ),
    "tara": (
        *_fields("person", "user.id", "tara.authentication.id_code", "tara.authentication.subject"),
        *_fields("name", "user.full_name", "tara.authentication.first_name", "tara.authentication.last_name"),
        *_fields("phone", "tara.authentication.phone_number"),
        *_fields("session", "tara.authentication.session_id", "tara.session.session_id"),
        *_fields("content", "http.request.body.content", "http.response.body.content"),
    ),
    "govsso": (
        *_fields("person", "user.id", "govsso.authentication.id_code", "govsso.authentication.subject"),
        *_fields("person", "govsso.idCode"),
        *_fields("name", "user.full_name", "govsso.authentication.first_name", "govsso.authentication.last_name"),
        *_fields("session", "govsso.session.id", "govsso.session_id", "govsso.sessionId"),
        *_fields("content", "http.request.body.content", "http.response.body.content"),
    ),
    "siga": (
        *_fields("person", "user.id"),
        *_fields("phone", "siga.phone_nr"),
        *_fields("session", "siga.container_id", "siga.signature_id"),
    ),
    "shibboleth": _fields("person", "shibboleth.name_id"),
    "cas": _fields("session", "cas.ticket"),
    "cisco_meraki": _fields("session", "cisco_meraki.event.sharedSecret"),
    "github": _fields("session", "github.secret_scanning.secret"),
    "box_events": _fields("phone", "box.source.phone"),
    "intune": _fields("phone", "intune.properties.phone_number"),
    "cisco_duo": _fields("phone", "cisco_duo.telephony.phone", "cisco_duo.telephony.phone_number"),
}


def personal_fields(module: str, declared: Sequence[str] = ()) -> tuple[PersonalField, ...]:
    """Return the personal fields of a module's events, with those that a user-written source declares."""
    own = PERSONAL.get(module, ())
    known = {field.name for field in own}
    return own + tuple(PersonalField(name=name, kind="person") for name in declared if name not in known)
