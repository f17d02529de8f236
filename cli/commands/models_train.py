"""`kulla models train`: learn from stored events what is ordinary here."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import Since, Until, command, window
from cli.session import Session
from engine.events import instant


def register_train(app: typer.Typer) -> None:
    """Add the command to `kulla models`."""

    @command(app, "train")
    def train(
        session: Session,
        name: Annotated[str, typer.Argument(metavar="NAME", help="The model's name (kulla models list).")],
        *,
        since: Since = None,
        until: Until = None,
        seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of every random choice.")] = 1,
    ) -> None:
        """Train a model on stored events: 30 days up to three days ago, without the events of incidents.

        The first three quarters are learned from, the last sets the thresholds. Nothing runs before it is promoted.
        """
        from cli.modelling import events_of_incidents, observed, shelf, training_window
        from engine.anomaly.artefacts import Manifest
        from engine.anomaly.registry import model_called
        from engine.anomaly.training import train as fit
        from engine.anomaly.training import with_calibration

        model = model_called(name)
        first, before = training_window(session, window(session, since, until))
        with session.open_store() as store:
            rows = observed(store, model, first, before)
            incidents = events_of_incidents(store)
        trained = fit(model, rows, seed=seed, incidents=incidents)
        manifest = Manifest(
            model=name,
            version="",
            created=instant(session.now()),
            seed=seed,
            since=instant(first),
            until=instant(before),
            trained_on=trained.observations,
            data_hash=trained.data_hash,
            left_out=trained.left_out,
            figures={
                "attack pack found": round(trained.found, 4),
                "calibration groups": trained.calibration.count,
                "groups a day": round(trained.calibration.per_day, 2),
                **{f"{kind}s that differ": float(some) for kind, (some, _) in trained.differing.items()},
                **{f"{kind}s compared": float(every) for kind, (_, every) in trained.differing.items()},
            },
        )
        kept = shelf(session).save(manifest, with_calibration(trained.fitted.content(), trained.calibration))
        session.say(
            f"{name} {kept.version}: {trained.observations:,} observations, attack pack found {trained.found:.0%}; "
            + ", ".join(f"{count:,} {why}" for why, count in trained.left_out.items() if count)
        )
        session.hint(f"kulla models promote {name}")
