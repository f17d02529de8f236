"""Texts that responders read, in English and Albanian: one typed table, so that neither language can lack one.

Place-holders in braces are filled with `str.format` by the caller, with values that are escaped when they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cli.settings_table import Lang


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
    without: str
    campaign: str
    linked: str
    context: str
    elsewhere: str
    first_seen: str
    last_seen: str
    opened: str
    alerts: str
    entities: str
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
    story: str
    first: str
    times: str
    hosts: str
    and_more: str
    show_all: str
    alert: str
    reason: str
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
    incidents: str
    no_incidents: str
    leads: str
    no_leads: str
    wanted: str
    no_timeline: str
    # alerts
    no_alerts: str
    where_and_who: str
    user_named: str
    from_named: str
    to_named: str
    rule_file: str
    tags: str
    verdict: str
    why_it_fired: str
    field: str
    predicate: str
    value: str
    fields: str
    event_at: str
    false_positives: str
    # respond
    step_of: str
    phase: str
    purpose: str
    why_now: str
    command_for: str
    by_hand: str
    not_filled: str
    not_run: str
    expected: str
    verify: str
    undo: str
    evidence: str
    risk: str
    approval: str
    approval_none: str
    approval_one: str
    approval_two: str
    approvals_lacking: str
    automation: str
    legal_clock: str
    due: str
    without_delay: str
    missing: str
    refused: str
    left_out: str
    decided: str
    other_playbooks: str
    chosen_because: str
    under_way: str
    former_run: str
    ask_value: str
    ask_choice: str
    ask_reason: str
    ask_actor: str
    ask_approver: str
    ask_evidence: str
    ask_hash: str
    ask_changed: str
    choice_done: str
    choice_failed: str
    choice_skipped: str
    choice_not_applicable: str
    choice_approved: str
    choice_rejected: str
    choice_stop: str
    not_a_choice: str
    not_accepted: str
    recorded: str
    finished: str
    resume: str
    dry_run: str
    not_a_terminal: str


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
    tactics="ATT&CK tactics",
    techniques="ATT&CK techniques",
    playbooks="Playbooks",
    timeline="Timeline",
    time_utc="Time (UTC)",
    level="Level",
    host="Host",
    rule="Rule",
    what="What",
    without="Score without",
    campaign="Campaign",
    linked="Other incidents of the campaign",
    context="Alerts beside",
    elsewhere="Unusual elsewhere meanwhile and in the day after (no part of it; worth a look)",
    joins="Why the alerts belong together",
    story="What happened, by rule, in order of first alert",
    first="First (UTC)",
    times="Times",
    hosts="Hosts",
    and_more="and {count} more",
    show_all="{shown} of {count} lines; --all shows every alert, entity and join",
    alert="Alert",
    reason="Reason",
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
    incidents="Incidents",
    no_incidents="no incidents",
    leads="Near an incident",
    no_leads="nothing comes near an incident",
    wanted="Wanted",
    no_timeline="no timeline",
    no_alerts="no alerts",
    where_and_who="Where and who",
    user_named="user {name}",
    from_named="from {name}",
    to_named="to {name}",
    rule_file="Rule file",
    tags="Tags",
    verdict="Verdict",
    why_it_fired="Why it fired",
    field="Field",
    predicate="Predicate",
    value="Value",
    fields="Fields",
    event_at="Event {id} at {source}",
    false_positives="Known false positives",
    step_of="Step {number} of {total}: {title}",
    phase="Phase",
    purpose="Purpose",
    why_now="Why now",
    command_for="Command ({platform})",
    by_hand="by hand",
    not_filled="not filled, a value is missing or was refused",
    not_run="kulla shows commands and never runs them: read each, then run it yourself. Paste a block whole, or "
    "save it as a script: pasted line by line, a question in it takes the next line for its answer.",
    expected="What you should see",
    verify="How to verify",
    undo="How to undo",
    evidence="Evidence to keep",
    risk="Risk",
    approval="Approval",
    approval_none="not needed",
    approval_one="needed: one person approves it first",
    approval_two="needed: two different persons approve it first",
    approvals_lacking="Approvals still lacking: {count}.",
    automation="Who acts",
    legal_clock="Legal clock",
    due="at the latest {due}",
    without_delay="without undue delay",
    missing="Value missing",
    refused="Value refused",
    left_out="Value left out",
    decided="Decided",
    other_playbooks="Other playbooks that fit: {names}",
    chosen_because="Playbook {name}, because of {reason}",
    under_way="Playbook {name}: it is under way, and goes on here.",
    former_run="{name} was begun for {id}, which was merged into this incident: kulla ledger show {id}",
    ask_value="Value for {name} ({meaning}); empty to go on without",
    ask_choice="Your decision",
    ask_reason="Reason, for the ledger",
    ask_actor="Your name, for the ledger",
    ask_approver="Name of the person who approves",
    ask_evidence="Where the evidence is kept (file or place); empty for none",
    ask_hash="Its SHA-256; empty for none",
    ask_changed="The playbook was changed since this run began. Reason to go on with the new one",
    choice_done="done, it worked",
    choice_failed="done, it failed",
    choice_skipped="skip it for now, with a reason",
    choice_not_applicable="it does not apply here",
    choice_approved="record an approval",
    choice_rejected="reject it",
    choice_stop="stop here; go on later",
    not_a_choice="That is none of the choices.",
    not_accepted="Not recorded: {why}",
    recorded="Recorded in the ledger as record {sequence}.",
    finished="Every step is decided; the guided run is finished.",
    resume="Go on later with: kulla respond {id}",
    dry_run="Dry run: nothing is recorded.",
    not_a_terminal="the input is no terminal, so nobody can be asked; nothing was recorded",
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
    tactics="Taktikat ATT&CK",
    techniques="Teknikat ATT&CK",
    playbooks="Udhëzuesit",
    timeline="Rrjedha kohore",
    time_utc="Koha (UTC)",
    level="Niveli",
    host="Kompjuteri",
    rule="Rregulli",
    what="Çfarë",
    without="Pikët pa të",
    campaign="Fushata",
    linked="Incidentet e tjera të fushatës",
    context="Alarmet anësore",
    elsewhere="E pazakontë gjetkë ndërkohë dhe ditën pas (jo pjesë e tij; ia vlen të shihet)",
    joins="Pse alarmet lidhen me njëri-tjetrin",
    story="Çfarë ndodhi, sipas rregullave, në rendin e alarmit të parë",
    first="Së pari (UTC)",
    times="Herë",
    hosts="Kompjuterë",
    and_more="dhe {count} të tjera",
    show_all="{shown} nga {count} rreshta; --all tregon çdo alarm, entitet dhe lidhje",
    alert="Alarmi",
    reason="Arsyeja",
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
    incidents="Incidentet",
    no_incidents="asnjë incident",
    leads="Afër një incidenti",
    no_leads="asgjë nuk i afrohet një incidenti",
    wanted="Mungojnë",
    no_timeline="asnjë rrjedhë kohore",
    no_alerts="asnjë alarm",
    where_and_who="Ku dhe kush",
    user_named="përdoruesi {name}",
    from_named="nga {name}",
    to_named="drejt {name}",
    rule_file="Skedari i rregullit",
    tags="Etiketat",
    verdict="Vlerësimi",
    why_it_fired="Pse u ndez",
    field="Fusha",
    predicate="Kushti",
    value="Vlera",
    fields="Fushat",
    event_at="Ngjarja {id} te {source}",
    false_positives="Alarme të gabuara të njohura",
    step_of="Hapi {number} nga {total}: {title}",
    phase="Faza",
    purpose="Qëllimi",
    why_now="Pse tani",
    command_for="Komanda ({platform})",
    by_hand="me dorë",
    not_filled="e paplotësuar, një vlerë mungon ose u refuzua",
    not_run="kulla i tregon komandat, nuk i ekzekuton: lexojini, pastaj ekzekutojini vetë. Ngjiteni bllokun të plotë, "
    "ose ruajeni si skript: i ngjitur rresht pas rreshti, një pyetje në të e merr rreshtin tjetër për përgjigje.",
    expected="Çfarë duhet të shihni",
    verify="Si verifikohet",
    undo="Si zhbëhet",
    evidence="Provat që ruhen",
    risk="Rreziku",
    approval="Miratimi",
    approval_none="nuk nevojitet",
    approval_one="nevojitet: një person e miraton më parë",
    approval_two="nevojitet: dy persona të ndryshëm e miratojnë më parë",
    approvals_lacking="Miratime që mungojnë ende: {count}.",
    automation="Kush vepron",
    legal_clock="Afati ligjor",
    due="jo më vonë se {due}",
    without_delay="pa vonesë të paarsyeshme",
    missing="Vlerë që mungon",
    refused="Vlerë e refuzuar",
    left_out="Vlerë e lënë jashtë",
    decided="Vendosur",
    other_playbooks="Udhëzues të tjerë që përshtaten: {names}",
    chosen_because="Udhëzuesi {name}, për shkak të {reason}",
    under_way="Udhëzuesi {name}: ka nisur tashmë dhe vazhdon këtu.",
    former_run="{name} nisi për {id}, që u bashkua në këtë incident: kulla ledger show {id} --lang sq",
    ask_value="Vlera për {name} ({meaning}); bosh për të vazhduar pa të",
    ask_choice="Vendimi juaj",
    ask_reason="Arsyeja, për regjistrin",
    ask_actor="Emri juaj, për regjistrin",
    ask_approver="Emri i personit që miraton",
    ask_evidence="Ku ruhet prova (skedar ose vend); bosh nëse nuk ka",
    ask_hash="SHA-256 e saj; bosh nëse nuk ka",
    ask_changed="Udhëzuesi ka ndryshuar që kur nisi ky ekzekutim. Arsyeja për të vazhduar me të riun",
    choice_done="u krye, funksionoi",
    choice_failed="u krye, dështoi",
    choice_skipped="kapërceje tani për tani, me arsye",
    choice_not_applicable="nuk vlen këtu",
    choice_approved="shëno një miratim",
    choice_rejected="refuzoje",
    choice_stop="ndalo këtu; vazhdo më vonë",
    not_a_choice="Kjo nuk është asnjë nga zgjedhjet.",
    not_accepted="Nuk u regjistrua: {why}",
    recorded="U shënua në regjistër si zëri {sequence}.",
    finished="Çdo hap ka vendim; ecuria e udhëzuar përfundoi.",
    resume="Vazhdoni më vonë me: kulla respond {id} --lang sq",
    dry_run="Provë: asgjë nuk regjistrohet.",
    not_a_terminal="hyrja nuk është terminal, prandaj nuk mund të pyetet askush; asgjë nuk u regjistrua",
)

WORDS: Mapping[Lang, Words] = {"en": ENGLISH, "sq": ALBANIAN}


def words(lang: Lang) -> Words:
    """Return the texts of a language."""
    return WORDS[lang]


def word_for(table: Words, name: str) -> str:
    """Return the text for a status or level of the engine (`critical`), the name itself where there is none."""
    return str(getattr(table, name, name))
