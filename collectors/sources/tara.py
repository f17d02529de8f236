"""TARA, the authentication service of Estonia's public sector: application log, statistics log, console lines.

Format: TARA-Login's logback configuration and its statistics logger (MIT): one record an authentication, with
`client.id`, `institution.*` and `authentication.*`. TARA's `client.id` is the id of an e-service, not an ECS `client`:
it stands under `tara.client.id`.
"""

from __future__ import annotations

from typing import Final

from collectors.cloud.values import put_text, text
from collectors.identity.spring import Flat, SpringSource, compare_levels, read_error, read_person
from engine.events import Fields

_OUTCOMES: Final = {"SUCCESS": "success", "FAILED": "failure", "CANCELED": "failure"}


def _read(flat: Flat, fields: Fields) -> None:
    """Read the record of one authentication."""
    state = text(flat.get("authentication.state")).upper()
    fields["event.category"] = ("authentication",)
    fields["event.type"] = ("start",)
    outcome = _OUTCOMES.get(state.rpartition("_")[2])
    if outcome is not None:
        fields["event.outcome"] = outcome
    if state:
        fields["event.action"] = state.lower().replace("_", "-")
    read_error(text(flat.get("authentication.error_code")), fields)
    read_person(flat, fields)
    put_text("organization.id", flat.get("institution.registry_code"), fields)
    put_text("service.name", flat.get("client.service"), fields)
    requested, granted = (text(flat.get(f"authentication.{name}")) for name in ("requested_acr", "granted_acr"))
    compare_levels(requested, granted or text(flat.get("authentication.acr")), "tara.authentication.", fields)


SOURCE: Final = SpringSource(
    name="tara",
    aliases=("tara_login", "tara.statistics"),
    title="TARA authentication service (application and statistics log)",
    prefix="tara.",
    kinds=frozenset({"tara", "tara-login", "tara-login-server", "tara-admin", "tara-govsso"}),
    loggers=("ee.ria.taraauthserver", "e.r.taraauthserver", "e.r.t.", "ee.ria.tara", "e.ria.tara"),
    statistics=frozenset({"authentication.state", "authentication.id_code"}),
    foreign=frozenset(
        {"authentication.request_type", "authentication.requested_acr", "session.id", "session_id", "realmId"}
    ),
    read=_read,
    datasets=("tara.log", "tara.statistics"),
)
