"""The words of messages, in English and Albanian: one typed table, so that neither language can lack one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.alerts import Level
from playbooks.notify.message import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Every text, by what it says; place-holders in braces are filled with clean values."""

    levels: Mapping[Level, str]
    incident: str
    alert: str
    rule: str
    where: str
    who: str
    source: str
    when: str
    alerts: str
    score: str
    first_step: str
    open: str
    more_title: str
    more: str
    since: str
    digest_title: str
    digest_more: str
    test_title: str
    test: str
    alert_step: str
    incident_step: str
    digest_step: str
    escalated: str
    health_title: str
    health_step: str


_ENGLISH = Wording(
    levels={
        Level.INFORMATIONAL: "informational",
        Level.LOW: "low",
        Level.MEDIUM: "medium",
        Level.HIGH: "high",
        Level.CRITICAL: "critical",
    },
    incident="Incident",
    alert="Alert",
    rule="Rule",
    where="Host",
    who="User",
    source="From",
    when="Time (UTC)",
    alerts="Alerts",
    score="Score",
    first_step="First step",
    open="Open",
    more_title="{count} more of the same: {rule}",
    more="More of the same",
    since="Since (UTC)",
    digest_title="{count} messages in one",
    digest_more="and {count} more",
    test_title="Test of the channel {channel}",
    test="If you can read this, the channel works.",
    alert_step="kulla alerts explain {id}",
    incident_step="kulla respond {id}",
    digest_step="kulla incidents list",
    escalated="Nobody has acknowledged it for {minutes} minutes",
    health_title="kulla needs attention",
    health_step="kulla health",
)
_ALBANIAN = Wording(
    levels={
        Level.INFORMATIONAL: "informues",
        Level.LOW: "i ulët",
        Level.MEDIUM: "mesatar",
        Level.HIGH: "i lartë",
        Level.CRITICAL: "kritik",
    },
    incident="Incidenti",
    alert="Alarmi",
    rule="Rregulli",
    where="Kompjuteri",
    who="Përdoruesi",
    source="Nga",
    when="Ora (UTC)",
    alerts="Alarme",
    score="Pikët",
    first_step="Hapi i parë",
    open="Hap",
    more_title="Edhe {count} të njëjta: {rule}",
    more="Të njëjta",
    since="Që nga (UTC)",
    digest_title="{count} mesazhe në një",
    digest_more="dhe {count} të tjera",
    test_title="Provë e kanalit {channel}",
    test="Nëse e lexoni këtë, kanali punon.",
    alert_step="kulla alerts explain {id}",
    incident_step="kulla respond {id}",
    digest_step="kulla incidents list",
    escalated="Askush nuk e ka marrë përsipër prej {minutes} minutash",
    health_title="kulla ka nevojë për vëmendje",
    health_step="kulla health",
)


def wording(lang: Lang) -> Wording:
    """Return the words of a language."""
    return _ALBANIAN if lang == "sq" else _ENGLISH
