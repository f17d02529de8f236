"""Composing messages from alerts and incidents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.alerts import Alert, Level
from engine.events import instant, texts
from engine.incidents import albanian
from engine.incidents.model import Incident
from playbooks.notify.message import LINE, TITLE, About, Lang, Message
from playbooks.notify.plain import clean
from playbooks.notify.wording import Wording, wording

FirstStep = Callable[[Sequence[str], Lang], str]
_SHORT = 12  # characters of an id that a person types
_TOLD = 5  # messages that a digest names
_FACTS = {"where": "host.name", "who": "user.name", "source": "source.ip"}


def no_step(playbooks: Sequence[str], lang: Lang) -> str:
    """Return no first step: the command that shows the way stands for it."""
    del playbooks, lang
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Composes in one language. `link` is a template with `{id}`; `first_step` names the first step of playbooks."""

    lang: Lang
    link: str = ""
    first_step: FirstStep = no_step

    @property
    def _words(self) -> Wording:
        return wording(self.lang)

    def alert(self, alert: Alert, key: str, *, note: str = "") -> Message:
        """Return the message about an alert."""
        words = self._words
        facts = [(words.alert, alert.id[:_SHORT]), (words.when, _time(alert.timestamp))]
        for label, name in _FACTS.items():
            found = texts(alert.fields.get(name))
            if found:
                facts.append((getattr(words, label), _some(found)))
        facts += [(f"{reason.field} {reason.predicate.partition(' ')[0]}", reason.value) for reason in alert.why[:2]]
        step = self.first_step(alert.rule.playbooks, self.lang)
        command = words.alert_step.format(id=alert.id[:_SHORT])
        data: dict[str, object] = {
            "id": alert.id,
            "@timestamp": instant(alert.timestamp),
            "rule.id": alert.rule.id,
            "rule.name": alert.rule.name,
            "rule.level": alert.rule.level.label,
            "rule.tags": list(alert.rule.tags),
            "event.id": [event.id for event in alert.events],
            **{name: list(texts(value)) for name, value in sorted(alert.fields.items())},
        }
        level, title = alert.rule.level, alert.rule.name
        return self._message(
            "alert", alert.id, key, level, title, facts, _step(step, command), alert.timestamp, data, note
        )

    def incident(self, incident: Incident, key: str, *, note: str = "") -> Message:
        """Return the message about an incident."""
        words = self._words
        facts = [
            (words.incident, incident.id),
            (words.when, f"{_time(incident.first_seen)} – {_time(incident.last_seen)}"),
            (words.alerts, f"{len(incident.alerts):,}"),
        ]
        for label, kind in (("where", "host"), ("who", "user"), ("source", "ip")):
            found = [entity.value for entity in incident.entities if entity.kind == kind]
            if found:
                facts.append((getattr(words, label), _some(found)))
        if incident.tactics:
            facts.append(("ATT&CK", _some(incident.tactics)))
        step = self.first_step(incident.playbooks, self.lang)
        command = words.incident_step.format(id=incident.id)
        data: dict[str, object] = {
            "id": incident.id,
            "title": incident.title,
            "status": incident.status,
            "severity": incident.severity.label,
            "score": round(incident.score, 1),
            "first_seen": instant(incident.first_seen),
            "last_seen": instant(incident.last_seen),
            "alerts": list(incident.alerts[:500]),
            "tactics": list(incident.tactics),
            "techniques": list(incident.techniques),
            "playbooks": list(incident.playbooks),
            "entities": [{"kind": entity.kind, "value": entity.value} for entity in incident.entities[:200]],
        }
        level = incident.severity
        title = albanian.title(incident.title) if self.lang == "sq" else incident.title
        step = _step(step, command)
        return self._message("incident", incident.id, key, level, title, facts, step, incident.opened, data, note)

    def more(self, alert: Alert, key: str, count: int) -> Message:
        """Return the message that says how many alerts of the same rule and entities were held back."""
        words = self._words
        title = words.more_title.format(count=f"{count:,}", rule=alert.rule.name)
        facts = [(words.alert, alert.id[:_SHORT]), (words.since, _time(alert.timestamp))]
        for label, name in _FACTS.items():
            found = texts(alert.fields.get(name))
            if found:
                facts.append((getattr(words, label), _some(found)))
        step = words.alert_step.format(id=alert.id[:_SHORT])
        data: dict[str, object] = {"id": alert.id, "rule.id": alert.rule.id, "count": count}
        return self._message("more", alert.id, key, alert.rule.level, title, facts, step, alert.timestamp, data, "")

    def digest(self, members: Sequence[Message], key: str, count: int) -> Message:
        """Return one message for many; `members` are some of them, the worst first."""
        words = self._words
        level = max((item.level for item in members), default=Level.INFORMATIONAL)
        title = words.digest_title.format(count=f"{count:,}")
        facts = [
            (item.level_word, f"{item.title.partition('] ')[2]} ({item.subject[:_SHORT]})") for item in members[:_TOLD]
        ]
        if count > len(facts):
            facts.append(("…", words.digest_more.format(count=f"{count - len(facts):,}")))
        at = max((item.at for item in members), default=datetime(1970, 1, 1, tzinfo=UTC))
        data: dict[str, object] = {"count": count, "members": [dict(item.data) for item in members]}
        return self._message("digest", key[:_SHORT], key, level, title, facts, words.digest_step, at, data, "")

    def test(self, channel: str, key: str, now: datetime) -> Message:
        """Return a test message."""
        words = self._words
        title, facts = words.test_title.format(channel=channel), [("kulla", words.test), (words.when, _time(now))]
        return self._message("test", channel, key, Level.INFORMATIONAL, title, facts, "", now, {"channel": channel}, "")

    def health(self, problems: Sequence[str], key: str, now: datetime) -> Message:
        """Return the message that kulla itself is in trouble."""
        words = self._words
        facts = [(str(number), problem) for number, problem in enumerate(problems[:_TOLD], start=1)]
        data: dict[str, object] = {"problems": list(problems)}
        step = words.health_step
        return self._message("health", "kulla", key, Level.CRITICAL, words.health_title, facts, step, now, data, "")

    def _message(  # noqa: PLR0917 # one call for each kind of message, all of them in this class
        self,
        about: About,
        subject: str,
        key: str,
        level: Level,
        title: str,
        facts: Sequence[tuple[str, str]],
        step: str,
        at: datetime,
        data: dict[str, object],
        note: str,
    ) -> Message:
        words = self._words
        word = words.levels[level]
        shown = [*([("!", note)] if note else []), *facts]
        return Message(
            key=key,
            about=about,
            subject=subject,
            level=level,
            level_word=word,
            title=clean(f"[{word.upper()}] {title}", TITLE),
            facts=tuple((clean(label, 40), clean(value, LINE)) for label, value in shown[:8]),
            first_step_label=words.first_step,
            first_step=clean(step, 160),
            link=self.link.format(id=subject) if self.link and about in {"alert", "incident", "more"} else "",
            link_label=words.open,
            at=at,
            lang=self.lang,
            data=data,
        )


def _step(step: str, command: str) -> str:
    return f"{step} ({command})" if step else command


def _some(values: Sequence[str]) -> str:
    more = f" +{len(values) - 2:,}" if len(values) > 2 else ""
    return ", ".join(clean(value, 40) for value in values[:2]) + more


def _time(moment: datetime) -> str:
    return moment.strftime("%d.%m.%Y %H:%M")
