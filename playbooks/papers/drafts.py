"""The drafts: which fields each paper has, which of them it must have, and how they are filled for one incident.

Sources: NIS2 Article 23(4)(a), (b), (d); GDPR Article 33(3) and Article 34(2). A field that a person filled in goes
before what kulla finds; a field that nothing fills stays in the draft, named as open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playbooks.papers import doings, facts, personal
from playbooks.papers.casefile import CaseFile
from playbooks.papers.facts import Fact
from playbooks.papers.masking import Mask
from playbooks.papers.model import Answer, Field, Kind, Origin, Paper, answer
from playbooks.texts import Language, Text


@dataclass(frozen=True, slots=True)
class Ask:
    """One field of a form: its name, what it asks, what answers it. `clear` ones keep names: those are to be read."""

    name: str
    label: Text
    fact: Fact
    mandatory: bool = True
    clear: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One kind of paper: its title, the rule it answers (empty for papers of the house), its addressee, its fields."""

    title: Text
    basis: str
    to: Text
    asks: tuple[Ask, ...]


def _ask(name: str, en: str, sq: str, fact: Fact, *, must: bool = True, clear: bool = False) -> Ask:
    return Ask(name, Text(en=en, sq=sq), fact, must, clear)


_AUTHORITY = Text(en="CSIRT or competent authority", sq="CSIRT-i ose autoriteti përgjegjës")
_HOUSE = Text(en="The house", sq="Institucioni")
_WHO = (
    _ask("organisation", "Organisation", "Institucioni", facts.organisation, clear=True),
    _ask("contact", "Contact", "Kontakti", facts.contact, clear=True),
    _ask("reference", "Incident", "Incidenti", facts.reference),
)
_AWARE = _ask("aware", "Aware since", "Në dijeni prej", facts.aware)
_PERIOD = _ask("period", "From when to when", "Nga kur deri kur", facts.period)
_NATURE = _ask("nature", "What happened", "Çfarë ndodhi", facts.nature)
_SEVERITY = _ask("severity", "Severity", "Rëndësia", facts.severity)
_IMPACT = _ask("impact", "Impact", "Ndikimi", facts.impact)
_MEASURES = _ask("measures", "Measures taken and proposed", "Masat e marra dhe të propozuara", doings.measures)
_BORDER = _ask("cross-border", "Effects across borders", "Ndikim ndërkufitar", facts.cross_border)
_LIKELY = _ask("likely", "What may come next", "Çfarë mund të vijë më pas", facts.likely, must=False)
_CLOCKS = _ask("clocks", "Legal clocks", "Afatet ligjore", doings.clocks)
_TO_DO = _ask("to-do", "Next", "Më pas", doings.to_do)
_OFFICER = _ask("data-protection", "Contact for data protection", "Kontakti për të dhënat personale",
                facts.protection_officer, clear=True)  # fmt: skip
_CONSEQUENCES = _ask("consequences", "Likely consequences", "Pasojat e mundshme", personal.consequences)

