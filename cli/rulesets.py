"""Which rules a command uses: what `--rules` names, narrowed by level and status, loaded through the cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cli.options import choice
from cli.options import level as level_option
from cli.session import Session
from cli.settings_table import STATUSES
from cli.tailoring import NOTHING, Own, tailoring
from engine.alerts import Level, RuleInfo
from engine.errors import ConfigurationError, InputError, NotFoundError, RuleError

if TYPE_CHECKING:
    from engine.sigma.rules import RuleSet

OWN = "own"


def rule_paths(session: Session, names: Sequence[str] | None) -> list[Path]:
    """Return the folders and files that the names stand for: `own`, an installed pack, or a path.

    Without names: the setting `rules.paths`, else kulla's own rules and every installed pack.
    """
    wanted = list(names or session.settings.rules)
    if not wanted:
        return [_own(), *_packs(session)]
    return [_path(session, name) for name in dict.fromkeys(wanted)]


def _own() -> Path:
    from detections.catalogue import own_rules_folder

    return own_rules_folder()


def packs_folder(session: Session) -> Path:
    """Return where installed packs of rules stand, one folder or zip each."""
    return session.settings.home / "rules"


def _packs(session: Session) -> list[Path]:
    folder = packs_folder(session)
    return (
        sorted(
            item
            for item in folder.iterdir()
            if (item.is_dir() or item.suffix == ".zip") and not item.name.startswith(".")  # one being put in place
        )
        if folder.is_dir()
        else []
    )


def _path(session: Session, name: str) -> Path:
    if name == OWN:
        return _own()
    path = Path(name).expanduser()
    path = path if path.is_absolute() else session.cwd / path
    if path.exists():
        return path
    pack = packs_folder(session) / name
    if pack.exists():
        return pack
    raise ConfigurationError(
        "no such rules", where=f"--rules {name}", hint="own, the name of an installed pack, a folder, a file or a zip"
    )


def load(
    session: Session,
    names: Sequence[str] | None,
    *,
    level: str | None = None,
    status: Sequence[str] | None = None,
    own: Own = NOTHING,
) -> RuleSet:
    """Load the rules; `issues` of the result are those that can't be (see `tell_broken`)."""
    rules = loaded(session, rule_paths(session, names), own)
    lowest = level_option("--rules-level", level) or session.settings.rules_level or Level.INFORMATIONAL
    allowed = [choice("--rules-status", word, STATUSES) for word in status or ()] or session.settings.rules_status
    return narrow(rules, lowest, allowed)


def loaded(session: Session, paths: Sequence[Path], own: Own = NOTHING) -> RuleSet:
    """Load every rule under the paths, with the site's own filters, values and pipelines."""
    from engine.sigma.loader import load_rules

    return load_rules(paths, cache_folder=session.settings.home / "cache", tailoring=tailoring(session, own))


def tell_broken(session: Session, rules: RuleSet) -> None:
    """List the rules that are broken as issues of the run (exit code 4), and count all that are not loaded.

    A rule whose placeholder has no value here is not broken: it waits for the site's own words. Outside packs always
    hold some, and a run that always ends with 4 would teach its readers to pass over it.
    """
    for issue in rules.issues:
        if not is_waiting(issue):
            session.issue(issue)
    if rules.issues:
        waiting = sum(map(is_waiting, rules.issues))
        why = f" ({waiting:,} of them have placeholders without a value)" if waiting else ""
        session.say(f"{len(rules.issues):,} rules not loaded{why}: kulla rules list --not-loaded")
    tell_idle_filters(session, rules)


def tell_idle_filters(session: Session, rules: RuleSet) -> None:
    """Say which filters have expired or name rules that are not there: they take nothing away."""
    expired = [item.title for item in rules.filters if item.state == "expired"]
    unsure = [item.title for item in rules.filters if item.state != "expired" and item.why]
    if expired:
        session.say(f"filters expired and not applied: {_some(expired)} (kulla rules filters)")
    if unsure:
        session.say(f"filters that name rules which are not here: {_some(unsure)} (kulla rules filters)")


def _some(titles: Sequence[str]) -> str:
    more = f" and {len(titles) - 3:,} more" if len(titles) > 3 else ""
    return ", ".join(titles[:3]) + more


def tell_excluded(session: Session, rules: RuleSet, counts: Mapping[str, int]) -> None:
    """Say how many matches each filter took away."""
    from engine.sigma.filter_info import told

    if line := told(counts, rules.filters):
        session.say(line)


def is_waiting(issue: RuleError) -> bool:
    """Tell whether a rule only lacks the value of a placeholder."""
    return issue.message.startswith("the placeholder")


def left_out(correlation: str, count: int) -> InputError:
    """Return what is said of a correlation that had too many matches to keep them all."""
    return InputError(
        f"{count:,} matches for it were left out, for want of room: its alerts are not complete",
        where=correlation,
        hint="a rule it counts matches too much: narrow that rule, or give the correlation a shorter timespan",
    )


def unread(reason: str) -> InputError:
    """Return what is said of a part of the store that a trial could not read."""
    return InputError(reason, hint="kulla store gaps")


def only(rules: RuleSet, chosen: frozenset[str]) -> RuleSet:
    """Return these rules and correlations, the correlations over them, and the rules that these look at."""
    needed = set(chosen)
    for item in rules.correlations:  # inner ones come before those over them
        if needed.intersection(item.rules):
            needed.add(item.info.id)
    for item in reversed(rules.correlations):
        if item.info.id in needed:
            needed.update(item.rules)
    kept = [rule for rule in rules.rules if rule.info.id in needed]
    return replace(rules, rules=kept, correlations=[item for item in rules.correlations if item.info.id in needed])


def narrow(rules: RuleSet, lowest: Level, statuses: Sequence[str]) -> RuleSet:
    """Return the rules of at least this level and of these statuses (all where none is named).

    Rules that a kept correlation refers to are kept whatever their level.
    """
    if lowest == Level.INFORMATIONAL and not statuses:
        return rules
    needed: set[str] = set()
    correlations = []
    for item in reversed(rules.correlations):  # inner ones come before those over them
        if _fits(item.info.level, item.info.status, lowest, statuses) or item.info.id in needed:
            correlations.append(item)
            needed.update(item.rules)
    correlations.reverse()
    kept = [
        rule
        for rule in rules.rules
        if _fits(rule.info.level, rule.info.status, lowest, statuses) or rule.info.id in needed
    ]
    return replace(rules, rules=kept, correlations=correlations)


def _fits(level: Level, status: str, lowest: Level, statuses: Sequence[str]) -> bool:
    return level >= lowest and (not statuses or status in statuses)


def find(rules: RuleSet, identifier: str) -> RuleInfo:
    """Return the rule with this id, beginning of an id, or title; raise `NotFoundError` unless there is just one."""
    infos = [*(rule.info for rule in rules.alerting), *(item.info for item in rules.correlations)]
    wanted = identifier.lower()
    found = [info for info in infos if info.id == wanted or info.name.lower() == wanted]
    found = found or [info for info in infos if len(wanted) >= 4 and info.id.startswith(wanted)]
    if len(found) != 1:
        what = f"{len(found)} rules have" if found else "no rule has"
        raise NotFoundError(f"{what} the id or title `{identifier}`", hint="kulla rules list -f jsonl, for the ids")
    return found[0]
