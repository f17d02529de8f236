"""What an incident answers to the questions that papers ask, each answer with its origins.

Every function takes the case file and returns an `Answer`, or None where nothing is known: it never makes anything up.
What kulla concludes rather than reads is marked for a person to confirm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from engine.alerts import Alert, Level
from engine.attack.comparing import display
from engine.attack.words import tactic_name
from engine.entities import Kind
from engine.events import instant, texts
from engine.incidents import albanian
from engine.incidents.model import Term
from engine.incidents.scoring import what_would_change
from playbooks.papers.casefile import CaseFile
from playbooks.papers.model import Answer, Origin, answer
from playbooks.texts import Text, same

Fact = Callable[[CaseFile], Answer | None]
_FEW = 8
_ORIGINS = 3
TO_CONFIRM = Text(
    en="kulla concluded this from the alerts; a person confirms it before it is sent",
    sq="kulla e nxori këtë nga alarmet; një person e konfirmon para dërgimit",
)
LEVELS: dict[Level, Text] = {
    Level.INFORMATIONAL: Text(en="informational", sq="informues"),
    Level.LOW: Text(en="low", sq="i ulët"),
    Level.MEDIUM: Text(en="medium", sq="mesatar"),
    Level.HIGH: Text(en="high", sq="i lartë"),
    Level.CRITICAL: Text(en="critical", sq="kritik"),
}


def told(en: str, sq: str, **values: object) -> Text:
    """Return both texts with the same values filled in."""
    return Text(en=en.format(**values), sq=sq.format(**values))


def few(values: Sequence[str], most: int = _FEW) -> str:
    """Return the first of the values in one line, and how many more there are."""
    more = len(values) - most
    return ", ".join(values[:most]) + (f" (+{more})" if more > 0 else "")


def alert_origins(alerts: Iterable[Alert], most: int = _ORIGINS) -> tuple[Origin, ...]:
    """Return the first alerts as origins, each with its first event, and the number of the others as one more."""
    found = list(alerts)
    shown = [
        origin
        for alert in found[:most]
        for origin in (
            Origin("alert", alert.id[:12]),
            *(Origin("event", _place(event.source)) for event in alert.events[:1]),
        )
    ]
    more = len(found) - most
    return (*shown, Origin("alert", f"(+{more})")) if more > 0 else tuple(shown)


def _place(source: str) -> str:
    """Return the last two parts of an event's place: folders above say nothing to whoever reads a paper."""
    return "/".join(source.replace("\\", "/").split("/")[-2:])


def incident_origin(case: CaseFile) -> Origin:
    """Return the incident itself as an origin."""
    return Origin("incident", case.incident.id[:12])


def values_of(case: CaseFile, kind: Kind) -> Sequence[str]:
    """Return the entities of a kind, each once however it is spelled (hosts without their domain)."""
    return case.values.get(kind, ())


def with_tactics(case: CaseFile, tactics: Iterable[str]) -> list[Alert]:
    """Return the alerts of any of these tactics, oldest first."""
    wanted = set(tactics)
    names = {moment.alert_id for moment in case.incident.timeline if wanted.intersection(moment.tactics)}
    return [alert for alert in case.counted if alert.id in names]


def _rules(alerts: Iterable[Alert]) -> list[str]:
    return list(dict.fromkeys(alert.rule.name for alert in alerts))


def users_of(case: CaseFile) -> list[str]:
    """Return the accounts, without those of machines."""
    return [name for name in values_of(case, "user") if not name.endswith("$")]


def setting(name: str) -> Fact:
    """Return the fact that a setting of `[papers]` is."""

    def fact(case: CaseFile) -> Answer | None:
        found = case.settings.get(name)
        return (
            answer(found.value, origins=(Origin("setting", f"papers.{name} ({_place(found.place)})"),))
            if found
            else None
        )

    return fact


def organisation(case: CaseFile) -> Answer | None:
    """Answer who reports: the setting, else the domain that most of the hosts hit are in."""
    if known := setting("organisation")(case):
        return known
    names = [value for value in values_of(case, "host") if not value[:1].isdigit()]
    domains = Counter(value.lower().partition(".")[2] for value in names if "." in value)
    if not domains:
        return None
    domain, count = domains.most_common(1)[0]
    line = told("the organisation of the domain {d}", "institucioni i domenit {d}", d=domain)
    origin = Origin("incident", f"{case.incident.id[:12]}: {count} host names")
    hint = Text(en="write its name: [papers] organisation", sq="shkruani emrin: [papers] organisation")
    return answer(line, origins=(origin,), confirm=hint)