FORMS: dict[Kind, Form] = {
    "early-warning": Form(
        title=Text(en="Early warning (24 hours)", sq="Paralajmërim i hershëm (24 orë)"),
        basis="NIS2 23(4)(a)",
        to=_AUTHORITY,
        asks=(
            *_WHO,
            _AWARE,
            _NATURE,
            _ask(
                "malicious",
                "Unlawful or malicious acts suspected",
                "Dyshohet veprim i paligjshëm ose keqdashës",
                facts.malicious,
            ),
            _BORDER,
        ),
    ),
    "notification": Form(
        title=Text(en="Incident notification (72 hours)", sq="Njoftim i incidentit (72 orë)"),
        basis="NIS2 23(4)(b)",
        to=_AUTHORITY,
        asks=(
            *_WHO,
            _AWARE,
            _PERIOD,
            _NATURE,
            _SEVERITY,
            _IMPACT,
            _ask("indicators", "Indicators of compromise", "Treguesit e komprometimit", facts.indicators, must=False),
            _ask("techniques", "Techniques (ATT&CK)", "Teknikat (ATT&CK)", facts.techniques, must=False),
            _BORDER,
            _MEASURES,
        ),
    ),
    "final-report": Form(
        title=Text(en="Final report (one month)", sq="Raporti përfundimtar (një muaj)"),
        basis="NIS2 23(4)(d)",
        to=_AUTHORITY,
        asks=(
            *_WHO,
            _AWARE,
            _PERIOD,
            _NATURE,
            _SEVERITY,
            _IMPACT,
            _ask(
                "cause", "Type of threat or likely root cause", "Lloji i kërcënimit ose shkaku i mundshëm", facts.cause
            ),
            _ask("techniques", "Techniques (ATT&CK)", "Teknikat (ATT&CK)", facts.techniques, must=False),
            _ask("indicators", "Indicators of compromise", "Treguesit e komprometimit", facts.indicators, must=False),
            _MEASURES,
            _ask("ongoing", "Ongoing", "Në vazhdim", doings.ongoing),
            _BORDER,
        ),
    ),
    "breach-notification": Form(
        title=Text(en="Notification of a personal data breach", sq="Njoftim i cenimit të të dhënave personale"),
        basis="GDPR 33(3)",
        to=Text(en="Data protection authority", sq="Autoriteti i mbrojtjes së të dhënave"),
        asks=(
            *_WHO,
            _OFFICER,
            _AWARE,
            _NATURE,
            _ask(
                "categories",
                "Categories of data and persons",
                "Kategoritë e të dhënave dhe personave",
                personal.categories,
            ),
            _ask("numbers", "Approximate numbers", "Numrat e përafërt", personal.numbers),
            _CONSEQUENCES,
            _MEASURES,
        ),
    ),
    "persons-letter": Form(
        title=Text(en="Letter to the persons concerned", sq="Letër për personat e prekur"),
        basis="GDPR 34(2)",
        to=Text(en="Persons concerned", sq="Personat e prekur"),
        asks=(
            _ask("organisation", "Who writes", "Kush shkruan", facts.organisation, clear=True),
            _OFFICER,
            _ask("period", "When", "Kur", facts.period),
            _ask("categories", "Which of your data", "Cilat të dhëna tuajat", personal.categories),
            _ask("consequences", "What may follow", "Çfarë mund të pasojë", personal.consequences),
            _ask("measures", "What we did and do", "Çfarë bëmë dhe bëjmë", doings.measures),
            _ask("advice", "What you can do", "Çfarë mund të bëni ju", personal.advice),
        ),
    ),
    "handover": Form(
        title=Text(en="Hand-over sheet", sq="Fleta e dorëzimit të turnit"),
        basis="",
        to=Text(en="The next shift", sq="Turni tjetër"),
        asks=(
            _ask("reference", "Incident", "Incidenti", facts.reference),
            _ask("owner", "Who has it", "Kush e ka", doings.owner, must=False),
            _SEVERITY,
            _IMPACT,
            _ask("done", "Decided last", "Vendimet e fundit", doings.done, must=False),
            _ask(
                "waiting", "Waits for another person's yes", "Pret miratimin e një tjetri", doings.waiting, must=False
            ),
            _TO_DO,
            _ask("clocks", "Legal clocks still to meet", "Afatet ligjore që mbeten", doings.next_clocks, must=False),
            _ask("notes", "Notes", "Shënime", doings.notes, must=False),
            _LIKELY,
        ),
    ),
    "summary": Form(
        title=Text(en="Management summary", sq="Përmbledhje për drejtimin"),
        basis="",
        to=_HOUSE,
        asks=(
            _ask("reference", "Incident", "Incidenti", facts.reference),
            _PERIOD,
            _SEVERITY,
            _IMPACT,
            _MEASURES,
            _ask("ongoing", "Is it over", "A ka mbaruar", doings.ongoing),
            _CLOCKS,
            _LIKELY,
        ),
    ),
    "lessons": Form(
        title=Text(en="Lessons learned", sq="Mësime të nxjerra"),
        basis="",
        to=_HOUSE,
        asks=(
            _ask("reference", "Incident", "Incidenti", facts.reference),
            _ask("times", "How long it took", "Sa zgjati", doings.times),
            _NATURE,
            _ask("cause", "How it began", "Si nisi", facts.cause),
            _ask("worked", "What worked", "Çfarë funksionoi", doings.worked),
            _ask("did-not", "What did not", "Çfarë nuk funksionoi", doings.did_not),
            _ask("evidence", "Evidence", "Provat", doings.evidence, must=False),
            _ask("notes", "Notes", "Shënime", doings.notes, must=False),
            _ask("questions", "Questions for the review", "Pyetje për rishikimin", doings.questions),
        ),
    ),
}
_ONE_PAGE = {"handover": (4, 100)}  # lines of a field, characters of a line: all of it on one sheet


