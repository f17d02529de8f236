"""`kulla models`: what was learned of ordinary life here, and how well it tells attacks from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.models_budget import register_budget
from cli.commands.models_evaluate import register_evaluate
from cli.commands.models_score import register_score
from cli.commands.models_train import register_train
from cli.document import Column, Lines, Listing, Pairs, Report, Section
from cli.group import sub_app
from cli.options import Format, Output, command
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from cli.settings_table import Lang
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.anomaly.artefacts import Manifest
    from engine.anomaly.cards import Card, Words

app = sub_app("Anomaly models: list, train, evaluate, explain and promote them.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The model's name (kulla models list).")]
FIELDS = ("name", "state", "version", "alerts_7d", "promised_7d", "trained", "expires", "title", "tags", "playbooks")
_COLUMNS = (
    Column(field="name", heading="Model", whole=True),
    Column(field="state", heading="State", whole=True),
    Column(field="alerts_7d", heading="Alerts 7 d", number=True),
    Column(field="promised_7d", heading="Promised", number=True),
    Column(field="title", heading="What it finds"),
)
_STATES = ("learning", "ready", "drifting")  # by `engine.anomaly.frame.State`
_HEADINGS = {
    "en": ("Purpose", "Data", "Features", "Known failures", "Fairness", "Measured", "Version"),
    "sq": ("Qëllimi", "Të dhënat", "Veçoritë", "Dobësitë e njohura", "Drejtësia", "Matjet", "Versioni"),
}


@command(app, "list")
def list_models(session: Session, *, fmt: Format = None, output: Output = None) -> None:
    """List the models: which are trained, which run, and what they promised and gave in the last seven days.

    A model that runs is `learning` until it has judged enough to say how it fits, then `ready`, or `drifting` where
    what it sees is no longer what it was trained on.
    """
    from cli.modelling import running
    from engine.anomaly.registry import all_models
    from engine.anomaly.reporting import model_of
    from engine.anomaly.watching import fit_of

    out = target(session, fmt, output)
    models = running(session)
    with session.open_store() as store:
        alerts = store.alerts(since=session.now() - timedelta(days=7))
        states = {item.model.name: _STATES[fit_of(store, item, session.now()).state] for item in models}
    given = Counter(map(model_of, alerts))
    shares = {item.model.name: round(7 * item.share, 1) for item in models}
    rows = [
        _row(session, model.name, given[model.name], shares.get(model.name, 0), states.get(model.name, "runs"))
        for model in all_models()
    ]
    out.write(Listing(name="models", title="Models", columns=_COLUMNS, rows=rows, fields=FIELDS))
    session.hint("kulla models budget" if models else "kulla models train NAME")


def _row(session: Session, name: str, given: int, promised: float, fit: str) -> dict[str, object]:
    from cli.modelling import shelf
    from engine.anomaly.cards import card_of

    place, card = shelf(session), card_of(name)
    versions = place.versions(name)
    promoted = place.promoted(name)
    shown = next((manifest for manifest in versions if manifest.version == promoted), versions[0] if versions else None)
    return {
        "name": name,
        "state": _state(shown, promoted, card, session.now(), fit),
        "version": shown.version if shown else "",
        "alerts_7d": given,
        "promised_7d": promised,
        "trained": shown.created if shown else "",
        "expires": _expiry(shown, card).date().isoformat() if shown else "",
        "title": card.title.in_language(session.lang),
        "tags": list(card.tags),
        "playbooks": list(card.playbooks),
    }


def _state(manifest: Manifest | None, promoted: str | None, card: Card, now: datetime, fit: str) -> str:
    if manifest is None:
        return "not trained"
    if _expiry(manifest, card) < now:
        return "expired"
    return fit if promoted == manifest.version else "trained"


def _expiry(manifest: Manifest, card: Card) -> datetime:
    return datetime.fromisoformat(manifest.created) + timedelta(days=card.expires_after_days)


@command(app, "show")
def show(session: Session, name: Name, *, fmt: Format = None, output: Output = None) -> None:
    """Show a model's card (--lang sq for Albanian), and what its trained version was made of."""
    from cli.modelling import shelf
    from engine.anomaly.cards import card_of
    from engine.anomaly.registry import model_called

    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    card = card_of(model_called(name).name)
    versions = shelf(session).versions(name)
    promoted = shelf(session).promoted(name)
    out.write(_report(card, versions[0] if versions else None, promoted, session.lang, _fits(session, name)))
    session.hint(f"kulla models promote {name}" if versions and not promoted else f"kulla models train {name}")


