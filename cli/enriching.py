"""Enrichment as the settings have it, made into a function that events pass before they are treated and stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.session import Session
from engine.events import Event

if TYPE_CHECKING:
    from collectors.enrichment.enricher import Enricher

Treatment = Callable[[Sequence[Event]], Sequence[Event]]


def enriched(enricher: Enricher | None, then: Treatment) -> Treatment:
    """Return a treatment that enriches events, where there is what does, and hands them to another."""
    if enricher is None:
        return then
    return lambda events: then([enricher.enriched(event) for event in events])


def enricher_of(session: Session) -> Enricher | None:
    """Return what enriches events, None where the settings want nothing.

    Raise `ConfigurationError` for a database or a list of assets that can't be used.
    """
    settings = session.settings
    if not (settings.enriches or settings.addresses or settings.assets):
        return None
    from collectors.enrichment.assets import load_assets
    from collectors.enrichment.enricher import Enricher
    from collectors.enrichment.places import Places

    paths = [session.cwd / Path(word).expanduser() for word in settings.addresses]
    assets = load_assets(session.cwd / settings.assets) if settings.assets is not None else None
    return Enricher(places=Places(paths) if paths else None, assets=assets, values=settings.enriches)
