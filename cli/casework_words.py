"""Texts of an incident's case that responders read, in English and Albanian."""

from __future__ import annotations

from dataclasses import dataclass

from cli.settings_table import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWords:
    """Every text, by what it says."""

    title: str
    incident: str
    owner: str
    nobody: str
    tags: str
    notes: str
    tasks: str
    evidence: str
    at: str
    who: str
    text: str
    number: str
    state: str
    done: str
    to_do: str
    file: str
    what: str
    size: str
    next: str


ENGLISH = CaseWords(
    title="Case",
    incident="Incident",
    owner="Assigned to",
    nobody="nobody",
    tags="Tags",
    notes="Notes",
    tasks="Tasks",
    evidence="Evidence",
    at="Time (UTC)",
    who="Who",
    text="What",
    number="No.",
    state="State",
    done="done by {who}",
    to_do="to do",
    file="File",
    what="What it is",
    size="Bytes",
    next="kulla incidents note {id} TEXT",
)
ALBANIAN = CaseWords(
    title="Dosja e rastit",
    incident="Incidenti",
    owner="I caktuar",
    nobody="askush",
    tags="Etiketat",
    notes="Shënimet",
    tasks="Detyrat",
    evidence="Provat",
    at="Koha (UTC)",
    who="Kush",
    text="Çfarë",
    number="Nr.",
    state="Gjendja",
    done="e kreu {who}",
    to_do="për t'u bërë",
    file="Skedari",
    what="Çfarë është",
    size="Bajte",
    next="kulla incidents note {id} TEKST",
)


def case_words(lang: Lang) -> CaseWords:
    """Return the texts in a language."""
    return ALBANIAN if lang == "sq" else ENGLISH
