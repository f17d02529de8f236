"""Asking a cluster: one request at a time, asked again while a refusal may pass, refused in words where it does not.

Works over the plain REST interface that Elasticsearch 8 and 9 share: media types without a version, no `GET /`.
Every request that kulla sends may be sent twice without harm (creates have ids, changes name the version they change).
"""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from elastic_transport import ConnectionError as Unreachable
from elastic_transport import ConnectionTimeout, HttpHeaders, NodeConfig, TlsError, TransportError, Urllib3HttpNode

from engine.errors import StoreError
from engine.store.elastic.address import Address
from engine.store.elastic.failures import is_passing, refused, unavailable

JSON = "application/json"
NDJSON = "application/x-ndjson"
_PRODUCT = "x-elastic-product"
_ALL_DONE = b'{"errors":false,'  # of a bulk: its items, thousands, need not be read
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0  # seconds
_FIRST_PATIENCE = 8.0  # seconds for a cluster that has never answered: the address may be wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A cluster's answer. `unsure` says that an earlier try of the same request may have been carried out, too."""

    status: int
    body: Mapping[str, Any]
    unsure: bool

    @property
    def good(self) -> bool:
        """Tell whether the request did what it asked for."""
        return 200 <= self.status < 300


class _Node(Urllib3HttpNode):
    """One address of a cluster, of whose requests nothing is logged: they hold logs, and people's data in them."""

    def _log_request(self, *args: object, **named: object) -> None:
        """Log nothing; else each body would be made text, too, wherever any logging is set up."""


class Cluster:
    """One cluster. `sleep`, `clock` (monotonic seconds) and `chance` (0 to 1) are arguments for the sake of tests."""

    def __init__(
        self,
        address: Address,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.address = address
        self._nodes = [_Node(_config(address, node)) for node in address.nodes]
        self._turn = 0
        self._sleep = sleep
        self._clock = clock
        self._chance = chance
        self._genuine = False

    def close(self) -> None:
        """Close all connections."""
        for node in self._nodes:
            node.close()

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        accept: tuple[int, ...] = (),
        media: str = JSON,
        **parameters: object,
    ) -> Answer:
        """Send a request and return the answer; `accept` names refusals (409, 404) that the caller understands.

        `body` is JSON in bytes or in memory, or something to be written as JSON. Raise `StoreError` for every other
        refusal, and where the cluster could not be reached within the address's patience.
        """
        target = path if not parameters else f"{path}?{urlencode(_words(parameters))}"
        content = body if body is None or isinstance(body, bytes | memoryview) else orjson.dumps(body)
        patience = self.address.patience if self._genuine else min(self.address.patience, _FIRST_PATIENCE)
        end = self._clock() + patience
        unsure = False
        pause = _FIRST_PAUSE
        while True:
            failure, answer = self._once(method, target, content, media)
            if answer is not None and (answer.good or answer.status in accept):
                return Answer(status=answer.status, body=answer.body, unsure=unsure)
            unsure |= answer is None or answer.status != 429
            if isinstance(failure, _FinalError) or self._clock() + pause > end:
                raise failure
            self._sleep(pause * (0.5 + self._chance()))
            pause = min(pause * 2, _LONGEST_PAUSE)
            self._turn += 1

    def _once(
        self, method: str, target: str, content: bytes | memoryview | None, media: str
    ) -> tuple[StoreError, Answer | None]:
        """Try once; return the answer, or the error it comes to when trying on is given up."""
        where = self.address.location
        node = self._nodes[self._turn % len(self._nodes)]
        try:
            meta, raw = node.perform_request(
                method,
                target,
                body=content,  # type: ignore[arg-type] # what sends it takes memory, too
                headers=HttpHeaders({"accept": JSON, "content-type": media}),
            )
        except TlsError as error:
            raise _untrusted(error, where) from error
        except ConnectionTimeout as error:
            return _gone(error, where, "does not answer in time"), None
        except Unreachable as error:
            return _gone(error, where, "cannot be reached"), None
        except TransportError as error:
            return _gone(error, where, "broke the connection"), None
        body = _parsed(raw)
        if meta.status < 300 and not self._genuine:
            self._check(meta.headers, where)
        answer = Answer(status=meta.status, body=body, unsure=False)
        if answer.good:
            return StoreError("", where=where), answer
        if is_passing(meta.status, body):
            return unavailable(meta.status, body, where), answer
        if meta.status in {400, 404, 405, 408, 409}:  # what a caller may understand
            return _final(meta.status, body, where), answer
        raise refused(meta.status, body, where)

    def _check(self, headers: Mapping[str, str], where: str) -> None:
        if headers.get(_PRODUCT) != "Elasticsearch":
            raise StoreError(
                "what answers there is not Elasticsearch (OpenSearch and rewriting proxies are not supported)",
                where=where,
                hint="check the address: https://HOST:9200 of an Elasticsearch 8.15 or newer",
            )
        self._genuine = True


class _FinalError(StoreError):
    """An error that asking again does not mend."""


def _final(status: int, body: Mapping[str, Any], where: str) -> StoreError:
    error = refused(status, body, where)
    return _FinalError(error.message, where=error.where, hint=error.hint)


def part(name: str) -> str:
    """Return a name as one part of a request's path."""
    return quote(name, safe="*,-_")


def _config(address: Address, node: tuple[str, str, int, str]) -> NodeConfig:
    scheme, host, port, path = node
    headers = {"user-agent": "kulla"}
    if address.api_key:
        headers["authorization"] = f"ApiKey {address.api_key}"
    elif address.user:
        both = f"{address.user}:{address.password}".encode()
        headers["authorization"] = f"Basic {base64.b64encode(both).decode('ascii')}"
    config = NodeConfig(
        scheme=scheme, host=host, port=port, path_prefix=path, headers=headers, request_timeout=address.timeout
    )
    if scheme == "http":
        return config
    return config.replace(verify_certs=True, ca_certs=str(address.ca_file) if address.ca_file else None)


def _words(parameters: Mapping[str, object]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in parameters.items()
        if value is not None
    }


def _parsed(raw: bytes) -> Mapping[str, Any]:
    if raw.startswith(_ALL_DONE):
        return {"errors": False}
    try:
        body = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        return {"error": raw[:200].decode("utf-8", "replace")}
    return body if isinstance(body, dict) else {"items": body}


def _untrusted(error: Exception, where: str) -> StoreError:
    return StoreError(
        f"the cluster's certificate is not trusted ({_short(error)})",
        where=where,
        hint="name the authority that signed it: --ca-file FILE, or KULLA_ELASTICSEARCH_CA_FILE",
    )


def _gone(error: Exception, where: str, what: str) -> StoreError:
    return StoreError(
        f"the cluster {what} ({_short(error)})",
        where=where,
        hint="check the address and that Elasticsearch runs; nothing was lost: run the same command again",
    )


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
