"""Every log source and every field of SigmaHQ's rules is mapped, or reviewed and listed with a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.sigma.fieldmap import absent_reason, event_fields, reading
from engine.sigma.logsources import Kind, covers, datasets_of, is_known, kind_of, kinds_of
from engine.sigma.mapping.absent import ABSENT
from engine.sigma.mapping.datasets import DATASETS, belonging_of
from engine.sigma.mapping.table import snake_case
from engine.sigma.rules import LogSource

Fields = dict[LogSource, set[str]]


def named(detection: object) -> Iterator[str]:
    """Yield the fields that a detection's searches name."""
    for item in detection if isinstance(detection, list) else [detection]:
        if isinstance(item, dict):
            yield from (str(key).partition("|")[0] for key in item)


@pytest.fixture(scope="module")
def fields(shared: Path) -> Fields:
    """Return the fields that SigmaHQ's rules name, by log source."""
    found: Fields = defaultdict(set)
    for path in sorted((shared / "sigma").rglob("*.yml")):
        for document in yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader):
            if not isinstance(document, dict) or "detection" not in document:
                continue
            parts = document["logsource"]
            source = LogSource(*(str(parts.get(name, "")).lower() for name in ("product", "category", "service")))
            for name, detection in document["detection"].items():
                if name != "condition":
                    found[source] |= set(named(detection)) - {""}
    return found


def test_every_log_source_means_some_event(fields: Fields) -> None:
    assert len(fields) >= 138
    assert [str(source) for source in fields if not is_known(source) or not kinds_of(source)] == []


def test_every_field_is_mapped_or_reviewed(fields: Fields) -> None:
    """A field that is neither would be read under its own name, and its rule be silent for ever."""
    silent = [f"{source}: {name}" for source in fields for name in fields[source] if reading(name, source) == "unknown"]
    assert silent == []


def test_the_reviewed_table_holds_nothing_that_no_rule_names(fields: Fields) -> None:
    stale = [
        (parts, name) for parts, reasons in ABSENT.items() for name in reasons if name not in fields[LogSource(*parts)]
    ]
    assert stale == []
    assert all(reason for reasons in ABSENT.values() for reason in reasons.values())


def test_a_field_that_nobody_knows_is_told() -> None:
    process = LogSource("windows", "process_creation", "")
    assert reading("CommandLine", process) == "mapped"
    assert reading("Commandline", process) == "unknown"
    assert reading("GrandParentImage", process) == "absent"
    assert reading("GrandParentImage", LogSource("", "process_creation", "")) == "absent"
    assert absent_reason("CommandLine", process) == ""
    assert reading("TargetObject", process) == "unknown"  # Sysmon has it, but not at a process' start
    assert reading("eventName", LogSource("aws", "", "cloudtrail")) == "mapped"
    assert reading("requestParameters.x.y", LogSource("aws", "", "cloudtrail")) == "mapped"
    assert reading("EventName", LogSource("aws", "", "cloudtrail")) == "unknown"
    assert reading("anything", LogSource("acme", "", "")) == "unknown"


def test_kinds_are_those_that_the_log_source_covers() -> None:
    for text in ("windows/process_creation/", "linux//sshd", "zeek//dns", "/webserver/", "macos/file_event/"):
        source = LogSource(*text.split("/"))
        assert kinds_of(source)
        assert all(covers(source, kind) for kind in kinds_of(source))


@pytest.mark.parametrize(
    ("parts", "datasets"),
    [
        (("aws", "", "cloudtrail"), ("aws.cloudtrail",)),
        (("azure", "", "pim"), ("azure.identity_protection", "azure.pim")),
        (("linux", "", "auditd"), ("auditd.log", "auditd_manager.auditd")),
        (("windows", "process_creation", ""), ()),
        (("", "antivirus", ""), ()),  # also Defender's events, which stand in the event log
        (("acme", "", ""), ("acme.",)),
        (("acme", "", "door"), ("acme.door",)),
        (("linux", "", "nosuch"), ()),
        (("", "nosuch", ""), ()),
    ],
)
def test_whole_datasets_of_a_log_source(parts: tuple[str, str, str], datasets: tuple[str, ...]) -> None:
    assert set(datasets_of(LogSource(*parts))) == set(datasets)


def test_a_stream_nobody_listed_belongs_to_its_module() -> None:
    assert belonging_of("aws.nosuch").fits("aws", "", "nosuch")
    assert not belonging_of("aws.nosuch").fits("aws", "", "cloudtrail")
    assert belonging_of("nginx.access").fits("", "webserver", "")
    assert not belonging_of("nginx.error").fits("", "webserver", "")
    assert not belonging_of("acme.door").fits("", "", "door")  # a stranger's name for a service means nothing alone


def test_listed_names_are_well_formed() -> None:
    for name in DATASETS:
        assert name == name.strip().lower()
        assert "." in name


def test_event_fields_are_distinct_and_never_none() -> None:
    for dataset in DATASETS:
        kind = Kind(dataset.partition(".")[0], dataset, "")
        for field in ("eventName", "query", "Image", "c-uri", "nosuch", "a.b", "EventID"):
            found = event_fields(field, kind)
            assert found
            assert len(set(found)) == len(found)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=40))
def test_snake_case_of_anything_is_stable(name: str) -> None:
    assert snake_case(snake_case(name)) == snake_case(name)


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("appDisplayName", "app_display_name"),
        ("deviceDetail.deviceId", "device_detail.device_id"),
        ("userPrincipalName", "user_principal_name"),
        ("sourceIPAddress", "source_ip_address"),
        ("plain", "plain"),
    ],
)
def test_snake_case(name: str, snake: str) -> None:
    assert snake_case(name) == snake


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["winlog.channel", "event.dataset", "host.os.type"]), st.text(max_size=8)))
def test_a_kind_is_told_of_anything(fields: dict[str, str]) -> None:
    kind = kind_of(dict(fields))
    assert isinstance(covers(LogSource("windows", "process_creation", ""), kind), bool)
