"""What is noise: how unusual each alert is for its rule, its place and its hour, learned from what came before it.

Nothing is said of an alert that was learned from alerts after its window, so the same alerts give the same answers
whenever they are asked. An alert that is as usual here as ever is held back: it opens no incident and joins none
together, but it can be listed, and it is shown in the incidents that were under way around it. Critical rules are
never held back, and nothing is until there was enough to learn from. What people judged counts within bounds: each
alert judged false makes its rule usual here twice as soon (at most four times), one judged true keeps it from being
held back here at all; a verdict that is changed is forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Literal

from engine.alerts import Alert, Level, Verdict
from engine.entities import Entity, Kind, entities_of
from engine.incidents.phrases import (
    AS_USUAL,
    BURST,
    LEARNING,
    NEW_HERE,
    NEW_KIND,
    RARE,
    SEVERAL_HOSTS,
    USUAL_AND_JUDGED,
)
from engine.incidents.rates import DAY, WINDOW, Rates
from engine.incidents.spelling import folded

Standing = Literal["learning", "usual", "rare", "new here", "new kind", "burst"]

MOST_BITS = 6.0  # nothing is told to be rarer than once in 64 days
# Times a day from which alerts of a level are held back as usual; critical ones never are.
USUAL: Mapping[Level, float] = {Level.INFORMATIONAL: 0.5, Level.LOW: 1.0, Level.MEDIUM: 2.0, Level.HIGH: 6.0}
_STEADY = 12  # windows over `_SPREAD` from which a low rule is known to be steady before a day has passed
_SPREAD = DAY // 8
_TURNS_UP = 16  # a rule that keeps turning up in new places is rare in none of them
_BURST, _FEW = 4.0, 20  # a burst is that many times the most ever seen in one window, and no less than so many
_SOONER = 4  # at most, for verdicts
# What an alert is counted under: the first of these that it has.
_PLACES: tuple[Kind, ...] = ("host", "mailbox", "user", "service", "ip", "domain")
SEVERAL = SEVERAL_HOSTS.say()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How unusual the alerts of one rule in one place and window are.

    `bits` is the logarithm (base 2) of the days between two such, 0 for what comes daily, at most `MOST_BITS`.
    `days` is that interval, `windows` how many five-minute windows the rule fired in here before, `most` the most
    alerts in one of them, `watched` the days learned from, `places` the places where the rule has fired before,
    `judged_false` how many of its alerts here people judged to be false or benign (0 where one was judged true).
    """

    rule: str
    place: str
    standing: Standing
    held: bool
    bits: float
    alerts: int
    days: float
    windows: int
    most: int
    watched: float
    places: int
    judged_false: int = 0

    @property
    def reason(self) -> str:
        """Return the judgement in words."""
        here, windows, watched = self.place, f"{self.windows:,}", f"{self.watched:.1f}"
        match self.standing:
            case "learning":
                return LEARNING.say(hours=f"{self.watched * 24:.0f}")
            case "usual":
                phrase = USUAL_AND_JUDGED if self.judged_false else AS_USUAL
                often = f"{1 / max(self.days, 1e-9):.3g}"
                return phrase.say(times=often, place=here, windows=windows, days=watched, count=self.judged_false)
            case "burst":
                return BURST.say(count=f"{self.alerts:,}", place=here, most=f"{self.most:,}")
            case "new kind":
                return NEW_KIND.say(days=watched)
            case "new here":
                return NEW_HERE.say(place=here, days=watched, count=self.places)
            case _:
                return RARE.say(days=f"{self.days:.1f}", place=here, windows=windows, most=watched)