def draft(kind: Kind, case: CaseFile, lang: Language = "en", *, names: bool = False) -> Paper:
    """Return the draft of one paper; persons are pseudonyms in it unless `names`."""
    form = FORMS[kind]
    mask = None if names else mask_of(case, lang)
    fields = tuple(_field(ask, _answer(ask, case), lang, mask, _ONE_PAGE.get(kind)) for ask in form.asks)
    return Paper(
        kind=kind,
        incident=case.incident.id,
        lang=lang,
        title=form.title.in_language(lang),
        basis=form.basis,
        to=form.to.in_language(lang),
        fields=fields,
        masked=mask.persons if mask else 0,
        is_named=names,
        is_numbered=case.pseudonym is None,
    )


def mask_of(case: CaseFile, lang: Language) -> Mask:
    """Return the pseudonyms for papers and reports about a case."""
    return Mask(case.entities, lang, case.people, house=case.house, pseudonym=case.pseudonym)


_OF_STEPS = frozenset(("measures", "done", "to-do", "waiting", "ongoing", "times", "worked", "did-not", "evidence"))


def asks_steps(kind: Kind) -> bool:
    """Tell whether a kind of paper tells of a playbook's steps."""
    return any(ask.name in _OF_STEPS for ask in FORMS[kind].asks)


def asks(kind: Kind, name: str) -> bool:
    """Tell whether a kind of paper has a field of this name."""
    return any(ask.name == name for ask in FORMS[kind].asks)


def _answer(ask: Ask, case: CaseFile) -> Answer | None:
    """Return what fills a field: a person's words where there are some."""
    if given := case.given.get(ask.name):
        origins = (Origin("person", given.actor), Origin("decision", str(given.record)))
        return answer(*given.text.splitlines(), origins=origins)
    return ask.fact(case)


def _field(ask: Ask, found: Answer | None, lang: Language, mask: Mask | None, most: tuple[int, int] | None) -> Field:
    over = mask.over if mask and not ask.clear else str
    lines = [over(line.in_language(lang)) for line in found.lines] if found else []
    origins = [over(origin.in_language(lang)) for origin in found.origins] if found else []
    if most:
        lines, origins = _cut(lines, *most), origins[:3]
    return Field(
        name=ask.name,
        label=ask.label.in_language(lang),
        mandatory=ask.mandatory,
        lines=tuple(line for line in lines if line.strip()),
        origins=tuple(dict.fromkeys(origins)),
        confirm=found.confirm.in_language(lang) if found and found.confirm else "",
    )


def _cut(lines: Sequence[str], most: int, width: int) -> list[str]:
    short = [line if len(line) <= width else f"{line[: width - 1]}…" for line in lines]
    return short if len(short) <= most else [*short[: most - 1], f"+{len(short) - most + 1}"]
