"""What a cluster's refusals mean for a person: one message and one next step for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.errors import DeniedError, StoreError, UnreadableError

Body = Mapping[str, Any]
_DENIED = re.compile(r"on indices \[([^\]]*)\]")
_GRANTED = re.compile(r"granted by the (index|cluster) privileges \[([^\]]*)\]")
_MISSING = re.compile(r"no such index \[([^\]]{1,255})\]")
_ACTION = re.compile(r"action \[(\S+)\] is unauthorized")


def refused(status: int, body: Body, where: str) -> StoreError:
    """Return the error for an answer that will not get better by asking again."""
    kind, reason = cause(body)
    if status == 401:
        return StoreError(
            "the cluster does not accept the API key or password",
            where=where,
            hint="give the encoded key: --api-key-file FILE, or KULLA_ELASTICSEARCH_API_KEY",
        )
    if "cluster_block" in kind:
        return _blocked(reason, where)
    if status == 403:
        return _denied(reason, where)
    if kind == "index_not_found_exception":
        return _missing(reason, where)
    return StoreError(
        f"the cluster answers {status}: {kind or 'without a reason'} {reason}".strip(), where=where, hint="kulla doctor"
    )


def cause(body: Body) -> tuple[str, str]:
    """Return the type and the reason of an error as Elasticsearch tells it, the innermost that says something."""
    error = body.get("error")
    if isinstance(error, str):
        return "", error[:500]
    if not isinstance(error, Mapping):
        return "", ""
    inner: object = error
    for name in ("failed_shards", "root_cause"):
        several = error.get(name)
        if isinstance(several, list) and several and isinstance(several[0], Mapping):
            inner = several[0].get("reason") if name == "failed_shards" else several[0]
            break
    told = inner if isinstance(inner, Mapping) else error
    caused = told.get("caused_by")
    reason = str(told.get("reason") or "")
    if isinstance(caused, Mapping) and caused.get("reason"):
        reason += f": {caused['reason']}"
    return str(told.get("type") or ""), reason[:500]


def is_passing(status: int, body: Body) -> bool:
    """Tell whether the same request may succeed a little later."""
    kind, _ = cause(body)
    if status == 429:
        return "cluster_block" not in kind
    return status in {502, 503, 504} or kind in {"no_shard_available_action_exception", "unavailable_shards_exception"}


def unavailable(status: int, body: Body, where: str) -> StoreError:
    """Return the error for a request that was refused for now, again and again."""
    kind, reason = cause(body)
    if status == 429:
        return StoreError(
            f"the cluster has been overloaded for too long ({reason or kind})",
            where=where,
            hint="nothing was lost: run the same command again when it has recovered",
        )
    return UnreadableError(
        f"the cluster cannot serve some of its data ({kind or status} {reason})".replace(" )", ")"),
        where=where,
        hint="see which index is red: GET _cluster/health?level=indices; run the same command again afterwards",
    )


def _missing(reason: str, where: str) -> StoreError:
    """Return the error for an index that is not there: before `kulla store init`, or when somebody removed it."""
    index = _MISSING.search(reason)
    if index is None:
        return StoreError("there is no kulla store on this cluster yet", where=where, hint="kulla store init")
    return StoreError(
        f"there is no index {index[1]} on this cluster: no kulla store is set up there yet, or somebody removed it",
        where=where,
        hint="kulla store init makes what is missing; what stood in an index comes back from a snapshot alone",
    )


def _blocked(reason: str, where: str) -> StoreError:
    if "flood" in reason or "read-only-allow-delete" in reason:
        return StoreError(
            f"the cluster's disk is too full to write ({reason})",
            where=where,
            hint="free space or add a node, then run the same command again: nothing was lost",
        )
    return StoreError(
        f"the cluster, or an index of it, is read-only ({reason})",
        where=where,
        hint="lift the block (index.blocks.write, cluster.blocks.read_only), then run the same command again",
    )


def _denied(reason: str, where: str) -> DeniedError:
    action, granted, denied = _ACTION.search(reason), _GRANTED.search(reason), _DENIED.search(reason)
    what = f"the action {action[1]}" if action else "this"
    place = f" on {denied[1]}" if denied else ""
    missing = f"; one of these {granted[1]} privileges is missing: {granted[2]}" if granted else ""
    return DeniedError(
        f"the API key has no right to {what}{place}{missing}",
        where=where,
        hint="docs/elasticsearch.md lists the privileges that kulla needs",
    )
