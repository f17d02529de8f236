"""What `kulla services` says to responders, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cli.settings_table import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceWords:
    """Every text, by what it says."""

    plan: str
    service: str
    step: str
    person: str
    crew: str
    start: str
    end: str
    state: str
    planned: str
    running: str
    done: str
    outage: str
    bound: str
    no_plan_below: str
    order: str
    last_back: str
    turned_away: str
    curve: str
    use: str
    services: str
    akshi: str
    hours: str
    not_planned: str
    reason: str
    late: str
    why: str
    sheet: str
    health: str
    expected: str
    backup: str
    this_plan: str
    fifo: str
    random: str
    by_12h: str
    by_96h: str
    fallback: str
    task: str


ENGLISH = ServiceWords(
    plan="Restoration plan",
    service="Service",
    step="Step",
    person="Who",
    crew="Crew",
    start="From",
    end="To",
    state="State",
    planned="planned",
    running="running",
    done="done",
    outage="Use-weighted mean outage (h)",
    bound="Lower bound (h)",
    no_plan_below="no plan can be below it; this plan is at {ratio} times the bound",
    order="Order",
    last_back="Last service back (h)",
    turned_away="Uses turned away",
    curve="Recovery curve",
    use="use that is back",
    services="services that are back",
    akshi="AKSHI in July 2022",
    hours="Hours",
    not_planned="Not planned",
    reason="Reason",
    late="Later than its RTO or legal day: use the fallback",
    why="Why {first} before {second}",
    sheet="Shift sheet of crew {crew}, {day}",
    health="Health check",
    expected="What you should see",
    backup="Backup point",
    this_plan="this plan",
    fifo="as listed (FIFO)",
    random="at random",
    by_12h="Back after 12 h",
    by_96h="Back after 96 h",
    fallback="Fallback",
    task="Task",
)

ALBANIAN = ServiceWords(
    plan="Plani i rimëkëmbjes",
    service="Shërbimi",
    step="Hapi",
    person="Kush",
    crew="Ekipi",
    start="Nga",
    end="Deri",
    state="Gjendja",
    planned="e planifikuar",
    running="në vazhdim",
    done="e kryer",
    outage="Ndërprerja mesatare sipas përdorimit (orë)",
    bound="Kufiri i poshtëm (orë)",
    no_plan_below="asnjë plan nuk zbret nën të; ky plan është {ratio} herë kufiri",
    order="Renditja",
    last_back="Shërbimi i fundit kthehet (orë)",
    turned_away="Përdorime të humbura",
    curve="Lakorja e rimëkëmbjes",
    use="përdorimi i kthyer",
    services="shërbimet e kthyera",
    akshi="AKSHI në korrik 2022",
    hours="Orë",
    not_planned="Pa plan",
    reason="Arsyeja",
    late="Pas RTO-së ose ditës ligjore: përdorni rrugën zëvendësuese",
    why="Pse {first} para {second}",
    sheet="Fleta e turnit e ekipit {crew}, {day}",
    health="Kontrolli i shëndetit",
    expected="Çfarë duhet të shihni",
    backup="Pika e kopjes rezervë",
    this_plan="ky plan",
    fifo="sipas listës (FIFO)",
    random="rastësisht",
    by_12h="Të kthyera pas 12 orësh",
    by_96h="Të kthyera pas 96 orësh",
    fallback="Rruga zëvendësuese",
    task="Detyra",
)

WORDS: Mapping[Lang, ServiceWords] = {"en": ENGLISH, "sq": ALBANIAN}
