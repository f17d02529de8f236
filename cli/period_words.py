"""What the report over a period says, in English and Albanian."""

from __future__ import annotations

from dataclasses import dataclass

from cli.settings_table import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodWords:
    """Every text, by what it says."""

    title: str
    period: str
    events: str
    incidents: str
    opened: str
    under_way: str
    closed: str
    still_open: str
    alerts: str
    outside: str
    unjudged: str
    true: str
    false: str
    benign: str
    decisions: str
    by_level: str
    level: str
    count: str
    rules: str
    rule: str
    hosts: str
    host: str
    tactics: str
    tactic: str
    techniques: str
    clocks: str
    people: str
    what: str
    none: str


ENGLISH = PeriodWords(
    title="Report: {since} to {before} (UTC)",
    period="Period (UTC)",
    events="At a glance",
    incidents="Incidents",
    opened="Incidents opened",
    under_way="Incidents under way",
    closed="of them closed",
    still_open="of them open or contained",
    alerts="Alerts",
    outside="of them in no incident",
    unjudged="of them judged by nobody",
    true="judged right",
    false="judged false",
    benign="judged benign",
    decisions="Decisions on record",
    by_level="Alerts by level",
    level="Level",
    count="Alerts",
    rules="Rules that fired most",
    rule="Rule",
    hosts="Hosts with the most alerts",
    host="Host",
    tactics="ATT&CK tactics reached",
    tactic="Tactic",
    techniques="Techniques",
    clocks="Legal clocks that run or have run out",
    people="Decisions by kind",
    what="What",
    none="none",
)

ALBANIAN = PeriodWords(
    title="Raport: {since} deri {before} (UTC)",
    period="Periudha (UTC)",
    events="Me një vështrim",
    incidents="Incidentet",
    opened="Incidente të hapura rishtas",
    under_way="Incidente në zhvillim",
    closed="prej tyre të mbyllura",
    still_open="prej tyre të hapura ose të kufizuara",
    alerts="Alarmet",
    outside="prej tyre në asnjë incident",
    unjudged="prej tyre të pavlerësuara",
    true="të vlerësuara të vërteta",
    false="të vlerësuara të gabuara",
    benign="të vlerësuara të padëmshme",
    decisions="Vendime të regjistruara",
    by_level="Alarmet sipas nivelit",
    level="Niveli",
    count="Alarme",
    rules="Rregullat që u ndezën më shpesh",
    rule="Rregulli",
    hosts="Kompjuterët me më shumë alarme",
    host="Kompjuteri",
    tactics="Taktikat ATT&CK të arritura",
    tactic="Taktika",
    techniques="Teknikat",
    clocks="Afatet ligjore që rrjedhin ose kanë kaluar",
    people="Vendimet sipas llojit",
    what="Çfarë",
    none="asnjë",
)


def period_words(lang: Lang) -> PeriodWords:
    """Return the texts of a language."""
    return ALBANIAN if lang == "sq" else ENGLISH