def contact(case: CaseFile) -> Answer | None:
    """Answer whom to ask: the setting, else who drafts the paper."""
    known = setting("contact")(case)
    if known or not case.author:
        return known
    hint = Text(en="add how to reach them: [papers] contact", sq="shtoni si kontaktohet: [papers] contact")
    return answer(case.author, origins=(Origin("person", case.author),), confirm=hint)


def protection_officer(case: CaseFile) -> Answer | None:
    """Answer who the data protection officer or other contact point is (GDPR 33(3)(b) allows either)."""
    return setting("data_protection_officer")(case) or contact(case)


def reference(case: CaseFile) -> Answer | None:
    """Answer under which reference the incident stands."""
    title = case.incident.title
    lines = [Text(en=f"{case.incident.id}: {title}", sq=f"{case.incident.id}: {albanian.title(title)}")]
    if case.incident.campaign:
        linked = few([link.incident for link in case.incident.links])
        lines.append(
            told("part of campaign {c}, with {l}", "pjesë e fushatës {c}, me {l}", c=case.incident.campaign, l=linked)
        )
    return answer(*lines, origins=(incident_origin(case),))


def aware(case: CaseFile) -> Answer | None:
    """Answer when awareness began, which starts the clocks."""
    if case.aware_by.source == "decision":
        return answer(instant(case.aware), origins=(case.aware_by,))
    hint = Text(
        en="the earliest instant that can count; record another: kulla incidents clocks ID --aware INSTANT --why TEXT",
        sq="çasti më i hershëm i mundshëm; shënoni tjetër: kulla incidents clocks ID --aware INSTANT --why TEXT",
    )
    return answer(instant(case.aware), origins=(case.aware_by,), confirm=hint)


def period(case: CaseFile) -> Answer | None:
    """Answer from when to when."""
    first, last = instant(case.incident.first_seen), instant(case.incident.last_seen)
    line = told("first sign {f}, last sign {l}", "shenja e parë {f}, shenja e fundit {l}", f=first, l=last)
    alerts = case.counted
    return answer(line, origins=alert_origins((*alerts[:1], *alerts[-1:])) or (incident_origin(case),))


def malicious(case: CaseFile) -> Answer | None:
    """Answer whether unlawful or malicious acts are suspected."""
    true = [alert for alert in case.counted if alert.verdict == "true-positive"]
    high = [alert for alert in case.counted if alert.rule.level >= Level.HIGH]
    if not (true or high):
        return None
    what = told(
        "yes, suspected: {n} alerts of level high or critical, {t} judged true by a person",
        "po, dyshohet: {n} alarme të nivelit të lartë ose kritik, {t} të vlerësuara si të vërteta nga një person",
        n=len(high),
        t=len(true),
    )
    return answer(what, origins=alert_origins(true or high), confirm=None if true else TO_CONFIRM)


def cross_border(case: CaseFile) -> Answer | None:
    """Answer whether effects across borders are possible: from outside addresses, their countries and who is linked."""
    outside = [value for value in values_of(case, "ip") if case.house.is_outside(value)]
    seen = [alert for alert in case.counted if {"source.ip", "destination.ip"} & set(alert.fields)]
    lands = sorted({land for alert in case.counted for land in _lands(alert)})
    line = told(
        "cannot be ruled out: {n} addresses outside of the organisation's networks{l}; kulla sees nobody else's logs",
        "nuk përjashtohet: {n} adresa jashtë rrjeteve të institucionit{l}; kulla nuk sheh ditarë të të tjerëve",
        n=len(outside),
        l=f" ({few(lands)})" if lands else "",
    )
    touching = [alert for alert in seen if any(value in outside for value in _addresses(alert))]
    return answer(line, origins=alert_origins(touching) or (incident_origin(case),), confirm=TO_CONFIRM)


def _addresses(alert: Alert) -> list[str]:
    return [value for name in ("source.ip", "destination.ip") for value in texts(alert.fields.get(name))]


def _lands(alert: Alert) -> list[str]:
    names = ("source.geo.country_iso_code", "destination.geo.country_iso_code")
    return [value for name in names for value in texts(alert.fields.get(name))]


def nature(case: CaseFile) -> Answer | None:
    """Answer what happened: the tactics in their order, and for each what first showed it."""
    lines = []
    shown: list[Alert] = []
    for tactic in case.incident.tactics:
        alerts = with_tactics(case, (tactic,))
        if alerts:
            shown.append(alerts[0])
            at, rules = instant(alerts[0].timestamp), few(_rules(alerts), 2)
            lines.append(
                Text(en=f"{at} {tactic_name(tactic)}: {rules}", sq=f"{at} {tactic_name(tactic, 'sq')}: {rules}")
            )
    if not lines:
        lines = [same(f"{instant(alert.timestamp)} {alert.rule.name}") for alert in case.counted[:_FEW]]
        shown = list(case.counted[:_FEW])
    return answer(*lines, origins=alert_origins(shown)) if lines else None


