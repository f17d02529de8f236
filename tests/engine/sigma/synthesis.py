"""Events made from rules: some that should match, some that miss by a hair, all from one seeded source of chance."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    SigmaBool,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
    TimestampPart,
)

from engine.events import Scalar, Value, texts
from engine.sigma.fieldmap import event_fields
from engine.sigma.logsources import WINDOWS_CATEGORIES, WINDOWS_SERVICES, datasets_of, kind_of
from engine.sigma.rules import LogSource
from tests.engine.sigma.oracle import Oracle

FILL = [
    "",
    "x",
    " ",
    "\\",
    "powershell",
    "ÄÖß",
    "İstanbul",
    "Σίσυφος",
    "\u212a",
    "日本",
    "\x00",
    "\n",
    "*?",
    "'\"",
    "é" * 3,
    "-",
    "x" * 3000,
]
# Letters that fold to the letter before them, and letters that only look as if they did.
TWINS = {"k": "\u212a", "i": "İ", "å": "\u212b", "ß": "\u1e9e", "σ": "Σ", "я": "Я", "é": "É", "ω": "\u2126"}
FALSE_TWINS = {"s": "ſ", "i": "ı", "σ": "ς", "K": "k\u0301", "-": "\u2010", "/": "\u2044", "a": "а", ".": "\u3002"}
CODES = ["1", "3", "7", "10", "11", "13", "22", "4688", "4624", "4104", "7045", "1102", "12", "17", "23", "400"]


def shape(source: LogSource, chance: Random) -> dict[str, Value]:
    """Return the fields that make an event one of this log source, most of the time."""
    if source.product in {"windows", ""} and not datasets_of(source):
        return _windows(source, chance)
    if source.product == "linux" and source.category:
        record = chance.choice(["EXECVE", "SYSCALL", "PATH", "sockaddr", "proctitle", "cwd"])
        return {"event.dataset": "auditd.log", "event.module": "auditd", "auditd.log.record_type": record}
    if source.product == "linux" and not datasets_of(source):
        program = chance.choice([source.service, "sshd", "cron", "sudo"])
        return {"event.dataset": "system.auth", "event.module": "system", "process.name": program}
    datasets = datasets_of(source) or ("other.log",)
    dataset = chance.choice(datasets)
    dataset += "log" if dataset.endswith(".") else ""
    return {"event.dataset": dataset, "event.module": dataset.partition(".")[0]}


def _windows(source: LogSource, chance: Random) -> dict[str, Value]:
    channels: tuple[str, ...] = WINDOWS_SERVICES.get(source.service, ("security", "system"))
    code = chance.choice(CODES)
    if source.category in WINDOWS_CATEGORIES:
        channels, codes = chance.choice(WINDOWS_CATEGORIES[source.category])
        code = chance.choice(sorted(codes))
    channel = random_case(chance.choice(channels), chance)
    return {"winlog.channel": channel, "event.code": code, "winlog.provider_name": "Provider"}


class Maker:
    """Makes one event for one rule."""

    def __init__(self, rule: Oracle, chance: Random) -> None:
        self.chance = chance
        self.fields = shape(rule.source, chance)
        self._given = frozenset(self.fields)
        self.kind = kind_of(self.fields)
        self.texts: list[str] = []
        self.miss = chance.random() < 0.4  # whether this event may miss
        self._walk(chance.choice(rule.trees), wanted=True)

    @property
    def original(self) -> str:
        return " ".join(["line", *self.texts])

    def _walk(self, node: Any, *, wanted: bool) -> None:
        chance = self.chance
        if self.miss and chance.random() < 0.08:
            wanted = not wanted
        if isinstance(node, ConditionNOT):
            self._walk(node.args[0], wanted=not wanted)
        elif isinstance(node, ConditionAND | ConditionOR):
            parts = list(node.args)
            if isinstance(node, ConditionOR) == wanted:
                parts = chance.sample(parts, min(len(parts), chance.choice([1, 1, 2])))
            for part in parts:
                self._walk(part, wanted=wanted)
        elif isinstance(node, ConditionFieldEqualsValueExpression):
            self._put(node.field, node.value, wanted=wanted)
        elif wanted and isinstance(node, ConditionValueExpression):
            self._say(str(value_for(node.value, chance)))

    def _say(self, text: str) -> None:
        if self.kind.family == "windows":
            self.fields[f"winlog.event_data.said{len(self.texts)}"] = text
        self.texts.append(text.replace("\\", "\\\\") if self.chance.random() < 0.3 else text)

    def _put(self, field: str, value: Any, *, wanted: bool) -> None:
        chance = self.chance
        name = event_fields(field, self.kind)[0 if chance.random() < 0.8 else -1]
        if isinstance(value, SigmaExpansion):
            value = chance.choice(value.values)
        if isinstance(value, SigmaNull) or (isinstance(value, SigmaExists) and value.exists != wanted):
            if wanted or isinstance(value, SigmaExists):
                self.fields.pop(name, None)
            else:
                self.fields[name] = chance.choice(FILL)
            return
        if not wanted and chance.random() < 0.7:
            return  # most often the filters' fields are just not there
        if isinstance(value, SigmaFieldReference):
            made: Scalar = self._referred(value)
        else:
            made = value_for(value, chance)
        if self.miss and chance.random() < 0.15:
            made = nearly(str(made), chance)
        self._set(name, made)

    def _referred(self, value: SigmaFieldReference) -> str:
        chance = self.chance
        name = event_fields(value.field, self.kind)[0]
        self.fields.setdefault(name, chance.choice(FILL) + "Shared")
        other = texts(self.fields[name])
        text = random_case(chance.choice(other) if other else "", chance)
        before = chance.choice(FILL) if value.ends_with else ""
        after = chance.choice(FILL) if value.starts_with else ""
        return before + text + after

    def _set(self, name: str, made: Scalar) -> None:
        chance, before = self.chance, self.fields.get(name)
        if name in self._given:
            self.fields[name] = made if isinstance(made, str) else str(made)
        elif isinstance(before, str) and isinstance(made, str) and chance.random() < 0.6:
            self.fields[name] = before + made  # several conditions on one field: their texts one after the other
        elif before is not None:
            self.fields[name] = [*(before if isinstance(before, list) else [before]), made]
        elif chance.random() < 0.06:
            self.fields[name] = chance.choice([[made], [made, ""], ["x", made], [made, 7, True], [made, made]])
        else:
            self.fields[name] = made


def value_for(value: Any, chance: Random) -> Scalar:
    """Return a value of an event for which a rule's value most likely holds."""
    if isinstance(value, SigmaNumber) and not isinstance(value, SigmaTimestampPart):
        number = value.number
        return chance.choice([number, str(number), str(number), f" {number}", float(number), f"0{number}", number + 1])
    if isinstance(value, SigmaBool):
        made = chance.choice([value.boolean, str(value.boolean), not value.boolean, int(value.boolean)])
        return random_case(made, chance) if isinstance(made, str) else made
    if isinstance(value, SigmaTimestampPart):
        return moment_for(value, chance)
    if isinstance(value, SigmaCompareExpression):
        if isinstance(value.number, SigmaTimestampPart):
            return moment_for(value.number, chance)
        bound = value.number.number
        near = chance.choice([bound - 1, bound, bound + 1, bound + 0.5, hex(int(bound)), f"{bound}.5", f"{bound}e0"])
        return near if chance.random() < 0.5 else str(near)
    return text_for(value, chance)


