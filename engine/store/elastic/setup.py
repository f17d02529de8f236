"""Setting a store up on a cluster: templates, indices and aliases. Doing it again changes nothing."""

from __future__ import annotations

from engine.errors import StoreError
from engine.store.elastic.cluster import Cluster, part
from engine.store.elastic.failures import cause
from engine.store.elastic.mappings import VERSION, templates
from engine.store.elastic.names import KINDS, Names


def install(cluster: Cluster, names: Names) -> None:
    """Install what a store needs; raise `StoreError` where something else has taken its names."""
    for alias in (names.events, *map(names.of, KINDS)):
        _check_name(cluster, alias)
    for name, template in templates(names).items():
        answer = cluster.ask("PUT", f"/_index_template/{part(name)}", template, accept=(400,))
        if not answer.good:
            _, reason = cause(answer.body)
            raise StoreError(
                f"the index template {name} cannot be installed: {reason}",
                where=cluster.address.location,
                hint="remove the template that has the same patterns, or choose another elasticsearch.prefix",
            )
    for kind in KINDS:
        make_index(cluster, names.first(kind))


def make_index(cluster: Cluster, name: str) -> None:
    """Make an index from its template, unless it is there."""
    answer = cluster.ask("PUT", f"/{part(name)}", {}, accept=(400,))
    if answer.good or cause(answer.body)[0] == "resource_already_exists_exception":
        return
    raise StoreError(
        f"the index {name} cannot be made: {cause(answer.body)[1]}",
        where=cluster.address.location,
        hint="docs/elasticsearch.md says what kulla's indices need (shards, names, rights)",
    )


def _check_name(cluster: Cluster, alias: str) -> None:
    """Refuse a name under which there are indices that kulla did not make."""
    answer = cluster.ask("GET", f"/{part(alias)}/_mapping", accept=(404,), ignore_unavailable=True)
    for index, found in answer.body.items() if answer.good else ():
        version = found.get("mappings", {}).get("_meta", {}).get("kulla", {}).get("version")
        if version is None or index == alias:
            raise StoreError(
                f"the index {index} was not made by kulla: its mapping is foreign",
                where=cluster.address.location,
                hint="choose another name: elasticsearch.prefix in kulla.toml, or KULLA_ELASTICSEARCH_PREFIX",
            )
        if version > VERSION:
            raise StoreError(
                f"the index {index} was made by a newer kulla (layout {version}, known here: {VERSION})",
                where=cluster.address.location,
                hint="update kulla on this machine",
            )
