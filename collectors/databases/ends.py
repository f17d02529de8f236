"""The rest of ECS for a database's event, and the small readers that its sources share."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.network.finish import finish
from collectors.web.address import endpoint
from engine.events import Fields

_NOWHERE = frozenset({"", "-", "[local]", "(null)", "null", "::", "<unknown>", "unknown"})
_MOST = 64 * 1024  # characters of a statement that stand in a field; the record has all of it


def put_client(text: str, fields: Fields, *, side: str = "source") -> None:
    """Put the client's address or name, with or without a port, where there is one."""
    text = text.strip()
    if text.lower() in _NOWHERE:
        return
    found = endpoint(text)
    if found.ip is not None:
        fields[f"{side}.ip"] = found.ip.removeprefix("::ffff:") if "." in found.ip else found.ip
    elif found.domain is not None:
        fields[f"{side}.domain"] = found.domain
    if found.port is not None:
        fields[f"{side}.port"] = found.port


def put_port(text: str, fields: Fields, *, side: str = "source") -> None:
    """Put a port that is one."""
    if text.isascii() and text.isdecimal() and len(text) < 6 and 0 < int(text) < 65536:
        fields[f"{side}.port"] = int(text)


def put_number(name: str, text: str, fields: Fields) -> None:
    """Put a whole number where the text is one."""
    bare = text.strip()
    if bare.isascii() and bare.lstrip("-").isdecimal() and len(bare) < 19:
        fields[name] = int(bare)


def put_words(name: str, text: str | None, fields: Fields) -> None:
    """Put a text that says something, cut where it is longer than a field should be."""
    if text and (bare := text.strip()) and bare not in {"-", "(null)", "<none>"}:
        fields[name] = bare[:_MOST]


def also(fields: Fields, name: str, more: Iterable[str]) -> None:
    """Add members to a list field (`event.category`, `event.type`), each once."""
    there = fields.get(name)
    known = [str(member) for member in there] if isinstance(there, list | tuple) else []
    fields[name] = [*known, *(member for member in more if member not in known)]


def finish_database(fields: Fields) -> Fields:
    """Complete a database's event; changes and returns its argument."""
    fields["service.type"] = fields["event.module"]
    return finish(fields)


# Words that begin a statement, by what it does to whom: (category, type)
_STATEMENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(("select", "show", "explain", "describe", "desc", "table", "values", "fetch"), ((), ("access",))),
    **dict.fromkeys(("insert", "update", "merge", "replace", "load", "call", "copy", "import"), ((), ("change",))),
    **dict.fromkeys(("delete", "truncate"), ((), ("deletion",))),
    **dict.fromkeys(("grant", "revoke", "deny"), (("iam",), ("admin", "change"))),
    "create": ((), ("creation",)),
    "drop": ((), ("deletion",)),
    "alter": ((), ("change",)),
}
_ACCOUNTS = frozenset({"user", "role", "login", "group", "profile"})


def read_statement(text: str, fields: Fields) -> None:
    """Say what kind of statement it is by its first words; comments in front are passed over."""
    words = _first_words(text)
    if not words:
        return
    verb = words[0]
    kind = _STATEMENTS.get(verb)
    if kind is None:
        return
    also(fields, "event.category", kind[0])
    also(fields, "event.type", kind[1])
    if len(words) > 1 and words[1] in _ACCOUNTS and verb in {"create", "drop", "alter"}:
        also(fields, "event.category", ("iam",))
        also(fields, "event.type", ("user",))


def _first_words(text: str) -> list[str]:
    text = text[:4000].lstrip()
    for _ in range(8):
        if text.startswith("/*"):
            text = text.partition("*/")[2].lstrip()
        elif text.startswith("--"):
            text = text.partition("\n")[2].lstrip()
        else:
            break
    return [word.strip("(;\"'`[]").lower() for word in text[:200].split()[:2]]
