"""What incidents tell, in Albanian: the sentences of `engine.incidents.phrases`, read back and said again.

Names, values and people's own words stay as they are. A sentence that is none of them (a rule's name alone, one that
another version wrote) stays too. Patterns are linear: the values in them are the attacker's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from string import Formatter
from typing import Final

import re2

from engine.incidents import phrases
from engine.incidents.model import Incident, Term
from engine.incidents.phrases import NUMBERS, Phrase

_NUMBER: Final = r"[0-9][0-9.,e+-]*"
_TIES: Final = (phrases.PARENT, phrases.SESSION, phrases.WRITTEN, phrases.PAGE, phrases.BOTH_RARE)
_WHOLE: Final = (
    phrases.FIRST, phrases.WAVE, phrases.SAME_WAY_AS_WAVE, phrases.BRINGS, phrases.MERGED, phrases.SPLIT,
    phrases.CONTEXT,
)  # fmt: skip
_PARTS: Final = (phrases.GREW_OUT, phrases.SAME_WAY, phrases.BOTH_HAVE, *_TIES, phrases.SAME)
_HOW_USUAL: Final = (
    phrases.LEARNING, phrases.USUAL_AND_JUDGED, phrases.AS_USUAL, phrases.BURST, phrases.NEW_KIND, phrases.NEW_HERE,
    phrases.RARE,
)  # fmt: skip
_TOLD: Final = (phrases.BY_USER, phrases.FROM_ADDRESS, phrases.RAN, phrases.AT_PAGE)


def incident(told: Incident) -> Incident:
    """Return an incident whose title, reasons, terms and timeline read in Albanian."""
    return replace(
        told,
        title=title(told.title),
        joins=tuple(replace(item, reason=reason(item.reason)) for item in told.joins),
        links=tuple(replace(item, reason=reason(item.reason)) for item in told.links),
        elsewhere=tuple(replace(item, reason=reason(item.reason), place=place(item.place)) for item in told.elsewhere),
        terms=tuple(replace(item, name=term(item)) for item in told.terms),
        timeline=tuple(
            replace(moment, summary=summary(moment.summary), host=place(moment.host)) for moment in told.timeline
        ),
    )


def reason(text: str) -> str:
    """Return why an alert was joined, an incident linked, or something held back."""
    return _first(text, _WHOLE) or _first(text, _HOW_USUAL) or _each(text, "; ", _PARTS)


def term(found: Term) -> str:
    """Return what a term of a score is for."""
    phrase = phrases.TERMS.get(found.kind)
    return (phrase and _said(phrase, found.name)) or found.name


def change(text: str) -> str:
    """Return what would take a term away (see `engine.incidents.scoring.what_would_change`)."""
    number, _, what = text.partition(" ")
    rest = what.removesuffix(phrases.TOO_LITTLE_LEFT.en)
    tail = phrases.TOO_LITTLE_LEFT.sq if rest != what else ""
    said = next((phrase.sq for phrase in phrases.CHANGES.values() if phrase.en == rest), None)
    return f"{number} {said}{tail}" if said else text


def title(text: str) -> str:
    """Return an incident's title."""
    return _first(text, (phrases.ON_HOSTS, phrases.ON_TWO_HOSTS, phrases.ON_HOST)) or text


def summary(text: str) -> str:
    """Return what a line of the timeline says."""
    return _each(text, ", ", _TOLD)


def place(text: str) -> str:
    """Return where something was: a host's name, several hosts, a number of them."""
    return _first(text, (phrases.SEVERAL_HOSTS, phrases.HOSTS)) or text


def kind(text: str) -> str:
    """Return the word for a kind of entity (`host`)."""
    return _KINDS.get(text, text)


def _first(text: str, known: Sequence[Phrase]) -> str | None:
    return next((said for phrase in known if (said := _said(phrase, text)) is not None), None)


def _each(text: str, between: str, known: Sequence[Phrase]) -> str:
    return between.join(_first(part, known) or part for part in text.split(between))


def _said(phrase: Phrase, text: str) -> str | None:
    """Return the text in Albanian where it is this sentence, None where it is another."""
    found = _pattern(phrase).fullmatch(text)
    if found is None:
        return None
    values = found.groupdict()
    return phrase.sq.format(**{name: _INSIDE.get(name, _as_it_is)(value) for name, value in values.items()})


def _as_it_is(text: str) -> str:
    return text


def _things(text: str) -> str:
    """Return `host a, user b` with the kinds in Albanian; what is no kind belongs to the value before it."""
    more = _said(phrases.AND_MORE, text)
    return more or ", ".join(_thing(part) for part in text.split(", "))


def _thing(text: str) -> str:
    word, space, value = text.partition(" ")
    return f"{kind(word)}{space}{value}"


def _ties(text: str) -> str:
    """Return ties as they stand behind "through": the first may be things without "same" before them."""
    first, between, rest = text.partition("; ")
    said = _first(first, _TIES) or _things(first)
    return f"{said}{between}{_each(rest, '; ', _PARTS)}"


def _held(text: str) -> str:
    return _first(text, (phrases.TOO_LITTLE, phrases.HELD)) or text


def _usual(text: str) -> str:
    return _first(text, _HOW_USUAL) or text


_KINDS: Final[Mapping[str, str]] = {str(kind): word for kind, word in phrases.KINDS.items()}
# How what stands in a place of a sentence is said.
_INSIDE: Final[Mapping[str, Callable[[str], str]]] = {
    "things": _things,
    "ties": _ties,
    "held": _held,
    "usual": _usual,
    "because": reason,
    "place": place,
    "level": lambda text: phrases.LEVELS.get(text, text),
    "value": lambda text: _first(text, (phrases.AND_OTHERS,)) or text,
}


@lru_cache(maxsize=128)
def _pattern(phrase: Phrase) -> re2._Regexp[str]:
    """Return what reads a sentence back; a rule's name takes as much as it can, other texts as little."""
    parts: list[str] = []
    for words, name, _, _ in Formatter().parse(phrase.en):
        parts.append(re.escape(words))
        if name is not None:
            text = _NUMBER if name in NUMBERS else ".+" if name == "rule" else ".+?"
            parts.append(f"(?P<{name}>{text})")
    return re2.compile(f"(?s){''.join(parts)}")