def moment_for(value: SigmaTimestampPart, chance: Random) -> Scalar:
    """Return an instant whose part is the one asked for, or the one before or after it."""
    moment = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(10**9))
    number = value.number + chance.choice([0, 0, 0, -1, 1])
    part = value.timestamp_part
    try:
        if part is TimestampPart.WEEK:
            moment = datetime.fromisocalendar(moment.year, number, 1 + chance.randrange(7)).replace(tzinfo=UTC)
        else:
            moment = moment.replace(**{part.name.lower(): number})
    except ValueError:
        pass  # no such day: any moment will do
    shift = timedelta(hours=chance.choice([0, 0, 2, -11]))
    there = (moment.replace(tzinfo=None) + shift).isoformat()
    zone = f"{'-' if shift < timedelta() else '+'}{abs(shift) // timedelta(hours=1):02}:00" if shift else "Z"
    seconds = int(moment.timestamp())
    return chance.choice(
        [moment, there + zone, there + zone, seconds, str(seconds), str(seconds * 1000), there, "then"]
    )


def text_for(value: Any, chance: Random) -> str:
    """Return a text for which a rule's value most likely holds."""
    if isinstance(value, SigmaExpansion):
        return text_for(chance.choice(value.values), chance)
    if isinstance(value, SigmaString):
        fill = {SpecialChars.WILDCARD_MULTI: chance.choice(FILL), SpecialChars.WILDCARD_SINGLE: chance.choice("aß日\n")}
        return "".join(random_case(part, chance) if isinstance(part, str) else fill[part] for part in value.s)
    if isinstance(value, SigmaCIDRExpression):
        return address(value.network, chance)
    if isinstance(value, SigmaRegularExpression):
        return plain_of(str(value.regexp), chance)
    return str(value_for(value, chance)) if isinstance(value, SigmaNumber | SigmaBool) else chance.choice(FILL)


def plain_of(pattern: str, chance: Random) -> str:
    """Turn a regular expression into a text that looks like what it asks for (it need not match)."""
    for mark, text in {
        "\\s": " ",
        "\\d": "7",
        "\\w": "w",
        ".*": "zz",
        ".+": "y",
        "+": "",
        "\\": "",
        "^": "",
        "$": "",
    }.items():
        pattern = pattern.replace(mark, text)
    return random_case(pattern.split("|")[0].strip("()"), chance)


def address(network: Any, chance: Random) -> str:
    """Return an address at, just inside or just outside a border of the network."""
    first, last = int(network[0]), int(network[-1])
    number = chance.choice(
        [first, last, max(first - 1, 0), min(last + 1, 2**network.max_prefixlen - 1), (first + last) // 2]
    )
    if network.version == 4:
        four = str(ipaddress.IPv4Address(number))
        return chance.choice([four, four, f"::ffff:{four}", f"[::ffff:{four}]", f"{four}:80", f" {four} "])
    six = ipaddress.IPv6Address(number)
    return chance.choice([str(six), six.exploded, str(six).upper(), f"{six}%eth0", f"[{six}]"])


def random_case(text: str, chance: Random) -> str:
    """Change the case of letters: as most rules ignore it, the text still matches."""
    kind = chance.randrange(8)
    if kind < 2:
        return text.upper() if text.isascii() else text
    if kind < 4:
        return "".join(c.swapcase() if c.isascii() and chance.random() < 0.3 else c for c in text)
    if kind == 4:
        return "".join(TWINS.get(c.lower(), c) if chance.random() < 0.5 else c for c in text)
    return text


def nearly(text: str, chance: Random) -> str:
    """Change one thing about a text."""
    if not text:
        return "x"
    place = chance.randrange(len(text))
    how = chance.randrange(5)
    if how == 4:
        return "".join(FALSE_TWINS.get(c, c) for c in text)
    if how == 0:
        return text[:place] + text[place + 1 :]
    if how == 1:
        return text[:place] + chance.choice("x\u212aı ſ") + text[place:]
    return text + "x" if how == 2 else "x" + text
