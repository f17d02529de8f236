"""PAN-OS: what records of the rarer types mean."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.paloalto.columns import COLUMNS
from tests.collectors.reading import known_as, one


def record(kind: str, subtype: str = "", **values: str) -> dict[str, Any]:
    """Read a record of a type with these columns; the first seven are those of every type."""
    names = ["", "", "", "", "", "", "", *COLUMNS[kind][7:]]
    cells = ["1", "2024/03/05 09:12:44", "012345678901", kind, subtype, "2560", "2024/03/05 09:12:44"]
    cells += [values.get(name, "") if name else "" for name in names[7:]]
    line = ",".join(cells)
    assert known_as(f"{line}\n{line}\n") == "panw"
    return one("panw", line)


@pytest.mark.parametrize("kind", ["DECRYPTION", "SCTP", "GTP"])
def test_a_connection_and_the_verdict_on_it(kind: str) -> None:
    fields = record(kind, src="10.0.0.7", dst="198.51.100.7", action="deny")
    assert (fields["event.category"], fields["event.type"]) == (["network"], ["connection", "denied", "info"])
    assert (fields["source.ip"], fields["destination.ip"]) == ("10.0.0.7", "198.51.100.7")


def test_a_connection_that_could_not_be_decrypted() -> None:
    fields = record("DECRYPTION", src="10.0.0.7", dst="198.51.100.7", action="allow", error="unknown ca")
    assert (fields["event.outcome"], fields["event.type"]) == ("failure", ["connection", "allowed", "info"])


def test_a_host_that_matched_a_profile() -> None:
    fields = record("HIPMATCH", srcuser="anna", machinename="pc7", src="10.0.0.7", matchname="no-antivirus")
    assert fields["rule.name"] == "no-antivirus"
    assert (fields["source.ip"], fields["user.name"]) == ("10.0.0.7", "anna")