def techniques(case: CaseFile) -> Answer | None:
    """Answer which techniques were seen."""
    found = [display(item) for item in case.incident.techniques]
    return (
        answer(*found[:12], *([f"+{len(found) - 12}"] if len(found) > 12 else []), origins=(incident_origin(case),))
        if found
        else None
    )


def severity(case: CaseFile) -> Answer | None:
    """Answer how severe it is, and what the score rests on most."""
    incident = case.incident
    level = LEVELS[incident.severity]
    head = Text(en=f"{level.en}, score {incident.score:.0f}", sq=f"{level.sq}, pikët {incident.score:.0f}")
    terms = sorted(incident.terms, key=lambda term: -term.points)[:_ORIGINS]
    lines = [_points(term, incident.score) for term in terms]
    behind = [case.alerts[name] for term in terms for name in term.alerts[:1] if name in case.alerts]
    return answer(head, *lines, origins=(incident_origin(case), *alert_origins(behind)))


def _points(term: Term, score: float) -> Text:
    """Return what a term of the score is for, and what would take it away."""
    change = what_would_change(term, score)
    return Text(
        en=f"{term.points:.0f} points: {term.name} ({change})",
        sq=f"{term.points:.0f} pikë: {albanian.term(term)} ({albanian.change(change)})",
    )


def impact(case: CaseFile) -> Answer | None:
    """Answer what is hit: hosts and accounts, and what was destroyed, encrypted or taken as far as alerts tell."""
    hosts, users = values_of(case, "host"), users_of(case)
    lines = [
        told("hosts: {n} ({v})", "kompjutera: {n} ({v})", n=len(hosts), v=few(hosts) or "-"),
        told("accounts: {n}", "llogari: {n}", n=len(users)),
    ]
    harm = with_tactics(case, ("impact", "exfiltration"))
    if harm:
        lines.append(
            told("destroyed, encrypted or taken: {r}", "shkatërruar, koduar ose marrë: {r}", r=few(_rules(harm), 4))
        )
    else:
        lines.append(
            Text(
                en="no alert tells of destruction or of theft so far",
                sq="deri tani asnjë alarm nuk flet për shkatërrim ose vjedhje",
            )
        )
    return answer(*lines, origins=(incident_origin(case), *alert_origins(harm)), confirm=TO_CONFIRM)


def indicators(case: CaseFile) -> Answer | None:
    """Answer by what others would know it: outside addresses, domains, hashes, files that were brought."""
    names: dict[Kind, Text] = {
        "ip": Text(en="addresses", sq="adresa"),
        "domain": Text(en="domains", sq="domene"),
        "hash": Text(en="hashes", sq="hash"),
        "file": Text(en="files and programs", sq="skedarë dhe programe"),
        "url": Text(en="addresses of pages", sq="adresa faqesh"),
    }
    lines = []
    for kind, label in names.items():
        values = [item.value for item in case.suspects if item.kind == kind]
        if values:
            lines.append(Text(en=f"{label.en}: {few(values)}", sq=f"{label.sq}: {few(values)}"))
    asked = [value for value in values_of(case, "url") if value.startswith("/")]  # of our own servers
    if asked:
        lines.append(told("pages asked for: {v}", "faqe të kërkuara: {v}", v=few(asked)))
    return answer(*lines, origins=(incident_origin(case), *alert_origins(case.counted, 2))) if lines else None


def cause(case: CaseFile) -> Answer | None:
    """Answer the likely root cause: how it began, as far as alerts tell."""
    first = with_tactics(case, ("initial-access",)) or list(case.counted[:1])
    if not first:
        return None
    lines = [same(f"{name}") for name in _rules(first)[:4]]
    if case.incident.links:
        linked = {
            lang: few([f"{link.incident[:12]} ({say(link.reason)[:80]})" for link in case.incident.links], 2)
            for lang, say in (("en", str), ("sq", albanian.reason))
        }
        lines.append(Text(en=f"it may have begun in {linked['en']}", sq=f"mund të ketë nisur te {linked['sq']}"))
    return answer(*lines, origins=alert_origins(first), confirm=TO_CONFIRM)


def likely(case: CaseFile) -> Answer | None:
    """Answer which techniques may come next."""
    return answer(*case.likely, origins=(Origin("model", "kulla incidents foresight"),)) if case.likely else None
