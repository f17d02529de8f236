"""Texts that responders read, in English and Albanian: one typed table, so that neither language can lack one.

Place-holders in braces are filled with `str.format` by the caller, with values that are escaped when they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cli.config import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Every text, by what it says."""

    # incidents
    incident: str
    status: str
    severity: str
    score: str
    score_terms: str
    term: str
    points: str
    first_seen: str
    last_seen: str
    opened: str
    alerts: str
    entities: str
    kind: str
    value: str
    tactics: str
    techniques: str
    playbooks: str
    timeline: str
    time_utc: str
    level: str
    host: str
    rule: str
    what: str
    joins: str
    alert: str
    reason: str
    shared: str
    confidence: str
    closed_because: str
    open: str
    contained: str
    closed: str
    critical: str
    high: str
    medium: str
    low: str
    informational: str
    next_respond: str
    # respond
    step: str
    step_of: str
    purpose: str
    why_now: str
    command_for: str
    not_run: str
    expected: str
    verify: str
    undo: str
    no_undo: str
    evidence: str
    risk: str
    approval: str
    approval_needed: str
    automation: str
    legal_clock: str
    missing_values: str
    choices: str
    ask_choice: str
    ask_reason: str
    ask_person: str
    ask_approver: str
    reason_wanted: str
    done: str
    skipped: str
    stopped: str
    recorded: str
    finished: str
    resume: str
    dry_run: str
    not_a_terminal: str
    already_decided: str
    # scoreboard
    scoreboard: str
    event: str
    seen_by: str
    not_seen: str
    opened_at_event: str
    seen_count: str
    false_alerts: str


ENGLISH = Words(
    incident="Incident",
    status="Status",
    severity="Severity",
    score="Score",
    score_terms="What the score is made of",
    term="Term",
    points="Points",
    first_seen="First seen",
    last_seen="Last seen",
    opened="Opened",
    alerts="Alerts",
    entities="Who and what is involved",
    kind="Kind",
    value="Value",
    tactics="ATT&CK tactics",
    techniques="ATT&CK techniques",
    playbooks="Playbooks",
    timeline="Timeline",
    time_utc="Time (UTC)",
    level="Level",
    host="Host",
    rule="Rule",
    what="What",
    joins="Why the alerts belong together",
    alert="Alert",
    reason="Reason",
    shared="In common",
    confidence="Confidence",
    closed_because="Closed because",
    open="open",
    contained="contained",
    closed="closed",
    critical="critical",
    high="high",
    medium="medium",
    low="low",
    informational="informational",
    next_respond="kulla respond {id}",
    step="Step",
    step_of="Step {number} of {total}: {title}",
    purpose="Purpose",
    why_now="Why now",
    command_for="Command ({platform})",
    not_run="kulla shows commands and never runs them: read it, then run it yourself.",
    expected="What you should see",
    verify="How to verify",
    undo="How to undo",
    no_undo="This cannot be undone.",
    evidence="Evidence to keep first",
    risk="Risk",
    approval="Approval",
    approval_needed="Needs the approval of: {role}. The approver is another person than you.",
    automation="Automation",
    legal_clock="Legal clock",
    missing_values="The incident does not say: {names}. Fill it in before you run the command.",
    choices="Choices",
    ask_choice="Your decision",
    ask_reason="Reason, for the ledger",
    ask_person="Your name",
    ask_approver="Name of the approver",
    reason_wanted="A reason is wanted here: it is what others will read later.",
    done="done",
    skipped="skipped",
    stopped="stopped",
    recorded="Recorded in the ledger as entry {sequence}.",
    finished="All steps are decided.",
    resume="Go on later with: kulla respond {id}",
    dry_run="Dry run: nothing is recorded.",
    not_a_terminal="The input is no terminal, so nobody can be asked.",
    already_decided="already decided: {decision}",
    scoreboard="Scoreboard",
    event="Event",
    seen_by="Seen by",
    not_seen="not seen",
    opened_at_event="The incident opened at event {number} of {total}.",
    seen_count="Seen: {seen} of {total} events.",
    false_alerts="Alerts on the benign background: {count}.",
)

