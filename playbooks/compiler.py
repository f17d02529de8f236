"""From an incident and a playbook to a guide: every command filled with values that were checked and quoted.

Nothing is ever run here. A command whose values are missing or refused is not filled at all; the reason stands beside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice, product

from engine.incidents.model import Incident
from playbooks.awareness import clocks_of
from playbooks.house import House
from playbooks.ledger import Record
from playbooks.legal import Clock
from playbooks.model import Command, Platform, Playbook, Step
from playbooks.placeholders import PATTERN, PLACEHOLDERS, Facts, Unused, Values
from playbooks.quoting import LIST_SEPARATORS, QUOTERS, QuotingError
from playbooks.texts import Language, Text

MOST_REPEATS = 8
MOST_IN_LIST = 50
_TOO_MANY = Text(
    en="beyond the number of commands shown: repeat the step for it",
    sq="përtej numrit të komandave të shfaqura: përsëritni hapin për të",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledCommand:
    """A command ready to be copied, or the reason why it is not.

    `text` is None where a placeholder has no value (`missing`) or only refused ones (`refused`); `template` is always
    there, to show what would be filled.
    """

    platform: Platform
    template: str
    text: str | None
    missing: tuple[str, ...] = ()
    refused: tuple[Unused, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideStep:
    """A step with its commands filled for one incident. `number` counts from 1.

    `missing` names the placeholders that the incident has no value for (ask the responder, then compile again with
    `given`); `refused` values did not fit their type, `left_out` values fit but must not be acted on without thought.
    """

    number: int
    step: Step
    commands: tuple[FilledCommand, ...]
    verify: tuple[FilledCommand, ...]
    undo: tuple[FilledCommand, ...]
    missing: tuple[str, ...]
    refused: tuple[Unused, ...]
    left_out: tuple[Unused, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A playbook as it reads for one incident, in one language. `clocks` are the incident's, by the deadline's id."""

    incident: Incident
    playbook: Playbook
    language: Language
    steps: tuple[GuideStep, ...]
    facts: Facts
    clocks: Mapping[str, Clock]

    def clock(self, step: Step) -> Clock | None:
        """Return the legal clock that a step answers, None where it answers none."""
        return self.clocks.get(step.clock) if step.clock else None

    def step(self, step_id: str) -> GuideStep:
        """Return the step called `step_id`; raise `KeyError` where there is none."""
        for step in self.steps:
            if step.step.id == step_id:
                return step
        raise KeyError(step_id)


def compile_guide(
    incident: Incident,
    playbook: Playbook,
    lang: Language | None = None,
    *,
    given: Mapping[str, Sequence[str]] | None = None,
    house: House | None = None,
    records: Sequence[Record] = (),
) -> Guide:
    """Return `playbook` filled for `incident`.

    `given` adds values that a responder named for placeholders (`{"host": ["srv01"]}`); what is the `house`'s own is
    offered for no block. `records` are the ledger's about the incident itself: they say since when people are aware.
    """
    language: Language = lang or "en"
    own = house or House()
    facts = Facts(incident=incident, given=given or {}, house=own)
    steps = tuple(_step(number, step, facts, language) for number, step in enumerate(playbook.steps, start=1))
    clocks = {clock.rule.id: clock for clock in clocks_of(incident, own.deadlines, records)}
    return Guide(incident=incident, playbook=playbook, language=language, steps=steps, facts=facts, clocks=clocks)


@dataclass(slots=True)
class _Notes:
    """What is collected while the commands of one step are filled; dicts keep the order and drop repeats."""

    missing: dict[str, None]
    refused: dict[Unused, None]
    left_out: dict[Unused, None]


def _step(number: int, step: Step, facts: Facts, language: Language) -> GuideStep:
    notes = _Notes({}, {}, {})
    for need in step.needs:
        if need not in PLACEHOLDERS or not facts.values(PLACEHOLDERS[need], "manual").usable:
            notes.missing[need] = None
    verify = step.verify.commands if step.verify else ()
    groups = [_fill_all(commands, facts, language, notes) for commands in (step.commands, verify, step.undo.commands)]
    return GuideStep(
        number=number,
        step=step,
        commands=groups[0],
        verify=groups[1],
        undo=groups[2],
        missing=tuple(notes.missing),
        refused=tuple(notes.refused),
        left_out=tuple(notes.left_out),
        fingerprint=_fingerprint(_fill_all(step.commands, facts, "en", _Notes({}, {}, {}))),
    )


def _fingerprint(commands: Sequence[FilledCommand]) -> str:
    """Return 64 hex digits over the filled commands (in English, whatever is read): what an approval approves."""
    digest = sha256(b"kulla guide step\0")
    for command in commands:
        for part in (command.platform, command.text or "", command.template):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


