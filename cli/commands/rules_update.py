"""`kulla rules update`: packs of rules pinned, compared with what is installed, installed, and rolled back."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import rulesets
from cli.document import Column, Listing, Row
from cli.options import Format, Output, moment
from cli.output import Target, target
from cli.rulesets import only
from cli.session import Session
from cli.tailoring import tailoring
from engine.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from engine.packs.changes import Change
    from engine.packs.content import Content
    from engine.packs.installing import Packs
    from engine.packs.pins import Pin
    from engine.sigma.rules import RuleSet

_PACK_FIELDS = ("name", "installed", "pinned", "state", "rules", "licence", "sha256", "source")
_PACK_COLUMNS = (
    Column(field="name", heading="Pack", whole=True),
    Column(field="installed", heading="Installed", whole=True),
    Column(field="pinned", heading="Pinned", whole=True),
    Column(field="rules", heading="Files", number=True),
    Column(field="state", heading="State"),
    Column(field="licence", heading="Licence"),
)
_FIELDS = ("change", "rule", "name", "level", "level_before", "alerts_before", "alerts", "path")
_COLUMNS = (
    Column(field="change", heading="Change", whole=True),
    Column(field="level", heading="Level", whole=True),
    Column(field="alerts_before", heading="Found", number=True),
    Column(field="alerts", heading="Would find", number=True),
    Column(field="name", heading="Rule"),
)
_FROM_HELP = "Where the pack is: a zip, a folder, a Git checkout, or an https address."


def update(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="[PACK]", help="The pack; without it all are listed.")] = None,
    *,
    origin: Annotated[str | None, typer.Option("--from", metavar="PATH|URL", help=_FROM_HELP)] = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="TEXT", help="What this version is called (a date, a tag).")
    ] = None,
    pin: Annotated[
        bool, typer.Option("--pin", help="Take this content as the expected one from now on (site's packs.toml).")
    ] = False,
    over: Annotated[
        str | None,
        typer.Option("--over", metavar="SPAN", help="Try the changed rules on stored events of this time (7d)."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    roll_back: Annotated[
        bool, typer.Option("--roll-back", help="Put the version before this one in use again.")
    ] = False,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Install or update a pack of rules: its content is checked, every change shown, the last version kept."""
    from engine.packs.installing import Packs
    from engine.packs.pins import NAME

    out = target(session, fmt, output)
    packs = Packs(session.settings.home)
    if name is None:
        if origin or roll_back or pin:
            raise UsageError("which pack?", hint="kulla rules update PACK --from PATH")
        _list(session, out, packs)
        return
    if not NAME.fullmatch(name) or name == rulesets.OWN:
        raise UsageError("a pack's name is of small letters, digits, - and _, and not `own`", where=name)
    if roll_back:
        back = packs.roll_back(name)
        session.say(f"{name} is at {back.version} again ({back.sha256[:16]}, {back.rules:,} files)")
        session.hint("kulla rules backfill")
        return
    if origin is None:
        raise UsageError("where from?", hint=f"kulla rules update {name} --from FILE.zip")
    _update(session, out, packs, _Wish(name=name, origin=origin, version=version, pin=pin, over=over, dry=dry_run))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What is to be installed, and how."""

    name: str
    origin: str
    version: str | None
    pin: bool
    over: str | None
    dry: bool


def _pins(session: Session) -> dict[str, Pin]:
    from detections.catalogue import own_rules_folder
    from engine.packs.pins import read_pins

    return read_pins([own_rules_folder().parent / "packs.toml", session.settings.home / "packs.toml"])


def _list(session: Session, out: Target, packs: Packs) -> None:
    pins = _pins(session)
    rows = [_pack_row(name, packs, pins) for name in sorted({*pins, *packs.names()})]
    out.write(
        Listing(name="packs", title="Packs", columns=_PACK_COLUMNS, rows=rows, fields=_PACK_FIELDS, empty="no packs")
    )
    session.hint("kulla rules update PACK --from FILE.zip")


def _pack_row(name: str, packs: Packs, pins: Mapping[str, Pin]) -> Row:
    installed, pin = packs.current(name), pins.get(name)
    if installed is None:
        state = "not installed"
    elif not packs.is_whole(installed):
        state = "changed by hand since it was installed"
    elif pin is None:
        state = "not pinned"
    else:
        state = "as pinned" if pin.sha256 == installed.sha256 else "another version than pinned"
    licences = ", ".join(installed.licences) if installed else ""
    return {
        "name": name,
        "installed": installed.version if installed else "",
        "pinned": pin.version if pin else "",
        "state": state,
        "rules": installed.rules if installed else None,
        "licence": (pin.licence if pin else "") or licences,
        "sha256": installed.sha256 if installed else "",
        "source": installed.source if installed else "",
    }


def _update(session: Session, out: Target, packs: Packs, wish: _Wish) -> None:
    from engine.packs.changes import changes
    from engine.packs.pins import write_pin

    content = _content(session, wish)
    pin, fresh = _agreed(session, wish, content)
    after = _compiled(session, content)
    folder = packs.folder(wish.name)
    before = rulesets.loaded(session, [folder]) if folder is not None else _none()
    found = changes(before, after)
    alerts = _tried(session, before, after, found, wish.over)
    out.write(
        Listing(
            name="changes",
            title=f"Changes of {wish.name}",
            columns=_COLUMNS,
            rows=[_row(item, alerts) for item in found],
            fields=_FIELDS,
            empty="nothing changes",
        )
    )
    _tell(session, found, after, content)
    if wish.dry:
        session.say("nothing was installed (--dry-run)")
        return
    version = wish.version or pin.version
    packs.install(wish.name, content, version=version, source=wish.origin, now=session.now())
    if fresh:
        write_pin(session.settings.home / "packs.toml", pin)
    session.say(f"{wish.name} {version} is installed: {len(content.files):,} files, sha256 {content.sha256[:16]}")
    _tell_exceptions(session, found)
    session.hint("kulla rules backfill" if found else "kulla rules list")


def _content(session: Session, wish: _Wish) -> Content:
    from engine.packs.content import read_pack
    from engine.packs.download import fetch

    if "://" not in wish.origin:
        path = Path(wish.origin).expanduser()
        path = path if path.is_absolute() else session.cwd / path
        if not path.exists():
            raise ConfigurationError("there is no such pack", where=wish.origin, hint="--from PATH")
        return read_pack(path)
    with tempfile.TemporaryDirectory() as folder:
        session.say(f"fetching {wish.origin}")
        return read_pack(fetch(wish.origin, Path(folder) / "pack.zip"))


def _agreed(session: Session, wish: _Wish, content: Content) -> tuple[Pin, bool]:
    """Return the pin that the content keeps to, and whether it is a new one; raise `ConfigurationError` otherwise."""
    from engine.packs.pins import Pin

    known = _pins(session).get(wish.name)
    if known is not None and known.sha256 == content.sha256:
        return known, False
    if not wish.pin:
        what = f"it is not the pinned {known.version}" if known else "this pack is not pinned"
        expected = f", expected {known.sha256}" if known else ""
        raise ConfigurationError(
            f"{what}: sha256 {content.sha256}{expected}",
            where=wish.origin,
            hint="compare it with what its publisher says, then --pin --version TEXT",
        )
    version = wish.version or content.commit[:12]
    if not version:
        raise UsageError("a pin has a version", where="--pin", hint="--version 2026-08-05")
    licence = (known.licence if known else "") or ", ".join(name for name, _ in content.licences)
    home = known.home if known else ""
    return Pin(name=wish.name, version=version, sha256=content.sha256, licence=licence, home=home), True


def _compiled(session: Session, content: Content) -> RuleSet:
    from engine.sigma.documents import compile_files

    rules = compile_files(content.files, tailoring(session))
    broken = [issue for issue in rules.issues if not rulesets.is_waiting(issue)]
    for issue in broken:
        session.issue(issue)
    if not rules.rules:
        raise ConfigurationError("no rule of it can be loaded", hint="kulla rules check PATH")
    return rules


def _none() -> RuleSet:
    from engine.sigma.rules import RuleSet

    return RuleSet()


def _tried(
    session: Session, before: RuleSet, after: RuleSet, found: Sequence[Change], over: str | None
) -> Mapping[str, tuple[int, int]] | None:
    """Return what the changed rules found and would find, by id; None where nobody asked for it."""
    from cli.commands.rules_trial import tell_lacks
    from engine.sigma.engine import Engine
    from engine.tuning.trial import Attempt

    if over is None:
        return None
    ids = frozenset(item.info.id for item in found if item.finds_otherwise)
    since, now = moment("--over", over, session.now()), session.now()
    with session.open_store() as store:
        trials = [
            Attempt(Engine(only(rules, ids)), time.process_time).over(store, since, now) for rules in (before, after)
        ]
    session.say(f"{trials[0].events:,} stored events since {over} ago looked at with {len(ids):,} changed rules")
    for trial in trials:
        tell_lacks(session, trial)
    counts = [{number: item.alerts for number, item in trial.outcomes.items()} for trial in trials]
    return {number: (counts[0].get(number, 0), counts[1].get(number, 0)) for number in ids}


def _row(item: Change, alerts: Mapping[str, tuple[int, int]] | None) -> Row:
    before, after = (alerts or {}).get(item.info.id, (None, None))
    return {
        "change": item.kind,
        "rule": item.info.id,
        "name": item.info.name,
        "level": item.after.level.label if item.after else "",
        "level_before": item.before.level.label if item.before else "",
        "alerts_before": before,
        "alerts": after,
        "path": item.info.path,
    }


def _tell(session: Session, found: Sequence[Change], after: RuleSet, content: Content) -> None:
    counts = Counter(item.kind for item in found)
    told = ", ".join(f"{kind} {count:,}" for kind, count in counts.items()) or "nothing changes"
    session.say(f"{told}; {len(after.alerting) + len(after.correlations):,} rules load, {len(after.issues):,} do not")
    if not content.licences:
        session.say("it comes without a licence file: find out under which terms it may be used")


def _tell_exceptions(session: Session, found: Sequence[Change]) -> None:
    """Say which of the site's filters stand on rules that changed or went; the filters themselves stay as they are."""
    rules = rulesets.loaded(session, rulesets.rule_paths(session, None))
    touched = {word for item in found for word in (item.info.id, item.info.name) if item.kind != "added"}
    on_changed = [item.title for item in rules.filters if touched.intersection(item.named)]
    if on_changed:
        session.say(f"filters on rules that changed, look at them: {', '.join(on_changed)}")
    rulesets.tell_idle_filters(session, rules)
