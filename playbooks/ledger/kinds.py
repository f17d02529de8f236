"""What each kind of record says, in words: whoever reads the ledger or a report meets no bare name of a kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from playbooks.texts import Language, Text

KINDS: Final[Mapping[str, Text]] = {
    "alert.judged": Text(en="alert judged", sq="alarm i vlerësuar"),
    "automation.restored": Text(en="step may earn its level again", sq="hapi mund ta fitojë nivelin sërish"),
    "automation.withdrawn": Text(en="step left to people alone", sq="hapi u lihet vetëm njerëzve"),
    "challenge.answered": Text(en="challenge answered", sq="kundërshtim me përgjigje"),
    "challenge.raised": Text(en="decision challenged", sq="vendim i kundërshtuar"),
    "decision.automated": Text(en="decided by kulla", sq="vendosur nga kulla"),
    "decision.overridden": Text(en="decision set aside", sq="vendim i lënë mënjanë"),
    "disclosure.made": Text(en="told to others", sq="njoftim jashtë"),
    "incident.assigned": Text(en="incident assigned", sq="incident i caktuar"),
    "incident.aware": Text(en="awareness", sq="vënie në dijeni"),
    "incident.closed": Text(en="incident closed", sq="incident i mbyllur"),
    "incident.evidence.added": Text(en="evidence put on record", sq="provë e regjistruar"),
    "incident.judged": Text(en="alerts of an incident judged", sq="alarme të një incidenti të vlerësuara"),
    "incident.noted": Text(en="note", sq="shënim"),
    "incident.paper-field": Text(en="field of a paper filled in", sq="fushë dokumenti e plotësuar"),
    "incident.paper-named": Text(en="paper written with names", sq="dokument i shkruar me emra"),
    "incident.paper-sent": Text(en="paper sent", sq="dokument i dërguar"),
    "incident.reopened": Text(en="incident opened again", sq="incident i hapur sërish"),
    "incident.tagged": Text(en="tags added", sq="etiketa të shtuara"),
    "incident.task.added": Text(en="task added", sq="detyrë e shtuar"),
    "incident.task.done": Text(en="task done", sq="detyrë e kryer"),
    "incident.untagged": Text(en="tags taken away", sq="etiketa të hequra"),
    "incidents.merged": Text(en="incidents merged", sq="incidente të bashkuara"),
    "incidents.split": Text(en="incident split", sq="incident i ndarë"),
    "incidents.undone": Text(en="merging or splitting undone", sq="bashkim ose ndarje e zhbërë"),
    "indicators.imported": Text(en="indicators imported", sq="tregues të marrë"),
    "indicators.removed": Text(en="indicators removed", sq="tregues të hequr"),
    "ledger.adopted": Text(en="ledger adopted as it was", sq="regjistri u pranua siç ishte"),
    "ledger.key-rotated": Text(en="new key of the ledger", sq="çelës i ri i regjistrit"),
    "ledger.key-trusted": Text(en="key trusted", sq="çelës i besuar"),
    "ledger.key-withdrawn": Text(en="key trusted no more", sq="çelës që nuk besohet më"),
    "privacy.appointed": Text(en="custodians appointed", sq="ruajtës çelësash të emëruar"),
    "privacy.erased": Text(en="person erased", sq="person i fshirë"),
    "privacy.erasing": Text(en="erasing of a person begun", sq="fshirja e një personi nisi"),
    "privacy.key": Text(en="new key for pseudonyms", sq="çelës i ri pseudonimesh"),
    "privacy.refused": Text(en="revealing of a pseudonym refused", sq="zbulim pseudonimi i refuzuar"),
    "privacy.revealed": Text(en="pseudonym revealed", sq="pseudonim i zbuluar"),
    "respond.approval-withdrawn": Text(en="approval taken back", sq="miratim i tërhequr"),
    "respond.approved": Text(en="step approved", sq="hap i miratuar"),
    "respond.begun": Text(en="playbook begun", sq="udhëzues i nisur"),
    "respond.claimed": Text(en="step taken on", sq="hap i marrë përsipër"),
    "respond.decided": Text(en="step decided", sq="hap i vendosur"),
    "respond.finished": Text(en="command ended", sq="komandë e përfunduar"),
    "respond.playbook-changed": Text(en="went on with a changed playbook", sq="u vazhdua me udhëzues të ndryshuar"),
    "respond.proposed": Text(en="approval asked for", sq="miratim i kërkuar"),
    "respond.released": Text(en="step let go", sq="hap i lëshuar"),
    "respond.settled": Text(en="doubt about a command settled", sq="dyshimi për një komandë u sqarua"),
    "respond.started": Text(en="command started", sq="komandë e nisur"),
    "respond.undone": Text(en="step taken back", sq="hap i zhbërë"),
    "respond.value-given": Text(en="value given", sq="vlerë e dhënë"),
    "restoration.begun": Text(en="restoration begun", sq="rikthim i nisur"),
    "restoration.contaminated": Text(en="service found unclean", sq="shërbim i gjetur i papastër"),
    "restoration.done": Text(en="restoration task done", sq="detyrë rikthimi e kryer"),
    "restoration.ended": Text(en="restoration ended", sq="rikthim i përfunduar"),
    "restoration.started": Text(en="restoration task started", sq="detyrë rikthimi e nisur"),
}


def kind_words(kind: str, language: Language | None) -> str:
    """Return what a kind says in a language; a kind that is not known (another version wrote it) stays as it is."""
    known = KINDS.get(kind)
    return known.in_language(language) if known else kind