def _fill_all(
    commands: Sequence[Command], facts: Facts, language: Language, notes: _Notes
) -> tuple[FilledCommand, ...]:
    return tuple(filled for command in commands for filled in _fill(command, facts, language, notes))


def _fill(command: Command, facts: Facts, language: Language, notes: _Notes) -> list[FilledCommand]:
    template = command.template.in_language(language)
    words = list(dict.fromkeys((match[1], bool(match[2])) for match in PATTERN.finditer(template)))
    platform = command.platform
    unknown = tuple(name for name, _ in words if name not in PLACEHOLDERS)
    if unknown or platform not in QUOTERS:  # a step that broke the rules: told by playbooks.compile_check
        return [FilledCommand(platform=platform, template=template, text=None, missing=unknown)]
    found = {name: _quotable(name, facts.values(PLACEHOLDERS[name], platform), platform) for name, _ in words}
    for values in found.values():
        notes.refused.update(dict.fromkeys(values.refused))
        notes.left_out.update(dict.fromkeys(values.left_out))
    lacking = [name for name, values in found.items() if not values.usable]
    if any(_is_elsewhere(found[name]) for name in lacking):
        return []
    if platform == "manual":
        return [_instruct(template, found, language, notes)]
    if not lacking:
        return _repeat(platform, template, words, {name: values.usable for name, values in found.items()}, notes)
    missing = tuple(name for name in lacking if not found[name].refused)
    notes.missing.update(dict.fromkeys(missing))
    refused = tuple(unused for name in lacking for unused in found[name].refused)
    return [FilledCommand(platform=platform, template=template, text=None, missing=missing, refused=refused)]


def _instruct(template: str, found: Mapping[str, Values], language: Language, notes: _Notes) -> FilledCommand:
    """Fill an instruction for a person: always whole, naming all values at once and saying where there is none."""
    words: dict[str, str] = {}
    for name, values in found.items():
        unknown = Text(en="not known", sq="e panjohur").in_language(language)
        nothing = f"[{PLACEHOLDERS[name].meaning.in_language(language)}: {unknown}]"
        words[name] = _list_of(name, values.usable, notes) or nothing
    text = PATTERN.sub(lambda match: words[match[1]], template)
    return FilledCommand(platform="manual", template=template, text=text)


def _list_of(name: str, values: Sequence[str], notes: _Notes) -> str:
    for value in values[MOST_IN_LIST:]:
        notes.left_out[Unused(placeholder=name, value=value, reason=_TOO_MANY)] = None
    return LIST_SEPARATORS["manual"].join(values[:MOST_IN_LIST])


def _is_elsewhere(values: Values) -> bool:
    return values.elsewhere > 0 and not (values.refused or values.left_out)


def _quotable(name: str, values: Values, platform: Platform) -> Values:
    """Keep the values that the shell can hold safely; the others join the refused ones."""
    kept: list[str] = []
    refused = list(values.refused)
    for value in values.usable:
        try:
            QUOTERS[platform](value)
            kept.append(value)
        except QuotingError as error:
            reason = Text(en=f"{platform}: {error}", sq=f"{platform}: nuk mund të citohet pa rrezik")
            refused.append(Unused(placeholder=name, value=value, reason=reason))
    return Values(usable=tuple(kept), refused=tuple(refused), left_out=values.left_out, elsewhere=values.elsewhere)


def _repeat(
    platform: Platform,
    template: str,
    words: Sequence[tuple[str, bool]],
    usable: Mapping[str, tuple[str, ...]],
    notes: _Notes,
) -> list[FilledCommand]:
    """Return the command once for each combination of its repeated placeholders, `MOST_REPEATS` at most."""
    repeated = [name for name, is_list in words if not is_list]
    lists = {name: usable[name][:MOST_IN_LIST] for name, is_list in words if is_list}
    combinations = list(islice(product(*(usable[name] for name in repeated)), MOST_REPEATS))
    for name, shown in (*lists.items(), *zip(repeated, zip(*combinations, strict=True), strict=True)):
        for value in usable[name]:
            if value not in shown:
                notes.left_out[Unused(placeholder=name, value=value, reason=_TOO_MANY)] = None
    return [
        FilledCommand(
            platform=platform,
            template=template,
            text=_substitute(platform, template, dict(zip(repeated, combination, strict=True)), lists),
        )
        for combination in combinations
    ]


def _substitute(
    platform: Platform, template: str, single: Mapping[str, str], lists: Mapping[str, Sequence[str]]
) -> str:
    """Put quoted values into the template, in one pass: a value is never searched for placeholders itself."""
    quote = QUOTERS[platform]

    def value_for(match: re.Match[str]) -> str:
        name, plus = match.groups()
        if plus:
            return LIST_SEPARATORS[platform].join(quote(value) for value in lists[name])
        return quote(single[name])

    return PATTERN.sub(value_for, template)
