"""Which playbooks fit an incident, the most urgent first, each with the reason.

A playbook that a rule, a technique or the incident itself names comes before one that only shares a tactic; within each
the urgency decides (destruction before theft before espionage), then how much speaks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.alerts import Alert
from engine.attack import Fit, fit, same_tactic
from engine.incidents.model import Incident
from playbooks.loader import Library
from playbooks.model import Playbook
from playbooks.texts import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A playbook that fits, with the reason in both languages; `is_certain` tells a named one from a shared tactic."""

    playbook: Playbook
    reason: Text
    is_certain: bool


def choose(incident: Incident, alerts: Iterable[Alert], library: Library) -> list[Choice]:
    """Return the playbooks that fit the incident and its alerts. Alerts judged false or benign do not count."""
    counted = [alert for alert in alerts if alert.is_open or alert.verdict == "true-positive"]
    found = [item for playbook in library if (item := _weigh(incident, counted, playbook)) is not None]
    found.sort(key=lambda item: (not item[1].is_certain, item[1].playbook.urgency, -item[0], item[1].playbook.id))
    return [choice for _, choice in found]


def _weigh(incident: Incident, alerts: Sequence[Alert], playbook: Playbook) -> tuple[float, Choice] | None:
    """Return how much speaks for the playbook, and the choice; None where nothing does.

    A technique that the playbook names counts whole, one whose parent it names counts half.
    """
    rules = sorted({alert.rule.name for alert in alerts if _names(alert, playbook)})
    fits = {technique: _covered(technique, playbook) for technique in incident.techniques}
    techniques = sorted(technique for technique, weight in fits.items() if weight)
    tactics = sorted(own for own in incident.tactics if any(same_tactic(own, name) for name in playbook.fits.tactics))
    named = playbook.id in incident.playbooks
    if not (rules or techniques or tactics or named):
        return None
    reason = _reason(rules, techniques, tactics, named=named)
    is_certain = bool(rules or techniques or named)
    weight = len(rules) * 2 + sum(fits.values()) + named
    return weight, Choice(playbook=playbook, reason=reason, is_certain=is_certain)


def _names(alert: Alert, playbook: Playbook) -> bool:
    return playbook.id in alert.rule.playbooks or alert.rule.id in playbook.fits.rules


def _covered(technique: str, playbook: Playbook) -> float:
    return max((fit(own, technique).value for own in playbook.fits.techniques), default=Fit.NONE.value)


def _reason(rules: Sequence[str], techniques: Sequence[str], tactics: Sequence[str], *, named: bool) -> Text:
    en, sq = [], []
    if rules:
        en.append(f"rules: {_some(rules)}")
        sq.append(f"rregulla: {_some(rules)}")
    if techniques:
        en.append(f"techniques: {_some(techniques)}")
        sq.append(f"teknika: {_some(techniques)}")
    if named and not rules:
        en.append("named by the incident")
        sq.append("e përmend incidenti")
    if tactics and not en:
        en.append(f"only the tactic fits: {_some(tactics)}")
        sq.append(f"përputhet vetëm taktika: {_some(tactics)}")
    return Text(en="; ".join(en), sq="; ".join(sq))


def _some(words: Sequence[str], most: int = 3) -> str:
    rest = len(words) - most
    return ", ".join(words[:most]) + (f" (+{rest})" if rest > 0 else "")