ALBANIAN = Words(
    incident="Incidenti",
    status="Gjendja",
    severity="Rëndësia",
    score="Pikët",
    score_terms="Nga se përbëhen pikët",
    term="Përbërësi",
    points="Pikë",
    first_seen="Parë së pari",
    last_seen="Parë së fundi",
    opened="Hapur",
    alerts="Alarmet",
    entities="Kush dhe çfarë preket",
    kind="Lloji",
    value="Vlera",
    tactics="Taktikat ATT&CK",
    techniques="Teknikat ATT&CK",
    playbooks="Udhëzuesit",
    timeline="Rrjedha kohore",
    time_utc="Koha (UTC)",
    level="Niveli",
    host="Pajisja",
    rule="Rregulli",
    what="Çfarë",
    joins="Pse alarmet lidhen me njëri-tjetrin",
    alert="Alarmi",
    reason="Arsyeja",
    shared="E përbashkët",
    confidence="Besueshmëria",
    closed_because="Mbyllur sepse",
    open="i hapur",
    contained="i kufizuar",
    closed="i mbyllur",
    critical="kritik",
    high="i lartë",
    medium="mesatar",
    low="i ulët",
    informational="informues",
    next_respond="kulla respond {id} --lang sq",
    step="Hapi",
    step_of="Hapi {number} nga {total}: {title}",
    purpose="Qëllimi",
    why_now="Pse tani",
    command_for="Komanda ({platform})",
    not_run="kulla i tregon komandat dhe nuk i ekzekuton kurrë: lexojeni, pastaj ekzekutojeni vetë.",
    expected="Çfarë duhet të shihni",
    verify="Si verifikohet",
    undo="Si zhbëhet",
    no_undo="Ky veprim nuk zhbëhet.",
    evidence="Provat që ruhen më parë",
    risk="Rreziku",
    approval="Miratimi",
    approval_needed="Kërkon miratimin e: {role}. Miratuesi është person tjetër nga ju.",
    automation="Automatizimi",
    legal_clock="Afati ligjor",
    missing_values="Incidenti nuk e tregon: {names}. Plotësojeni para se të ekzekutoni komandën.",
    choices="Zgjedhjet",
    ask_choice="Vendimi juaj",
    ask_reason="Arsyeja, për regjistrin",
    ask_person="Emri juaj",
    ask_approver="Emri i miratuesit",
    reason_wanted="Këtu duhet një arsye: atë do ta lexojnë të tjerët më vonë.",
    done="kryer",
    skipped="kapërcyer",
    stopped="ndalur",
    recorded="U shënua në regjistër si zëri {sequence}.",
    finished="Të gjitha hapat kanë vendim.",
    resume="Vazhdoni më vonë me: kulla respond {id} --lang sq",
    dry_run="Provë: asgjë nuk regjistrohet.",
    not_a_terminal="Hyrja nuk është terminal, prandaj nuk mund të pyetet askush.",
    already_decided="vendosur tashmë: {decision}",
    scoreboard="Tabela e rezultateve",
    event="Ngjarja",
    seen_by="Parë nga",
    not_seen="nuk u pa",
    opened_at_event="Incidenti u hap te ngjarja {number} nga {total}.",
    seen_count="Parë: {seen} nga {total} ngjarje.",
    false_alerts="Alarme mbi trafikun e zakonshëm: {count}.",
)

WORDS: Mapping[Lang, Words] = {"en": ENGLISH, "sq": ALBANIAN}


def words(lang: Lang) -> Words:
    """Return the texts of a language."""
    return WORDS[lang]


def word_for(table: Words, name: str) -> str:
    """Return the text for a status or level of the engine (`critical`), the name itself where there is none."""
    return str(getattr(table, name, name))
