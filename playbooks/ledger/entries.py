"""What the ledger says of decisions that a machine took or proposed, and of what people did about them.

The fields follow Regulation (EU) 2024/1689 (AI Act), Article 12(2) and (3): when the system was used (`began`,
`ended`), what it was (`system`, `version`), which input led to the result (`input`, a SHA-256, so that no personal data
enters the ledger), and who verified it (`verified_by`, Article 14(5)); Article 86: the reason, and the right to
contest, which `challenge` and `answer` keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from engine.errors import UsageError
from engine.events import instant
from playbooks.ledger.log import Ledger
from playbooks.ledger.people import same_person
from playbooks.ledger.record import Json, Record

AUTOMATED = "decision.automated"
OVERRIDDEN = "decision.overridden"
DISCLOSED = "disclosure.made"
CHALLENGED = "challenge.raised"
ANSWERED = "challenge.answered"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST = 8000

Answer = Literal["upheld", "partly-upheld", "rejected"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
Role = Literal["affected", "responsible", "other"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Automated:
    """A decision that kulla took or proposed: `what` (`playbook-chosen`), the `result`, and why.

    `system` is the rule, model or playbook that led to it, with its `version`; `input` the SHA-256 of what it saw.
    """

    what: str
    result: str
    reason: str
    system: str
    version: str
    input: str
    began: datetime
    ended: datetime
    verified_by: str = ""

    def details(self) -> Mapping[str, Json]:
        """Return what the record says; raise `UsageError` where a field that the law wants is empty."""
        words = {
            "what": self.what,
            "result": self.result,
            "reason": self.reason,
            "system": self.system,
            "version": self.version,
        }
        for name, word in words.items():
            _require(name, word)
        if not _SHA256.fullmatch(self.input):
            raise UsageError("the digest of a decision's input is not a SHA-256", hint="64 hex digits")
        return {
            **words,
            "input": self.input,
            "began": instant(self.began),
            "ended": instant(self.ended),
            "verified_by": self.verified_by,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """Something that was told to somebody outside: `to` whom, `what`, on which `basis`, and the paper's SHA-256."""

    to: str
    what: str
    basis: str = ""
    paper: str = ""

    def details(self) -> Mapping[str, Json]:
        """Return what the record says; raise `UsageError` for an empty field or a digest that is none."""
        _require("to", self.to)
        _require("what", self.what)
        if self.paper and not _SHA256.fullmatch(self.paper):
            raise UsageError("the paper's digest is not a SHA-256", hint="64 hex digits")
        return {"to": self.to, "what": self.what, "basis": self.basis, "paper": self.paper}


def record_automated(ledger: Ledger, decision: Automated, *, subject: str, actor: str = "kulla") -> Record:
    """Record a decision of kulla's own about `subject`."""
    return ledger.append(actor=actor, kind=AUTOMATED, subject=subject, details=decision.details())


def record_disclosure(ledger: Ledger, told: Disclosure, *, subject: str, actor: str) -> Record:
    """Record that something was disclosed."""
    return ledger.append(actor=actor, kind=DISCLOSED, subject=subject, details=told.details())


def override(ledger: Ledger, sequence: int, *, actor: str, reason: str) -> Record:
    """Record that a person sets aside what record `sequence` decided; raise `NotFoundError` where there is none."""
    _require("reason", reason)
    decided = ledger.record(sequence)
    details: Mapping[str, Json] = {"record": sequence, "digest": decided.digest, "kind": decided.kind, "reason": reason}
    return ledger.append(actor=actor, kind=OVERRIDDEN, subject=decided.subject, details=details)


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A decision that somebody contests: `sequence` of the challenge, `record` contested, and the answer, if any."""

    sequence: int
    at: str
    record: int
    subject: str
    by: str
    role: str
    why: str
    answered_by: str = ""
    answered_at: str = ""
    answer: str = ""
    answer_why: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether it still waits for its answer."""
        return not self.answer


def challenge(ledger: Ledger, sequence: int, *, by: str, role: Role, why: str, actor: str) -> Record:
    """Record that a person contests what record `sequence` says.

    `by` names who contests, as they wish to be named; `actor` is who writes it down. Raise `NotFoundError` where there
    is no such record, `UsageError` where it is a challenge or an answer itself.
    """
    _require("why", why)
    _require("by", by)
    contested = ledger.record(sequence)
    if contested.kind in {CHALLENGED, ANSWERED}:
        hint = "challenge the decision itself once more, with what is new"
        raise UsageError(f"record {sequence} is a challenge or its answer", hint=hint)
    details: Mapping[str, Json] = {"record": sequence, "digest": contested.digest, "by": by, "role": role, "why": why}
    return ledger.append(actor=actor, kind=CHALLENGED, subject=contested.subject, details=details)


def answer(ledger: Ledger, sequence: int, *, outcome: Answer, why: str, actor: str) -> Record:
    """Record the answer to the challenge that is record `sequence`.

    Who took the contested decision, or contests it, does not answer: `UsageError`. It is answered once.
    """
    _require("why", why)
    records = list(ledger.records())
    found = {item.sequence: item for item in challenges(records)}.get(sequence)
    if found is None:
        raise UsageError(f"record {sequence} is no challenge", hint="kulla ledger challenges")
    if not found.is_open:
        raise UsageError(f"challenge {sequence} was answered by {found.answered_by}", hint="kulla ledger challenges")
    contested = records[found.record - 1]
    if same_person(actor) in {same_person(contested.actor), same_person(found.by)}:
        raise UsageError(
            f"{actor} took the contested decision or contests it", hint="a person who did neither must answer"
        )
    details: Mapping[str, Json] = {"challenge": sequence, "record": found.record, "outcome": outcome, "why": why}
    seen = max(record.sequence for record in records if record.subject == found.subject)
    return ledger.append(actor=actor, kind=ANSWERED, subject=found.subject, details=details, seen=seen)


def challenges(records: Iterable[Record]) -> tuple[Challenge, ...]:
    """Return all challenges with their answers, in order."""
    found: dict[int, Challenge] = {}
    for record in records:
        details = record.details
        if record.kind == CHALLENGED:
            found[record.sequence] = Challenge(
                sequence=record.sequence,
                at=record.at,
                record=_number(details.get("record")),
                subject=record.subject,
                by=str(details.get("by")),
                role=str(details.get("role")),
                why=str(details.get("why")),
            )
        elif record.kind == ANSWERED and (open_one := found.get(_number(details.get("challenge")))):
            found[open_one.sequence] = _answered(open_one, record)
    return tuple(found.values())


def _answered(open_one: Challenge, record: Record) -> Challenge:
    return replace(
        open_one,
        answered_by=record.actor,
        answered_at=record.at,
        answer=str(record.details.get("outcome")),
        answer_why=str(record.details.get("why")),
    )


def _number(value: Json) -> int:
    return value if type(value) is int else 0


def _require(name: str, word: str) -> None:
    if not word.strip():
        raise UsageError(f"the record of a decision needs its `{name}`", hint=f"say {name}")
    if len(word) > _LONGEST:
        raise UsageError(f"`{name}` is longer than {_LONGEST} characters", hint="keep the paper as a file")
