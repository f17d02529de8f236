"""The alias of cases shows what analysts wrote about incidents, and no other record."""

from __future__ import annotations

from dataclasses import replace

from engine.casework.keeping import change
from engine.store.elastic.records import searched
from engine.store.protocol import Record
from tests.cli.fakes import an_incident


def test_cases_are_shown_under_an_alias_of_their_own(store) -> None:
    incident = an_incident("x")
    store.save_incidents([incident])
    change(store, incident, lambda case: replace(case, owner="arta"))
    store.save_records([Record(kind="outbox", key="k", state="due", body="{}")])
    store.records("case")  # what was written can be found now
    found = searched(store.cluster, f"{store.names.prefix}-cases", {"query": {"match_all": {}}})["hits"]["hits"]
    assert [hit["_source"]["key"] for hit in found] == [incident.id]
    assert '"arta"' in found[0]["_source"]["body"]