def _fits(session: Session, name: str) -> list[tuple[str, object]]:
    """Return how a running model fits the last days, in rows; none for one that does not run."""
    from cli.modelling import running
    from engine.anomaly.drift import SHARE
    from engine.anomaly.watching import fit_of

    model = next((item for item in running(session) if item.model.name == name), None)
    if model is None:
        return []
    with session.open_store() as store:
        fit = fit_of(store, model, session.now())
    beyond = f"{fit.share:.1%} of {fit.groups:,} in seven days; {SHARE:.0%} in calibration"
    return [
        ("state", _STATES[fit.state]),
        ("beyond the usual", beyond),
        ("judged a day", f"{fit.a_day:,.0f}; {fit.usual:,.0f} in calibration"),
    ]


def _report(
    card: Card, manifest: Manifest | None, promoted: str | None, lang: Lang, fits: Sequence[tuple[str, object]]
) -> Report:
    purpose, data, features, failures, fairness, measured, version = _HEADINGS[lang]
    lists = ((features, card.features), (failures, card.failures), (fairness, card.fairness), (measured, card.figures))
    head = Pairs(
        rows=(
            (purpose, card.purpose.in_language(lang)),
            (data, card.data.in_language(lang)),
            ("ATT&CK", card.tags),
            ("Playbooks", card.playbooks),
            ("Owner", card.owner),
        )
    )
    sections = [Section(heading="", body=head)]
    sections += [Section(heading=title, body=Lines(lines=_in(lang, items))) for title, items in lists if items]
    if manifest is not None:
        sections.append(Section(heading=version, body=Pairs(rows=(*fits, *_version_rows(manifest, promoted)))))
    record = {
        "name": card.name,
        "title": card.title.in_language(lang),
        "purpose": card.purpose.in_language(lang),
        "data": card.data.in_language(lang),
        **{
            key: _in(lang, items)
            for key, items in zip(("features", "failures", "fairness", "figures"), (x for _, x in lists), strict=True)
        },
        "tags": card.tags,
        "playbooks": card.playbooks,
        "owner": card.owner,
        "version": dict([*fits, *_version_rows(manifest, promoted)]) if manifest else None,
    }
    return Report(name="model", title=card.title.in_language(lang), record=record, sections=sections, lang=lang)


def _in(lang: Lang, items: tuple[Words, ...]) -> list[str]:
    return [item.in_language(lang) for item in items]


def _version_rows(manifest: Manifest, promoted: str | None) -> list[tuple[str, object]]:
    return [
        ("version", manifest.version + (" (runs)" if manifest.version == promoted else "")),
        ("trained", manifest.created),
        ("window", f"{manifest.since} to {manifest.until}"),
        ("observations", f"{manifest.trained_on:,}"),
        *((f"left out, {why}", f"{count:,}") for why, count in manifest.left_out.items()),
        *((name, f"{value:.4g}") for name, value in manifest.figures.items()),
        ("data (SHA-256)", manifest.data_hash),
        ("seed", manifest.seed),
    ]


@command(app, "promote")
def promote(
    session: Session,
    name: Name,
    *,
    version: Annotated[str | None, typer.Option("--version", metavar="ID", help="Its version; the newest.")] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget", metavar="N", min=0.1, help="Alerts a day, of all models; the setting models.budget comes first."
        ),
    ] = None,
    least: Annotated[
        float, typer.Option("--least-found", metavar="SHARE", min=0, max=1, help="Of the attack pack, to be found.")
    ] = 0.8,
) -> None:
    """Let kulla detect run a trained version, if it still finds the fixed pack of attacks.

    It has to find the share --least-found, and at most two points less than the version that runs now.
    """
    from cli.modelling import budget_of, shelf

    place = shelf(session)
    versions = place.versions(name)
    chosen = version or (versions[0].version if versions else None)
    manifest, _ = place.load(name, chosen)
    found = manifest.figures.get("attack pack found", 0.0)
    before = next((item for item in versions if item.version == place.promoted(name)), None)
    wanted = max(least, before.figures.get("attack pack found", 0.0) - 0.02 if before else 0.0)
    if found < wanted:
        raise InputError(
            f"it finds {found:.0%} of the attack pack; {wanted:.0%} is wanted",
            where=f"{name} {manifest.version}",
            hint=f"kulla models train {name} --since 60d, or look at what it was trained on",
        )
    place.promote(name, manifest.version)
    if budget is not None:
        place.set_budget(budget)
    session.say(
        f"{name} {manifest.version} runs from now on; budget of all models: {budget_of(session, place):g} alerts a day"
    )
    session.hint("kulla detect")


register_train(app)
register_score(app)
register_budget(app)
register_evaluate(app)
