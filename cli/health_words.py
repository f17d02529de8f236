"""What `kulla health` and `kulla store status` say, in English and Albanian."""

from __future__ import annotations

from dataclasses import dataclass

from cli.settings_table import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthWords:
    """Every text, by what it says; those of problems have the names of their kinds (see `engine.runs.health`)."""

    health: str
    weight: str
    what: str
    next: str
    critical: str
    warning: str
    all_well: str
    # problems
    unanswering: str
    damaged: str
    unwritable: str
    never_ended: str
    never_run: str
    overdue: str
    never_well: str
    because: str
    failed: str
    gaps: str
    silent: str
    given_up: str
    check_collector: str
    # status
    store: str
    location: str
    events: str
    span: str
    between: str
    segments: str
    dead_letters: str
    alerts: str
    open_incidents: str
    size: str
    condition: str
    sound: str
    by_dataset: str


ENGLISH = HealthWords(
    health="Health",
    weight="Weight",
    what="What",
    next="Next",
    critical="critical",
    warning="warning",
    all_well="all is well",
    unanswering="the store does not answer: {why}",
    damaged="not everything that is stored can be read: {why}",
    unwritable="the store can only be read: {why}",
    never_ended="no run has ever ended",
    never_run="{subject} has never run",
    overdue="{subject}: no run has ended well since {since}",
    never_well="{subject}: no run has ended well yet",
    because="{what} ({why})",
    failed="{subject}: the last run failed",
    gaps="{count} gaps are open",
    silent="the source {subject} has been silent since {since}",
    given_up="{count} messages were given up",
    check_collector="check its collector",
    store="Store",
    location="Location",
    events="Events",
    span="Span (UTC)",
    between="{first} to {last}",
    segments="Segments",
    dead_letters="Dead letters",
    alerts="Alerts",
    open_incidents="Open incidents",
    size="Size on disk",
    condition="Condition",
    sound="sound",
    by_dataset="Events by dataset",
)

ALBANIAN = HealthWords(
    health="Gjendja e kulla-s",
    weight="Pesha",
    what="Çfarë",
    next="Më tej",
    critical="kritik",
    warning="paralajmërim",
    all_well="gjithçka në rregull",
    unanswering="depoja nuk përgjigjet: {why}",
    damaged="jo gjithçka e ruajtur mund të lexohet: {why}",
    unwritable="depoja mund vetëm të lexohet: {why}",
    never_ended="asnjë ekzekutim nuk ka përfunduar ndonjëherë",
    never_run="{subject} nuk është ekzekutuar asnjëherë",
    overdue="{subject}: asnjë ekzekutim nuk ka përfunduar mirë që nga {since}",
    never_well="{subject}: ende asnjë ekzekutim nuk ka përfunduar mirë",
    because="{what} (arsyeja: {why})",
    failed="{subject}: ekzekutimi i fundit dështoi",
    gaps="boshllëqe të hapura: {count}",
    silent="burimi {subject} hesht që nga {since}",
    given_up="mesazhe nga dërgimi i të cilave u hoq dorë: {count}",
    check_collector="kontrolloni mbledhësin e tij",
    store="Depoja",
    location="Vendi",
    events="Ngjarje",
    span="Periudha (UTC)",
    between="{first} deri {last}",
    segments="Segmente",
    dead_letters="Rekorde të palexueshme",
    alerts="Alarme",
    open_incidents="Incidente të hapura",
    size="Madhësia në disk",
    condition="Gjendja",
    sound="pa dëmtime",
    by_dataset="Ngjarjet sipas grupit të të dhënave",
)


def health_words(lang: Lang) -> HealthWords:
    """Return the texts of a language."""
    return ALBANIAN if lang == "sq" else ENGLISH
