"""What a collector of OpenTelemetry is told: by the real exporter, over HTTP, read by OpenTelemetry's own protocol."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from cli.session import Session
from cli.telemetry import Telemetry
from engine.runs.history import LastRun, last_run, run_record
from engine.store.protocol import Store
from tests.cli.fakes import Result
from tests.cli.runs import NOW, access_log, kulla, rules_folder


class Collector:
    """Takes what is sent to it, or refuses it."""

    def __init__(self) -> None:
        self.status = 200
        self.metrics: list[ExportMetricsServiceRequest] = []
        self.spans: list[ExportTraceServiceRequest] = []
        found = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if found.status == 200 and self.path == "/v1/metrics":
                    found.metrics.append(ExportMetricsServiceRequest.FromString(body))
                elif found.status == 200 and self.path == "/v1/traces":
                    found.spans.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(found.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def figures(self) -> dict[str, float]:
        """Return the last figures, by name and labels."""
        found = {}
        for resource in self.metrics[-1].resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.gauge.data_points:
                        labels = ",".join(f"{each.key}={each.value.string_value}" for each in point.attributes)
                        found[f"{metric.name}{{{labels}}}" if labels else metric.name] = point.as_double
        return found

    def runs(self) -> list[tuple[Any, dict[str, object]]]:
        """Return every span that came, with its attributes."""
        return [
            (span, {each.key: each.value.string_value or each.value.int_value for each in span.attributes})
            for sent in self.spans
            for resource in sent.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    rules_folder(tmp_path)
    (tmp_path / "a.log").write_bytes(access_log(2, path="/evil"))
    assert kulla("collect", "a.log", home=tmp_path / "home").code == 0
    return tmp_path / "home"


def _detect(home: Path, otlp: str, *words: str, store: str = "") -> Result:
    schedule = '[schedules.web]\ncron = "*/5 * * * *"\nrules = ["rules"]\n'
    text = f'store = "{store}"\n{schedule}[telemetry]\notlp = "{otlp}"\n'
    (home.parent / "kulla.toml").write_text(text, encoding="utf-8")
    return kulla("detect", "--scheduled", *words, home=home)


def test_every_run_is_told(home: Path, collector: Collector) -> None:
    done = _detect(home, collector.url)
    assert done.code == 0, done.err
    figures = collector.figures()
    assert figures["kulla_up"] == 1
    assert figures["kulla_events_stored"] == 2
    assert figures["kulla_run_new_alerts{run=schedule/web}"] == 2
    ((span, attributes),) = collector.runs()
    assert span.name == "kulla run"
    assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
    assert attributes["kulla.run"] == "schedule/web"
    assert (attributes["kulla.events"], attributes["kulla.alerts.new"]) == (2, 2)


def test_who_only_helps_tells_nothing(home: Path, collector: Collector) -> None:
    assert _detect(home, collector.url, "--workers", "0").code == 0
    assert (collector.metrics, collector.spans) == ([], [])


def test_a_collector_that_refuses_ends_no_run(home: Path, collector: Collector) -> None:
    collector.status = 400
    done = _detect(home, collector.url)
    assert done.code == 0
    assert f"the collector at {collector.url} did not take this run's figures" in done.err
    assert "Traceback" not in done.err
    assert not collector.runs()


def test_a_store_that_does_not_answer_is_a_figure(home: Path, collector: Collector) -> None:
    assert _detect(home, collector.url, store="http://127.0.0.1:9").code == 3
    assert collector.figures() == {"kulla_up": 0}


def test_an_address_that_is_none_is_said_before_the_run(home: Path) -> None:
    done = _detect(home, "collector:4318")
    assert done.code == 3
    assert "https://HOST:4318" in done.err
    assert "looked at" not in done.err


@pytest.mark.parametrize("missing", ["opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"])
def test_an_exporter_that_is_not_whole_is_said_before_the_run(
    home: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    def without(name: str, package: str | None = None) -> ModuleSpec | None:
        if name.startswith(f"{missing}."):
            raise ModuleNotFoundError(name)
        return None if name == missing else found(name, package)

    found = find_spec
    monkeypatch.setattr("importlib.util.find_spec", without)
    done = _detect(home, collector.url)
    assert done.code == 3
    assert "pip install 'kulla[telemetry]'" in done.err


def test_every_run_between_two_tellings_is_told_once_by_the_one_who_ran_it(
    tmp_path: Path, collector: Collector
) -> None:
    clock = iter(NOW + timedelta(seconds=number) for number in range(100))
    (tmp_path / "kulla.toml").write_text(f'[telemetry]\notlp = "{collector.url}"\n', encoding="utf-8")
    session = Session(
        environ={"KULLA_HOME": str(tmp_path / "home")},
        cwd=tmp_path,
        stdin=io.TextIOWrapper(io.BytesIO()),
        stdout=io.StringIO(),
        stderr=io.StringIO(),
        now=lambda: next(clock),
    )
    with session.open_store() as store:
        run(store, session, events=1)  # somebody else's, before
        ours, others = Telemetry(session), Telemetry(session)
        ours.ended(store, "web")
        for events in (2, 3, 4):
            run(store, session, events=events)
            ours.ended(store, "web")
            ours.ended(store, "web")  # as where the next one could not even begin
    collector.status = 503
    ours.tell(last=True)
    collector.status = 200
    ours.tell(last=True)
    ours.tell(last=True)
    others.tell(last=True)
    assert [attributes["kulla.events"] for _, attributes in collector.runs()] == [2, 3, 4]


def run(store: Store, session: Session, *, events: int) -> None:
    """Write down that a run came to its end."""
    before, now = last_run(store, "web"), session.now()
    version = before.version if before else 0
    ended = LastRun(
        name="web", state="ok", planned=now, started=now, finished=now, ok_at=now, events=events, version=version
    )
    store.save_records([run_record(ended)])
