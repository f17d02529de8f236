"""The table `[privacy]` of the settings: rules by source and field, and what they need.

[privacy]
key_file = "/etc/kulla/privacy.json"      # else under KULLA_HOME/keys
country = "AL"                            # whose personal codes name no country
default = true                            # the rules for personal fields that kulla knows
anywhere = true                           # e-ID codes (PNOAL-...) in any text of any source

[privacy.rules."nginx.*"]                 # event.module or event.dataset
"source.ip" = "prefix"
"user.name" = "pseudonymise"
"url.query" = "drop"
"user_agent.original" = "truncate:40"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from collectors.privacy.rules import ACTIONS, HOLDS, Action, Holds, Policy, Rule, default_rules, held_by
from engine.errors import ConfigurationError
from engine.tables import Table

Place = Callable[[Sequence[str]], str]
"""Tells where a setting stands (`kulla.toml:12`), by the names of the tables it is in and its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacySettings:
    """What `[privacy]` says. `key_file` is None where it names none."""

    policy: Policy
    country: str
    key_file: Path | None


def read_privacy(values: object, place: Place, declared: Mapping[str, Sequence[str]]) -> PrivacySettings:
    """Return what the table says; `declared` are the personal fields of user-written sources, by dataset.

    Raise `ConfigurationError` with file and line for a word that is unknown.
    """
    try:
        table = Table(values, place(()), "privacy")
        key_file, country = table.text("key_file", ""), table.text("country", "AL")
        if len(country) != 2 or not country.isalpha() or not country.isupper():
            raise table.error("country", "two letters such as AL are wanted (ISO 3166)")
        own = _rules(table.table("rules"), place)
        known = default_rules(declared) if table.switch("default", default=True) else []
        policy = Policy([*known, *own], anywhere=table.switch("anywhere", default=True))
        table.close()
    except ConfigurationError as error:
        error.where = place(_named_in(error.message)) if error.where == place(()) else error.where
        raise
    return PrivacySettings(policy=policy, country=country, key_file=Path(key_file) if key_file else None)


def _named_in(message: str) -> Sequence[str]:
    """Return the name of the setting that a table's error is about: `privacy.KEY: ...` or `unknown setting ...`."""
    word = message.removeprefix("unknown setting ").partition(":")[0]
    return [word.removeprefix("privacy.")] if word.startswith("privacy.") else ()


def _rules(table: Table | None, place: Place) -> list[Rule]:
    found: list[Rule] = []
    for pattern in table.keys() if table is not None else ():
        inner = table.table(pattern) if table is not None else None
        for field in inner.keys() if inner is not None else ():
            where = place(("rules", pattern, field))
            found.append(_rule(pattern, field, inner.text(field) if inner is not None else "", where))
    return found


def _rule(pattern: str, field: str, words: str, where: str) -> Rule:
    """Read `ACTION`, `truncate:SIZE` and `ACTION KIND`."""
    action, _, kind = words.strip().partition(" ")
    action, colon, size = action.partition(":")
    holds = kind.strip() or held_by(field)
    problem = _problem(action, bool(colon), size, holds)
    if problem:
        raise ConfigurationError(f"{field} = {words!r}: {problem}", where=where, hint=_hint(action))
    return Rule(
        pattern=pattern,
        field=field,
        holds=cast("Holds", holds),
        action=cast("Action", action),
        size=int(size) if size else 0,
        place=where,
    )


def _problem(action: str, sized: bool, size: str, holds: str) -> str:  # noqa: FBT001 # the parts of one word
    if action not in ACTIONS:
        return f"one of {', '.join(ACTIONS)} is wanted"
    if sized != (action == "truncate") or (sized and not (size.isascii() and size.isdigit() and len(size) < 6)):
        return "truncate:SIZE is wanted, and no other action has a size"
    if holds not in HOLDS:
        return f"{holds!r} is none of {', '.join(HOLDS)}"
    if action == "prefix" and holds != "address":
        return "prefix is for addresses (write `prefix address` where the field holds one)"
    if action == "pseudonymise" and holds == "address":
        return "addresses are pseudonymised with `prefix`"
    return ""


def _hint(action: str) -> str:
    near = get_close_matches(action, ACTIONS, n=1)
    return f"did you mean {near[0]}?" if near and near[0] != action else "docs/privacy.md; kulla privacy show"
