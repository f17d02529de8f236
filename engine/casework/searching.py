"""Finding incidents by words: in what they are called, who and what is in them, what happened, and what people wrote.

Every word has to be found; the words may stand anywhere. A word with a colon asks one place: `host:dc01`,
`user:arta`, `ip:192.0.2.1`, `tag:vip`, `owner:arta`, `status:open`, `level:high`, `tactic:impact`, `technique:T1003`,
`rule:mimikatz`, `note:backup`. A word after `-` must not be found. Capital letters say nothing, and neither do marks
(`ë` is `e`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from engine.attack import Fit, fit
from engine.attack.comparing import display
from engine.casework.model import Case
from engine.errors import UsageError
from engine.folding import fold
from engine.incidents.model import Incident

_LONGEST = 1_000  # characters of a search
PLACES = (
    "id",
    "title",
    "status",
    "level",
    "tactic",
    "technique",
    "rule",
    "summary",
    "tag",
    "owner",
    "note",
    "evidence",
)
_KINDS = ("host", "user", "ip", "domain", "url", "file", "process", "hash", "service", "mailbox")


def search(incidents: Iterable[Incident], cases: Mapping[str, Case], words: str) -> list[Incident]:
    """Return the incidents in which all words are found, in their order; raise `UsageError` where there are none."""
    wanted = _wanted(words)
    return [item for item in incidents if _fits(item, cases.get(item.id), wanted)]


def _wanted(words: str) -> list[tuple[bool, str, str]]:
    """Return (has to be found, place or empty, text) for each word."""
    if len(words) > _LONGEST:
        raise UsageError("a search that long finds nothing", where="--search")
    found = []
    for word in words.split():
        negative = len(word) > 1 and word.startswith("-")
        place, colon, text = word.removeprefix("-" if negative else "").partition(":")
        if colon and text and place.lower() in {*PLACES, *_KINDS}:
            found.append((not negative, place.lower(), plain(text)))
        else:
            found.append((not negative, "", plain(word.removeprefix("-" if negative else ""))))
    if not found:
        raise UsageError("which words?", where="--search", hint='--search "dc01 mimikatz"')
    return found


def _fits(incident: Incident, case: Case | None, wanted: Sequence[tuple[bool, str, str]]) -> bool:
    texts = _texts(incident, case)
    for positive, place, text in wanted:
        places = [texts.get(place, "")] if place else list(texts.values())
        held = any(text in item for item in places)
        if place == "technique":
            held = held or any(_names(text, technique) for technique in incident.techniques)
        if held is not positive:
            return False
    return True


def _names(word: str, technique: str) -> bool:
    """Tell whether a technique is meant by a word, in whichever version of ATT&CK either is written."""
    return fit(word, technique) is not Fit.NONE


def _texts(incident: Incident, case: Case | None) -> dict[str, str]:
    """Return what is searched, by place."""
    known = case or Case(incident=incident.id)
    timeline = incident.timeline
    lines: dict[str, Iterable[str]] = {
        "id": (incident.id,),
        "title": (incident.title,),
        "status": (incident.status, incident.closed_why),
        "level": (incident.severity.label,),
        "tactic": incident.tactics,
        "technique": (display(item) for item in incident.techniques),
        "rule": {moment.rule_name for moment in timeline},
        "summary": (moment.summary for moment in timeline),
        "tag": known.tags,
        "owner": (known.owner,),
        "note": (*(note.text for note in known.notes), *(task.text for task in known.tasks)),
        "evidence": (f"{item.name} {item.sha256} {item.what}" for item in known.evidence),
    }
    for kind in _KINDS:
        lines[kind] = [entity.value for entity in incident.entities if entity.kind == kind]
    return {place: plain("\n".join(held)) for place, held in lines.items()}


def plain(text: str) -> str:
    """Return a text as it is compared: small letters without their marks."""
    if text.isascii():
        return fold(text)
    apart = unicodedata.normalize("NFD", fold(text))
    return "".join(sign for sign in apart if not unicodedata.combining(sign))
