"""What an incident means for persons, as answers: their data, how many they are, what may follow, what they can do."""

from __future__ import annotations

from collections.abc import Sequence

from engine.alerts import Alert
from playbooks.papers.casefile import CaseFile
from playbooks.papers.facts import TO_CONFIRM, alert_origins, incident_origin, told, users_of, values_of, with_tactics
from playbooks.papers.model import Answer, answer
from playbooks.texts import Text


def categories(case: CaseFile) -> Answer | None:
    """Answer which categories of data and of persons are concerned, as far as logs tell."""
    users, boxes = users_of(case), values_of(case, "mailbox")
    lines = []
    if users:
        lines.append(
            Text(
                en="holders of accounts: names, credentials, what they did",
                sq="mbajtës llogarish: emra, kredenciale, veprime",
            )
        )
    if boxes or any("mailbox" in alert.rule.name.lower() for alert in case.counted):
        lines.append(Text(en="correspondents: contents of mailboxes", sq="korrespondentë: përmbajtja e kutive postare"))
    return _concluded(case, lines, _naming(case))


def _concluded(case: CaseFile, lines: Sequence[Text], behind: Sequence[Alert]) -> Answer | None:
    """Return what kulla concluded, for a person to confirm; None where there is nothing."""
    if not lines:
        return None
    return answer(*lines, origins=alert_origins(behind) or (incident_origin(case),), confirm=TO_CONFIRM)


def _naming(case: CaseFile) -> list[Alert]:
    return [
        alert for alert in case.counted if {"user.name", "user.target.name", "email.from.address"} & set(alert.fields)
    ]


def numbers(case: CaseFile) -> Answer | None:
    """Answer how many persons and records: at least those that the alerts name."""
    users, boxes = users_of(case), values_of(case, "mailbox")
    if not (users or boxes):
        return None
    line = told(
        "at least {u} accounts and {m} mailboxes, which alerts name; the full number follows in phases (GDPR 33(4))",
        "të paktën {u} llogari dhe {m} kuti postare, që i përmendin alarmet; numri i plotë pason me faza (GDPR 33(4))",
        u=len(users),
        m=len(boxes),
    )
    return _concluded(case, [line], _naming(case))


_CONSEQUENCES: tuple[tuple[tuple[str, ...], Text], ...] = (
    (
        ("credential-access",),
        Text(en="stolen credentials may be used elsewhere", sq="kredencialet e vjedhura mund të përdoren gjetkë"),
    ),
    (
        ("collection", "exfiltration"),
        Text(
            en="data may be published, sold or used for deception",
            sq="të dhënat mund të botohen, të shiten ose të përdoren për mashtrim",
        ),
    ),
    (
        ("impact",),
        Text(
            en="data and services may be lost or unavailable",
            sq="të dhëna dhe shërbime mund të humbin ose të mos jenë të disponueshme",
        ),
    ),
    (
        ("initial-access", "persistence", "privilege-escalation", "lateral-movement"),
        Text(
            en="whoever came in may have read what these accounts could read",
            sq="kush hyri mund të ketë lexuar çfarë mund të lexonin këto llogari",
        ),
    ),
)


def consequences(case: CaseFile) -> Answer | None:
    """Answer the likely consequences, from the tactics reached."""
    lines = [words for tactics, words in _CONSEQUENCES if set(tactics) & set(case.incident.tactics)]
    behind = with_tactics(case, (tactic for tactics, _ in _CONSEQUENCES for tactic in tactics))
    return _concluded(case, lines, behind)


_ADVICE: tuple[tuple[tuple[str, ...], Text], ...] = (
    (
        ("credential-access", "initial-access", "lateral-movement", "persistence"),
        Text(
            en="change the password of your account, and wherever you use the same one",
            sq="ndërroni fjalëkalimin e llogarisë suaj, dhe kudo ku përdorni të njëjtin",
        ),
    ),
    (
        ("collection", "exfiltration"),
        Text(
            en="be wary of messages that know details about you: ask back on another way",
            sq="kini kujdes nga mesazhe që dinë hollësi për ju: pyesni në rrugë tjetër",
        ),
    ),
    (
        ("impact",),
        Text(
            en="expect services to be down; use no links that offer them elsewhere",
            sq="shërbime mund të mos punojnë; mos përdorni lidhje që i ofrojnë gjetkë",
        ),
    ),
)


def advice(case: CaseFile) -> Answer | None:
    """Answer what the persons concerned can do themselves, from the tactics reached."""
    lines = [words for tactics, words in _ADVICE if set(tactics) & set(case.incident.tactics)]
    behind = with_tactics(case, (tactic for tactics, _ in _ADVICE for tactic in tactics))
    return _concluded(case, lines, behind)
