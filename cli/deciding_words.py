"""Texts about approvals, automation and challenges that responders read, in English and Albanian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cli.settings_table import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidingWords:
    """Every text, by what it says."""

    # the ledger
    ledger: str
    no_records: str
    at: str
    what: str
    details: str
    # challenges
    challenges: str
    no_challenges: str
    challenged: str
    answered: str
    overridden: str
    disclosed: str
    record: str
    contested: str
    who: str
    why: str
    answer: str
    reason: str
    # approvals, steps that others do, and commands that kulla runs
    approvals: str
    no_approvals: str
    incident: str
    playbook: str
    step: str
    proposed_by: str
    lacking: str
    proposed: str
    approved: str
    rejected: str
    withdrawn: str
    changed_since: str
    merged: str
    choice_propose: str
    choice_run: str
    choice_other: str
    may_run: str
    not_by_kulla: str
    ran: str
    ran_whole: str
    ran_failed: str
    in_doubt: str
    took_effect: str
    no_effect: str
    ask_settle: str
    claimed_by: str
    ask_take_over: str
    claimed: str
    side_by_side: str
    changed_meanwhile: str
    cannot_do: str
    simulated: str
    returns: str
    by_hand: str
    all_by_hand: str
    not_undone: str
    not_known: str
    automation: str
    no_automation: str
    allowed_at_most: str
    level_now: str
    standing: str
    level_withdrawn: str
    level_restored: str


ENGLISH = DecidingWords(
    ledger="Ledger",
    no_records="the ledger is empty",
    at="Time (UTC)",
    what="What",
    details="Details",
    challenges="Contested decisions",
    no_challenges="no decision is contested",
    challenged="The challenge of record {record} is record {sequence}; another person must answer it.",
    answered="The answer to challenge {challenge} is record {sequence}.",
    overridden="Record {record} is set aside; this is record {sequence}.",
    disclosed="The disclosure is record {sequence}.",
    record="Record",
    contested="Contested",
    who="Who",
    why="Why",
    answer="Answer",
    reason="Reason",
    approvals="Approvals that are waited for",
    no_approvals="no step waits for an approval",
    incident="Incident",
    playbook="Playbook",
    step="Step",
    proposed_by="Proposed by",
    lacking="Lacking",
    proposed="Record {sequence}: `{step}` waits for {count} approvals:\n  kulla approvals approve {incident} {step}",
    approved="Your approval of `{step}` is record {sequence}; still lacking: {count}.",
    rejected="`{step}` is rejected (record {sequence}).",
    withdrawn="Your approval of `{step}` is taken back (record {sequence}).",
    changed_since="the commands of `{step}` are not those that were proposed",
    merged="{id} was merged into {now}: what waits there has to be proposed again: kulla respond {now}",
    choice_propose="ask others to approve it, and wait",
    choice_run="let kulla run its commands",
    choice_other="take another open step first",
    may_run="kulla shows commands; it runs one only where you, its level, the settings and an approval say so.",
    not_by_kulla="kulla does not run this step: {why}",
    ran="`{program}` ended with exit code {code}; it printed:",
    ran_whole="All its commands worked. Verify it, then decide.",
    ran_failed="A command failed. Look at it, then decide.",
    in_doubt="Command {number} was started by {actor} and nobody knows how it ended. Verify it before anything else.",
    took_effect="it took effect",
    no_effect="it had no effect",
    ask_settle="How you found out",
    claimed_by="{actor} does this step since {at} UTC.",
    ask_take_over="Reason to take it over; empty to leave it to them",
    claimed="You do this step now; others see it (record {sequence}).",
    side_by_side="These steps are done side by side, in any order: {names}",
    changed_meanwhile="The step has changed meanwhile (somebody gave a value); this is how it reads now:",
    cannot_do="Cannot be done as it is",
    simulated="Simulated",
    returns="undo returns everything to what it was",
    by_hand="a person puts back by hand: {what}",
    all_by_hand="a person does it by hand; there is nothing to simulate",
    not_undone="not undone: {what}",
    not_known="not known to the simulator: {what}",
    automation="How much a machine may do",
    no_automation="no step has earned anything yet",
    allowed_at_most="At most",
    level_now="Now",
    standing="Standing",
    level_withdrawn="`{step}` is run by people alone from now on (record {sequence}).",
    level_restored="`{step}` may earn its level again from the beginning (record {sequence}).",
)
ALBANIAN = DecidingWords(
    ledger="Regjistri i vendimeve",
    no_records="regjistri është bosh",
    at="Koha (UTC)",
    what="Çfarë",
    details="Hollësi",
    challenges="Vendime të kundërshtuara",
    no_challenges="asnjë vendim nuk është kundërshtuar",
    challenged="Kundërshtimi i zërit {record} është zëri {sequence}; duhet t'i përgjigjet një person tjetër.",
    answered="Përgjigjja për kundërshtimin {challenge} është zëri {sequence}.",
    overridden="Zëri {record} u la mënjanë; ky është zëri {sequence}.",
    disclosed="Njoftimi jashtë është zëri {sequence}.",
    record="Zëri",
    contested="I kundërshtuari",
    who="Kush",
    why="Pse",
    answer="Përgjigjja",
    reason="Arsyeja",
    approvals="Miratime që priten",
    no_approvals="asnjë hap nuk pret miratim",
    incident="Incidenti",
    playbook="Udhëzuesi",
    step="Hapi",
    proposed_by="Propozuar nga",
    lacking="Mungojnë",
    proposed="Zëri {sequence}: `{step}` pret {count} miratime nga të tjerë:"
    "\n  kulla approvals approve {incident} {step}",
    approved="Miratimi juaj i `{step}` është zëri {sequence}; mungojnë ende: {count}.",
    rejected="`{step}` u refuzua (zëri {sequence}).",
    withdrawn="Miratimi juaj i `{step}` u tërhoq (zëri {sequence}).",
    changed_since="komandat e `{step}` nuk janë ato që u propozuan",
    merged="{id} u bashkua në {now}: ç'pritej atje duhet propozuar sërish: kulla respond {now} --lang sq",
    choice_propose="kërko miratim nga të tjerë dhe prit",
    choice_run="lejo kulla-n të ekzekutojë komandat",
    choice_other="merr më parë një hap tjetër të hapur",
    may_run="kulla i tregon komandat; ekzekuton vetëm kur e lejoni ju, niveli, konfigurimi dhe një miratim.",
    not_by_kulla="kulla nuk e ekzekuton këtë hap: {why}",
    ran="`{program}` përfundoi me kodin {code}; shkroi:",
    ran_whole="Të gjitha komandat u kryen. Vërtetojeni, pastaj vendosni.",
    ran_failed="Një komandë dështoi. Shihni çfarë ndodhi, pastaj vendosni.",
    in_doubt="Komanda {number} u nis nga {actor} dhe askush nuk e di si përfundoi. Vërtetojeni para çdo gjëje tjetër.",
    took_effect="pati efekt",
    no_effect="nuk pati efekt",
    ask_settle="Si e morët vesh",
    claimed_by="Këtë hap e bën {actor} që prej {at} UTC.",
    ask_take_over="Arsyeja për ta marrë përsipër; bosh për t'ia lënë atij",
    claimed="Këtë hap e bëni ju tani; të tjerët e shohin (zëri {sequence}).",
    side_by_side="Këta hapa kryhen krahas njëri-tjetrit, në çfarëdo radhe: {names}",
    changed_meanwhile="Hapi ka ndryshuar ndërkohë (dikush dha një vlerë); tani lexohet kështu:",
    cannot_do="Nuk kryhet dot kështu",
    simulated="Simuluar",
    returns="zhbërja e kthen gjithçka si ishte",
    by_hand="një person e rikthen me dorë: {what}",
    all_by_hand="e kryen një person me dorë; s'ka çfarë të simulohet",
    not_undone="nuk zhbëhet: {what}",
    not_known="simulatori nuk e njeh: {what}",
    automation="Sa mund të bëjë makina",
    no_automation="asnjë hap nuk ka fituar ende asgjë",
    allowed_at_most="E shumta",
    level_now="Tani",
    standing="Gjendja",
    level_withdrawn="`{step}` që tani kryhet vetëm nga njerëz (zëri {sequence}).",
    level_restored="`{step}` mund ta fitojë nivelin sërish nga fillimi (zëri {sequence}).",
)
_WORDS: Mapping[Lang, DecidingWords] = {"en": ENGLISH, "sq": ALBANIAN}


def deciding_words(lang: Lang) -> DecidingWords:
    """Return the texts of a language."""
    return _WORDS[lang]
