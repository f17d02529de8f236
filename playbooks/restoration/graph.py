"""What rests on what: tiers of the dependencies, and what stands still until a service is back."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import NotFoundError
from playbooks.restoration.building import in_order
from playbooks.restoration.model import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One service: its tier (1 rests on nothing), all that rests on it, and the mean uses a day of these and itself."""

    id: str
    tier: int
    depends_on: tuple[str, ...]
    needed_by: frozenset[str]
    uses: float


def tiers(catalogue: Catalogue, around: str | None = None) -> list[Node]:
    """Return the services by tier, then by the uses that rest on them; with `around`, its neighbourhood alone."""
    services = catalogue.get()
    if around is not None and around not in services:
        raise NotFoundError(f"no service `{around[:200]}`", hint="kulla services list FILE")
    order = in_order(catalogue)
    tier: dict[str, int] = {}
    needed: dict[str, set[str]] = {service.id: set() for service in order}
    for service in order:
        tier[service.id] = 1 + max((tier[name] for name in service.depends_on), default=0)
    for service in reversed(order):
        for name in service.depends_on:
            needed[name] |= needed[service.id] | {service.id}
    nodes = [
        Node(
            id=service.id,
            tier=tier[service.id],
            depends_on=service.depends_on,
            needed_by=frozenset(needed[service.id]),
            uses=sum(sum(services[name].users) for name in (service.id, *needed[service.id])) / 7,
        )
        for service in order
    ]
    if around is not None:
        nodes = [node for node in nodes if around in (node.id, *node.needed_by) or node.id in needed[around]]
    return sorted(nodes, key=lambda node: (node.tier, -node.uses, node.id))
