"""How much of a step a machine may do, earned from how it went before, and taken back at once where it went wrong.

A step begins at "show the command". It rises with successes in a row, each at another incident, of exactly these
commands, decided by a person or run by kulla for real (drills do not count), and never above what the playbook allows.
One failure, one undo, or one challenge that was upheld sets it back to the beginning; a person may withdraw it at any
time, and what was earned before the withdrawal does not count again.

The numbers follow the rule of three: after N successes and no failure, the failure rate is below 3/N with 95 %
confidence. So 10 allow running with approval (below 30 %), 30 running alone what only reads (below 10 %).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from playbooks.decisions import DECIDED, UNDONE
from playbooks.ledger import Record
from playbooks.ledger.entries import ANSWERED
from playbooks.model import Automation, Step
from playbooks.texts import Text

WITHDRAWN = "automation.withdrawn"
RESTORED = "automation.restored"
SUBJECT = "automation/step/"
NEEDED: Mapping[Automation, int] = {
    Automation.RUN_READING: 5,
    Automation.RUN_WITH_APPROVAL: 10,
    Automation.RUN_ALONE: 30,
}
_COUNTED = frozenset(("terminal", "kulla"))
_UPHELD = frozenset(("upheld", "partly-upheld"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one step has earned: successes in a row (at different incidents), and why it stands where it stands."""

    successes: int = 0
    failures: int = 0
    withdrawn: bool = False
    reason: str = ""

    def level(self, step: Step) -> Automation:
        """Return how much of `step` a machine may do now."""
        if self.withdrawn:
            return min(step.automation, Automation.SHOW_COMMAND)
        earned = max((level for level, needed in NEEDED.items() if self.successes >= needed), default=None)
        return min(step.automation, Automation.SHOW_COMMAND if earned is None else earned)

    def told(self, step: Step) -> Text:
        """Return the standing in words."""
        if self.withdrawn:
            return Text(en=f"withdrawn: {self.reason}", sq=f"e tërhequr: {self.reason}")
        needed = next((n for level, n in NEEDED.items() if level > self.level(step) and level <= step.automation), None)
        more = Text(en="", sq="") if needed is None else Text(en=f" of {needed}", sq=f" nga {needed}")
        return Text(en=f"{self.successes}{more.en} successes in a row", sq=f"{self.successes}{more.sq} suksese radhazi")


@dataclass(slots=True)
class _Count:
    version: str = ""
    incidents: set[str] = field(default_factory=set)
    failures: int = 0
    withdrawn: bool = False
    reason: str = ""


def standings(records: Iterable[Record]) -> Mapping[tuple[str, str], Standing]:
    """Return what steps have earned, by step id and version of the step, from the whole ledger in order."""
    counts: dict[tuple[str, str], _Count] = {}
    withdrawn: dict[str, str] = {}
    decided: dict[int, tuple[str, str]] = {}
    for record in records:
        if record.kind == DECIDED:
            key = _key(record)
            decided[record.sequence] = key
            _count(counts.setdefault(key, _Count()), record)
        elif record.kind == UNDONE:
            _set_back(counts, _key(record), "undone")
        elif record.kind == ANSWERED and record.details.get("outcome") in _UPHELD:
            _set_back(counts, decided.get(_number(record, "record")), "a challenge was upheld")
        elif record.kind == WITHDRAWN:
            withdrawn[_word(record, "step")] = _word(record, "reason")
            for key in [key for key in counts if key[0] == _word(record, "step")]:
                counts[key] = _Count()
        elif record.kind == RESTORED:
            withdrawn.pop(_word(record, "step"), None)
    found = {
        key: Standing(
            successes=len(item.incidents),
            failures=item.failures,
            withdrawn=key[0] in withdrawn,
            reason=withdrawn.get(key[0], item.reason),
        )
        for key, item in counts.items()
    }
    return _Standings(found, withdrawn)


class _Standings(dict[tuple[str, str], Standing]):
    """Standings by step; a step without outcomes has earned nothing, and may have been withdrawn all the same."""

    def __init__(self, found: Mapping[tuple[str, str], Standing], withdrawn: Mapping[str, str]) -> None:
        super().__init__(found)
        self._withdrawn = withdrawn

    def __missing__(self, key: tuple[str, str]) -> Standing:
        reason = self._withdrawn.get(key[0])
        return Standing(withdrawn=reason is not None, reason=reason or "")


def standing_of(step: Step, found: Mapping[tuple[str, str], Standing]) -> Standing:
    """Return the standing of one step, in the version it has now."""
    return found[step.id, step.version]


def _count(count: _Count, record: Record) -> None:
    outcome = record.details.get("outcome")
    if record.details.get("channel") not in _COUNTED:
        return
    if outcome == "done":
        count.incidents.add(record.subject.split("/playbook/")[0])
    elif outcome == "failed":
        count.incidents.clear()
        count.failures += 1
        count.reason = "failed"


def _set_back(counts: dict[tuple[str, str], _Count], key: tuple[str, str] | None, reason: str) -> None:
    if key is not None:
        count = counts.setdefault(key, _Count())
        count.incidents.clear()
        count.failures += 1
        count.reason = reason


def _key(record: Record) -> tuple[str, str]:
    return _word(record, "step"), _word(record, "step_version")


def _word(record: Record, name: str) -> str:
    return str(record.details.get(name, ""))


def _number(record: Record, name: str) -> int:
    number = record.details.get(name)
    return number if type(number) is int else 0
