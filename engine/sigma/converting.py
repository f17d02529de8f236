"""Handing rules to pySigma's backends: the languages of other systems, for whichever backends are installed.

Nothing is installed, no program is run, and no network is asked: a backend that is missing is named with its package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sigma.collection import SigmaCollection
from sigma.conversion.base import Backend
from sigma.exceptions import SigmaError
from sigma.plugins import InstalledSigmaPlugins
from sigma.processing.pipeline import ProcessingPipeline

from engine.errors import ConfigurationError, RuleError, UsageError
from engine.sigma import modifiers, placeholders
from engine.sigma.documents import documents, parse
from engine.sigma.filters import expiry
from engine.sigma.pipelines import read_pipeline
from engine.sigma.placeholders import filling
from engine.sigma.tailoring import File, Tailoring

# What pySigma's backends are called, and the packages they come in; kept here, so that nobody has to ask a network.
PACKAGES: Mapping[str, str] = {
    "carbonblack": "pysigma-backend-carbonblack",
    "clickhouse": "pysigma-backend-clickhouse",
    "cortexxdr": "pysigma-backend-cortexxdr",
    "databricks": "pysigma-backend-databricks",
    "datadog": "pysigma-backend-datadog",
    "elastalert": "pysigma-backend-elasticsearch",
    "eql": "pysigma-backend-elasticsearch",
    "esql": "pysigma-backend-elasticsearch",
    "insight_idr": "pysigma-backend-insightidr",
    "kusto": "pysigma-backend-kusto",
    "log_scale": "pysigma-backend-crowdstrike",
    "logpoint": "pysigma-backend-logpoint",
    "loki": "pysigma-backend-loki",
    "lucene": "pysigma-backend-elasticsearch",
    "netwitness": "pysigma-backend-netwitness",
    "opensearch_lucene": "pysigma-backend-opensearch",
    "opensearch_ppl": "pysigma-backend-opensearch",
    "panther": "pysigma-backend-panther",
    "qradar_aql": "pysigma-backend-qradar-aql",
    "quickwit": "pysigma-backend-quickwit",
    "secops": "pysigma-backend-secops",
    "sentinel_one": "pysigma-backend-sentinelone",
    "sentinel_one_pq": "pysigma-backend-sentinelone-pq",
    "splunk": "pysigma-backend-splunk",
    "sqlite": "pysigma-backend-sqlite",
    "stix2": "pysigma-backend-stix2",
    "sumologic": "pysigma-backend-sumologic",
    "surrealql": "pysigma-backend-surrealql",
    "uberagent": "pysigma-backend-uberagent",
    "victorialogs": "pysigma-backend-victorialogs",
}
_FAULTS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, NotImplementedError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendInfo:
    """One backend: its name, its output formats (none where it is not installed) and the package it comes in."""

    name: str
    formats: tuple[str, ...]
    package: str
    installed: bool


class Converter:
    """The backends and pipelines that are installed."""

    def __init__(self) -> None:
        try:
            found = InstalledSigmaPlugins.autodiscover(include_validators=False)
        except (ImportError, *_FAULTS) as error:
            what = f"an installed backend or pipeline of pySigma cannot be imported ({error})"
            raise ConfigurationError(what, hint="python -m pip check, in kulla's environment") from error
        self._backends: dict[str, type[Backend]] = dict(found.backends)  # type: ignore[arg-type] # classes, not instances
        self._pipelines = found.pipelines

    def backends(self) -> list[BackendInfo]:
        """Return the backends that are installed, then those that are known and are not."""
        here = [
            BackendInfo(name=name, formats=tuple(kind.formats), package=PACKAGES.get(name, ""), installed=True)
            for name, kind in sorted(self._backends.items())
        ]
        away = [
            BackendInfo(name=name, formats=(), package=package, installed=False)
            for name, package in sorted(PACKAGES.items())
            if name not in self._backends
        ]
        return here + away

    def pipelines(self) -> list[str]:
        """Return the names of the pipelines that are installed."""
        return sorted(self._pipelines)

    def convert(
        self,
        files: Iterable[File],
        *,
        target: str,
        form: str | None,
        pipelines: Sequence[str | File],
        tailoring: Tailoring,
        issues: list[RuleError],
    ) -> Iterator[object]:
        """Yield what the backend makes of the rules; those that it cannot convert become issues.

        `pipelines` are names of installed pipelines, or files. Raise `UsageError` for an unknown backend or format.
        """
        kind = self._backend(target, form)
        pipeline = self._pipeline(pipelines, target)
        modifiers.install()
        placeholders.install()
        with filling(tailoring.placeholders):
            collection = _collection(files, tailoring, issues)
            try:
                backend = kind(processing_pipeline=pipeline, collect_errors=True)
                result = backend.convert(collection, form or backend.default_format)
            except (SigmaError, *_FAULTS) as error:
                what = f"the backend {target} cannot convert the rules ({type(error).__name__}: {error})"
                raise ConfigurationError(what, hint="kulla rules check PATH; convert the rules one by one") from error
        for rule, problem in backend.errors:
            reason = f"{target} cannot express it: {problem}"
            issues.append(RuleError(reason, where=_place(rule), hint="another --target or --pipeline"))
        yield from result if isinstance(result, list) else [result]

    def _backend(self, target: str, form: str | None) -> type[Backend]:
        if target not in self._backends:
            package = PACKAGES.get(target)
            what = f"the backend {target} is not installed" if package else f"no backend is called {target}"
            hint = f"pip install {package}, in kulla's environment" if package else "kulla rules convert --list"
            raise UsageError(what, where="--target", hint=hint)
        kind = self._backends[target]
        if form is not None and form not in kind.formats:
            raise UsageError(
                f"{target} has no format {form}", where="--format", hint=f"one of: {', '.join(sorted(kind.formats))}"
            )
        return kind

    def _pipeline(self, given: Sequence[str | File], target: str) -> ProcessingPipeline | None:
        found = [self._one_pipeline(item, target) for item in given]
        whole: ProcessingPipeline | None = None
        for item in sorted(found, key=lambda each: each.priority):
            whole = item if whole is None else whole + item
        return whole

    def _one_pipeline(self, given: str | File, target: str) -> ProcessingPipeline:
        if not isinstance(given, str):
            return read_pipeline(*given, queries=True)
        if given not in self._pipelines:
            raise UsageError(
                f"{given} is no installed pipeline and no file", where="--pipeline", hint="kulla rules convert --list"
            )
        made = self._pipelines[given]()
        if made.allowed_backends and target not in made.allowed_backends:
            allowed = ", ".join(sorted(made.allowed_backends))
            raise UsageError(f"the pipeline {given} is for {allowed}", where="--pipeline", hint=f"--target {allowed}")
        return made


def _collection(files: Iterable[File], tailoring: Tailoring, issues: list[RuleError]) -> SigmaCollection:
    read: list[dict[str, Any]] = []
    for name, content in (*files, *tailoring.filters):
        for line, text in documents(name, content, issues):
            try:
                document = parse(text, line)
                if not _expired(document, tailoring.today):
                    _try(document)
                    read.append(document)
            except (SigmaError, *_FAULTS) as error:
                reason = str(error.args[0]) if error.args else type(error).__name__
                issues.append(RuleError(reason, where=f"{name}:{line}", hint="kulla rules check FILE"))
    try:
        return SigmaCollection.from_dicts(read)
    except (SigmaError, *_FAULTS) as error:
        hint = "give the rules that correlations name too"
        raise ConfigurationError(f"the rules do not fit together: {error}", hint=hint) from error


def _try(document: dict[str, Any]) -> None:
    """Read a document by itself, so that a broken one stops no other."""
    SigmaCollection.from_dicts([document], resolve_references=False)


def _expired(document: Mapping[str, Any], today: date | None) -> bool:
    if "filter" not in document or "detection" in document or today is None:
        return False
    last = expiry(document)
    return bool(last) and date.fromisoformat(last) < today


def _place(rule: object) -> str:
    return f"{getattr(rule, 'title', None) or rule}"
