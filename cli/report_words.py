"""What the report of an incident says, in English and Albanian."""

from __future__ import annotations

from dataclasses import dataclass

from cli.settings_table import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWords:
    """Every text, by what it says."""

    title: str
    skip: str
    contents: str
    glance: str
    made: str
    persons: str
    pseudonyms: str
    numbers: str
    named: str
    status: str
    severity: str
    score: str
    period: str
    opened: str
    aware: str
    owner: str
    hosts: str
    accounts: str
    alerts: str
    campaign: str
    likely: str
    clocks: str
    timeline: str
    timeline_picture: str
    legend: str
    first: str
    last: str
    times: str
    level: str
    rule: str
    what: str
    tactic: str
    graph: str
    graph_picture: str
    entity: str
    kind: str
    count: str
    together: str
    attack: str
    reached: str
    yes: str
    no: str
    techniques: str
    steps: str
    step: str
    phase: str
    state: str
    to_do: str
    approval: str
    decisions: str
    nothing: str
    record: str
    at: str
    who: str
    reason: str
    digest: str
    proofs: str
    holds: str
    broken: str
    size: str
    root: str
    prove: str
    verify: str
    points: str
    term: str
    change: str
    joins: str
    alert: str
    confidence: str
    linked: str
    evidence: str
    file: str
    next: str


_ENGLISH = ReportWords(
    title="Incident report",
    skip="Skip to the report",
    contents="Contents",
    glance="At a glance",
    made="Made",
    persons="Persons",
    pseudonyms="{count} pseudonyms, the same as in exports (--with-names shows names, on record)",
    numbers="{count} pseudonyms, numbers of this report alone: there is no key of pseudonyms (--with-names: on record)",
    named="with names",
    status="Status",
    severity="Severity",
    score="Score",
    period="From when to when",
    opened="Opened",
    aware="Aware since",
    owner="Who has it",
    hosts="Hosts",
    accounts="Accounts",
    alerts="Alerts",
    campaign="Campaign",
    likely="What may come next",
    clocks="Legal clocks",
    timeline="Timeline",
    timeline_picture="Alerts over time, one line for each ATT&CK tactic; the table below says the same in words",
    legend="Square: critical. Diamond: high. Triangle: medium. Circle: low or informational.",
    first="First (UTC)",
    last="Last (UTC)",
    times="Times",
    level="Level",
    rule="Rule",
    what="What",
    tactic="Tactic",
    graph="Entities",
    graph_picture="Which entities alerts have in common; the table below says the same in words",
    entity="Entity",
    kind="Kind",
    count="Alerts",
    together="Seen together with",
    attack="ATT&CK tactics",
    reached="Reached",
    yes="yes",
    no="no",
    techniques="Techniques",
    steps="Steps: {playbook}",
    step="Step",
    phase="Phase",
    state="State",
    to_do="to do",
    approval="Approvals needed",
    decisions="Decisions",
    nothing="Nothing is on record yet.",
    record="Record",
    at="When (UTC)",
    who="Who",
    reason="Reason",
    digest="Digest",
    proofs="Proofs",
    holds="the ledger holds: no record was changed, removed or put in another place",
    broken="THE LEDGER DOES NOT HOLD: {problem}",
    size="Records in the ledger",
    root="Root of the Merkle tree",
    prove="Proof of a record",
    verify="Verify it yourself",
    points="Points",
    term="What for",
    change="What would change it",
    joins="Why the alerts belong together",
    alert="Alert",
    confidence="Confidence",
    linked="Linked incidents",
    evidence="Evidence",
    file="File",
    next="kulla incidents paper {id} handover",
)
_ALBANIAN = ReportWords(
    title="Raport incidenti",
    skip="Kalo te raporti",
    contents="Përmbajtja",
    glance="Me një vështrim",
    made="U përgatit",
    persons="Personat",
    pseudonyms="{count} pseudonime, të njëjtat si në eksporte (--with-names tregon emrat, me shënim në regjistër)",
    numbers="{count} pseudonime, numra vetëm të këtij raporti: nuk ka çelës pseudonimesh (--with-names: me shënim)",
    named="me emra",
    status="Gjendja",
    severity="Rëndësia",
    score="Pikët",
    period="Nga kur deri kur",
    opened="U hap",
    aware="Në dijeni prej",
    owner="Kush e ka",
    hosts="Kompjuterë",
    accounts="Llogari",
    alerts="Alarme",
    campaign="Fushata",
    likely="Çfarë mund të vijë më pas",
    clocks="Afatet ligjore",
    timeline="Kronologjia",
    timeline_picture="Alarmet në kohë, një rresht për çdo taktikë ATT&CK; tabela më poshtë thotë të njëjtën me fjalë",
    legend="Katror: kritik. Romb: i lartë. Trekëndësh: mesatar. Rreth: i ulët ose informues.",
    first="Së pari (UTC)",
    last="Së fundi (UTC)",
    times="Herë",
    level="Niveli",
    rule="Rregulli",
    what="Çfarë",
    tactic="Taktika",
    graph="Entitetet",
    graph_picture="Cilat entitete kanë të përbashkëta alarmet; tabela më poshtë thotë të njëjtën gjë me fjalë",
    entity="Entiteti",
    kind="Lloji",
    count="Alarme",
    together="Parë bashkë me",
    attack="Taktikat ATT&CK",
    reached="U arrit",
    yes="po",
    no="jo",
    techniques="Teknikat",
    steps="Hapat: {playbook}",
    step="Hapi",
    phase="Faza",
    state="Gjendja",
    to_do="për t'u bërë",
    approval="Miratime të nevojshme",
    decisions="Vendimet",
    nothing="Ende nuk ka asgjë të shënuar.",
    record="Shënimi",
    at="Kur (UTC)",
    who="Kush",
    reason="Arsyeja",
    digest="Hash",
    proofs="Vërtetimet",
    holds="regjistri i vendimeve qëndron: asnjë shënim nuk u ndryshua, u hoq ose u zhvendos",
    broken="REGJISTRI I VENDIMEVE NUK QËNDRON: {problem}",
    size="Shënime në regjistër",
    root="Rrënja e pemës Merkle",
    prove="Vërtetimi i një shënimi",
    verify="Vërtetojeni vetë",
    points="Pikë",
    term="Për çfarë",
    change="Çfarë do t'i ndryshonte",
    joins="Pse alarmet janë bashkë",
    alert="Alarmi",
    confidence="Siguria",
    linked="Incidente të lidhura",
    evidence="Provat",
    file="Skedari",
    next="kulla incidents paper {id} handover",
)


def report_words(lang: Lang) -> ReportWords:
    """Return the texts in a language."""
    return _ALBANIAN if lang == "sq" else _ENGLISH