def judge(alerts: Sequence[Alert], counts: Mapping[str, int] | None = None) -> dict[str, Judgement]:
    """Return the judgement on each alert, by id. `counts` says for how many an alert stands (1 where it is silent).

    The result depends on the alerts alone, not on their order.
    """
    windows: dict[int, list[Alert]] = {}
    for alert in alerts:
        windows.setdefault(int(alert.timestamp.timestamp() // WINDOW), []).append(alert)
    rates, verdicts = Rates(), _verdicts(alerts)
    places: dict[int, str] = {}  # by which fields they are, for alerts made few have them in common
    stands_for = (counts or {}).get
    found: dict[str, Judgement] = {}
    for window, together in sorted(windows.items()):
        series: dict[tuple[str, str], list[Alert]] = {}
        for alert in together:
            place = places.get(id(alert.fields))
            if place is None:
                place = places[id(alert.fields)] = place_of(alert)
            series.setdefault((alert.rule.id, place), []).append(alert)
        sizes = {key: sum([stands_for(item.id, 1) for item in items]) for key, items in series.items()}
        for key, items in series.items():
            made = _judgement(rates, items[0], key[1], window, sizes[key])
            made = _with_verdicts(made, items[0].rule.level, verdicts.get(key)) if verdicts else made
            for alert in items:
                found[alert.id] = made
        for key in sorted(sizes):
            rates.count(*key, window, sizes[key])
    return found


def place_of(alert: Alert) -> str:
    """Return where an alert is counted: its host, else what else it names; `SEVERAL` where there are many hosts."""
    found: dict[Kind, list[Entity]] = {}
    for entity in entities_of(alert.fields):
        found.setdefault(entity.kind, []).append(entity)
    for kind in _PLACES:
        if kind in found:
            names = {folded(entity) for entity in found[kind]}
            return names.pop() if len(names) == 1 else SEVERAL if kind == "host" else min(names)
    return ""


def _verdicts(alerts: Iterable[Alert]) -> dict[tuple[str, str], Counter[Verdict]]:
    found: dict[tuple[str, str], Counter[Verdict]] = {}
    for alert in alerts:
        if alert.verdict is not None:
            found.setdefault((alert.rule.id, place_of(alert)), Counter())[alert.verdict] += 1
    return found


def _with_verdicts(made: Judgement, level: Level, verdicts: Counter[Verdict] | None) -> Judgement:
    """Return the judgement as people's verdicts on this rule in this place change it."""
    if not verdicts:
        return made
    if verdicts["true-positive"]:
        return replace(made, held=False)
    false = verdicts["false-positive"] + verdicts["benign"]
    sooner = min(2**false, _SOONER)
    usual = USUAL.get(level)
    held = made.held or (made.standing == "rare" and usual is not None and sooner / made.days >= usual)
    return replace(made, standing="usual" if held else made.standing, held=held, judged_false=false)


def held_back(judgements: Mapping[str, Judgement], alerts: Iterable[Alert]) -> list[Alert]:
    """Return the alerts that are held back, the least usual first: what a second look should begin with."""
    held = [alert for alert in alerts if judgements[alert.id].held]
    return sorted(held, key=lambda item: (-judgements[item.id].days, -item.rule.level, item.timestamp, item.id))


def _judgement(rates: Rates, alert: Alert, place: str, window: int, size: int) -> Judgement:
    rule, level = alert.rule.id, alert.rule.level
    watched = rates.watched(window)
    known = rates.series(rule, place)
    days = _interval(rates, rule, place, window)
    learned = watched >= DAY
    bits = min(log2(max(days, 1.0)), MOST_BITS) if learned else 0.0
    sudden = _burst(known.most, known.windows, size) if known and learned else 0.0
    steady = known is not None and known.windows >= _STEADY and known.last - known.first >= _SPREAD
    usual = USUAL.get(level)
    standing: Standing
    if sudden > bits:
        standing, bits = "burst", sudden
    elif known and usual is not None and 1 / days >= usual and (learned or (steady and level <= Level.LOW)):
        standing = "usual"
    elif not learned:
        standing = "learning"
    elif known:
        standing = "rare"
    else:
        standing = "new here" if rates.places_of(rule) else "new kind"
    return Judgement(
        rule=alert.rule.name,
        place=place,
        standing=standing,
        held=standing == "usual",
        bits=round(bits, 2),
        alerts=size,
        days=days,
        windows=known.windows if known else 0,
        most=known.most if known else 0,
        watched=watched / DAY,
        places=rates.places_of(rule),
    )


def _interval(rates: Rates, rule: str, place: str, window: int) -> float:
    """Return the days between two windows with this rule in this place, no more than was watched can show."""
    watched = max(rates.watched(window), 1) / DAY
    here = 1 / rates.expected(rule, place, window)
    anew = _TURNS_UP * watched / (rates.places_of(rule) + 0.5)
    return min(here, anew, max(watched * rates.places, 1e-9))


def _burst(most: int, windows: int, size: int) -> float:
    """Return the bits of a burst, 0 where it is none."""
    if windows < _STEADY or size < max(_FEW, _BURST * most):
        return 0.0
    return min(log2(size / most), MOST_BITS)
