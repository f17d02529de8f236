"""What the summary of a hunt says, in English and Albanian."""

from __future__ import annotations

from dataclasses import dataclass

from cli.settings_table import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryWords:
    """Every text, by what it says."""

    title: str
    files: str
    events: str
    matched: str
    reduced: str
    alerts: str
    by_level: str
    level: str
    different_rules: str
    worst_day: str
    affected: str
    hosts: str
    users: str
    tactics: str
    top_rules: str
    rules: str
    loaded: str
    not_loaded: str
    unreachable: str
    no_value: str
    more_reasons: str
    counted: str
    of_level: str


ENGLISH = SummaryWords(
    title="Hunt",
    files="Files read",
    events="Events",
    matched="Events that rules matched",
    reduced="{count} (data reduction {share})",
    alerts="Alerts",
    by_level="Detections by level",
    level="Level",
    different_rules="Different rules",
    worst_day="Worst day (alerts)",
    affected="Most affected (medium and above)",
    hosts="Hosts",
    users="Users",
    tactics="ATT&CK tactics reached",
    top_rules="Top rules: {level}",
    rules="Rules",
    loaded="{count} loaded ({correlations} of them correlations)",
    not_loaded="{count} not loaded: {why}",
    unreachable="{count} loaded whose log source no collector delivers (kulla rules list)",
    no_value="a placeholder has no value",
    more_reasons=", and {count} more reasons",
    counted="{events} events, {alerts} alerts",
    of_level="{count} {level}",
)

ALBANIAN = SummaryWords(
    title="Kërkimi në ditarë",
    files="Skedarë të lexuar",
    events="Ngjarje",
    matched="Ngjarje që u përputhën",
    reduced="{count} (të dhënat u pakësuan me {share})",
    alerts="Alarme",
    by_level="Zbulimet sipas nivelit",
    level="Niveli",
    different_rules="Rregulla të ndryshme",
    worst_day="Dita më e keqe (alarme)",
    affected="Më të prekurit (mesatar e lart)",
    hosts="Kompjuterë",
    users="Përdorues",
    tactics="Taktikat ATT&CK të arritura",
    top_rules="Rregullat më të shpeshta: niveli {level}",
    rules="Rregullat",
    loaded="të ngarkuara: {count} (prej tyre korrelacione: {correlations})",
    not_loaded="të pangarkuara: {count}: {why}",
    unreachable="të ngarkuara, por ditarët e tyre nuk i sjell asnjë mbledhës: {count} (kulla rules list)",
    no_value="një vendmbajtës nuk ka vlerë",
    more_reasons=", dhe {count} arsye të tjera",
    counted="{events} ngjarje, {alerts} alarme",
    of_level="{level} {count}",
)


def summary_words(lang: Lang) -> SummaryWords:
    """Return the texts of a language."""
    return ALBANIAN if lang == "sq" else ENGLISH
