"""What a run did, told to an OpenTelemetry collector: the figures of `kulla serve-metrics`, and a span for each run.

OTLP over HTTP, by OpenTelemetry's own exporter (`pip install 'kulla[telemetry]'`), which also reads the standard
variables for headers, certificates and compression (`OTEL_EXPORTER_OTLP_HEADERS`, `..._CERTIFICATE`). A collector that
does not answer is told of and never holds up or ends a run: it gets the figures of the next one.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cli.figures import down, figures
from cli.session import Session
from engine.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricsData
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan

    from engine.runs.history import LastRun
    from engine.runs.metrics import Family
    from engine.store.protocol import Store

_PATIENCE = 5.0  # seconds for each of the two requests
_EVERY = 30.0  # seconds between two tellings of a service that runs all the time
_MOST_RUNS = 10_000  # that wait for a collector; then the oldest are forgotten
_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class Telemetry:
    """Tells one collector of the runs of this process, and of the store's figures."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._address = session.settings.otlp
        self._ended: deque[LastRun] = deque(maxlen=_MOST_RUNS)  # and not told yet
        self._since = session.now()  # runs that began before are not this process's
        self._newest: dict[str, datetime] = {}  # when the last run that was noted under a name began
        self._next = 0.0  # by the monotonic clock
        if self._address:
            check_address(self._address)

    def ended(self, store: Store, name: str) -> None:
        """Note the run under this name that has just ended, well or badly, so that the next telling has it."""
        if not self._address:
            return
        from engine.runs.history import last_run

        try:
            run = last_run(store, name)
        except StoreError:  # of which the run itself has told
            return
        if run is None or run.finished is None or run.started < self._since or run.started == self._newest.get(name):
            return
        self._newest[name] = run.started
        self._ended.append(run)

    def tell(self, *, last: bool = False) -> None:
        """Send figures, and spans of the runs that ended since the last time, where a collector is named.

        A service that runs all the time tells now and then, and what is left when it ends (`last`). Runs that a
        collector did not take are told again.
        """
        if not self._address or (time.monotonic() < self._next and not (last and self._ended)):
            return
        self._next = time.monotonic() + _EVERY
        try:
            with self._session.open_store() as store:
                families = figures(self._session, store)
        except StoreError:
            families = down()
        if self._send(families, list(self._ended)):
            self._ended.clear()
        else:
            self._session.insist(f"the collector at {self._address} did not take this run's figures")

    def _send(self, families: Sequence[Family], runs: Sequence[LastRun]) -> bool:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics.export import MetricExportResult
        from opentelemetry.sdk.trace.export import SpanExportResult

        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # what failed is said here, once
        base = self._address.rstrip("/")
        resource = _resource()
        meters = OTLPMetricExporter(endpoint=f"{base}/v1/metrics", timeout=_PATIENCE)
        tracer = OTLPSpanExporter(endpoint=f"{base}/v1/traces", timeout=_PATIENCE)
        try:
            taken = meters.export(measured(families, resource)) is MetricExportResult.SUCCESS
            if taken and runs:
                taken = tracer.export(spans(runs, resource)) is SpanExportResult.SUCCESS
            return taken
        finally:
            meters.shutdown()
            tracer.shutdown()  # type: ignore[no-untyped-call] # the library gives it no type


def check_address(address: str) -> None:
    """Raise `ConfigurationError` for what is no address of a collector, or where the exporter is not installed."""
    if not address.startswith(("https://", "http://")):
        raise ConfigurationError(
            f"{address!r} is no address of a collector", where="telemetry.otlp", hint="https://HOST:4318"
        )
    if not all(map(_is_there, _NEEDED)):
        raise ConfigurationError(
            "OpenTelemetry's exporter is not installed", where="telemetry.otlp", hint="pip install 'kulla[telemetry]'"
        )


def _is_there(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even what it is a part of
        return False


def _resource() -> Resource:
    from importlib.metadata import version

    from opentelemetry.sdk.resources import Resource

    return Resource.create({"service.name": "kulla", "service.version": version("kulla")})


def measured(families: Sequence[Family], resource: Resource) -> MetricsData:
    """Return figures as OpenTelemetry's gauges, under the names they have for Prometheus."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    from engine.runs.metrics import printable

    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader], resource=resource, shutdown_on_exit=False)
    meter = provider.get_meter("kulla")
    for family in families:
        gauge = meter.create_gauge(family.name, description=family.purpose)
        for labels, value in family.samples:
            gauge.set(float(value), {name: printable(text) for name, text in labels.items()})
    found = reader.get_metrics_data()
    provider.shutdown()
    if found is None:
        raise ValueError("no figures at all")
    return found


def spans(runs: Sequence[LastRun], resource: Resource) -> Sequence[ReadableSpan]:
    """Return one span for each run that has ended: when, over how many events, with how many alerts, and its error."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace import Status, StatusCode

    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("kulla")
    for run in runs:
        span = tracer.start_span("kulla run", start_time=_nanoseconds(run.started))
        span.set_attributes(
            {
                "kulla.run": run.name,
                "kulla.state": run.state,
                "kulla.events": run.events,
                "kulla.alerts": run.alerts,
                "kulla.alerts.new": run.new,
                "kulla.cursor": run.cursor,
            }
        )
        if run.error:
            span.set_status(Status(StatusCode.ERROR, run.error))
        span.end(end_time=_nanoseconds(run.finished or run.started))
    return kept.get_finished_spans()


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK * 1000
