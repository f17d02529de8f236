"""Veeam: jobs and how they end, who deletes what, malware found, and quotes in what changed."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_HEAD = "<14>1 2024-03-05T09:12:44.000Z vbr01 Veeam_MP - - "


def record(said: str, keys: str = 'JobID="j1" JobName="Nightly"', number: int = 110) -> str:
    return f'{_HEAD}[categoryId=0 instanceId={number} {keys} Version="1" Description="{said}"]'


@pytest.mark.parametrize(
    ("said", "category", "kind", "outcome"),
    [
        ("Backup job 'Nightly' has been started.", "process", "start", None),
        ("Backup job 'Nightly' finished with Success.", "process", "end", "success"),
        ("Backup job 'Nightly' finished with Failed.", "process", "end", "failure"),
        ("Job 'Nightly' has been deleted.", "configuration", "deletion", None),
        ("Repository x has been added.", "configuration", "creation", None),
        ("VM 'db1' restore point has been removed according to retention.", "file", "deletion", None),
        ("User ana failed to log in.", "authentication", "start", "failure"),
        ("License expires in 7 days.", "host", "info", None),
    ],
)
def test_kinds(said: str, category: str, kind: str, outcome: str | None) -> None:
    fields = one("veeam", record(said))
    assert (fields["event.category"], fields["event.type"]) == ([category], [kind])
    assert fields.get("event.outcome") == outcome
    assert (fields["event.reason"], fields["event.code"]) == (said, "110")
    assert (fields["@timestamp"], fields["veeam.JobName"]) == (at("2024-03-05T09:12:44"), "Nightly")


def test_malware_that_is_found_is_an_alert_and_its_settings_are_none() -> None:
    found = one("veeam", record("Malware activity has been detected on db1.", 'VmName="db1"', 41600))
    assert (found["event.kind"], found["event.category"], found["host.name"]) == ("alert", ["malware"], "db1")
    set_off = one("veeam", record("Malware detection settings have been changed.", number=42290))
    assert set_off["event.kind"] == "event"


def test_quotes_in_what_changed_hide_nobody() -> None:
    xml = '<changes><object><property internal="A" type="B" UserName="x"><old /></property></object></changes>'
    fields = one("veeam", record("Settings have been changed.", f'ChangesXML="{xml}" UserName="TAX\\ana"'))
    assert (fields["user.name"], fields["user.domain"]) == ("ana", "TAX")
    assert fields["veeam.ChangesXML"] == xml


def test_a_name_with_keys_in_it_forges_no_user() -> None:
    fields = one("veeam", record("Job has been deleted.", 'JobName="a" UserName="root" b="" UserName="TAX\\ana"'))
    assert "user.name" not in fields


def test_a_bare_record_has_the_servers_time() -> None:
    line = (
        '[categoryId=0 instanceId=10010 VmName="192.0.2.7" ServerName="vbr01" DateTime="12/19/2023 10:35:56" '
        "Description=\"VM 'x' restore point has been created.\"]"
    )
    fields = one("veeam", line)
    assert (fields["@timestamp"], fields["host.ip"]) == (at("2023-12-19T10:35:56"), "192.0.2.7")
    assert fields["observer.name"] == "vbr01"


@pytest.mark.parametrize(
    "head", [_HEAD, f'{_HEAD}[origin enterpriseId="31023"] ', "<14>Mar  5 09:12:44 vbr01 Veeam_MP: "]
)
def test_headers(head: str) -> None:
    fields = one("veeam", record("Job has been started.").replace(_HEAD, head))
    assert (fields["@timestamp"], fields["host.name"]) == (at("2024-03-05T09:12:44"), "vbr01")


def test_it_is_recognised_and_refuses_others() -> None:
    assert known_as(record("Job has been started.") + "\n") == "veeam"
    events, dead = read("veeam", '[categoryId=0 instanceId=1 JobName="a"\nhello\n')
    assert (len(events), len(dead)) == (0, 2)
    assert "Veeam" in str(dead[0].reason)
