from __future__ import annotations

import pyarrow as pa

from engine.anomaly.models.sessions import MODEL
from tests.engine.anomaly.collected import fitted_to_life, observed


def keycloak(kind: str, source: str, session: str = "s-1") -> str:
    return (
        "2026-03-04 08:00:00,123 INFO  [org.keycloak.events] (executor-thread-1) "
        f'type="{kind}", realmId="gov", clientId="portal", userId="u-1", sessionId="{session}", '
        f'ipAddress="{source}", auth_method="openid-connect", username="a.hoxha"'
    )


def test_a_session_in_two_networks_is_seen() -> None:
    records = (
        keycloak("LOGIN", "31.1.2.3"),
        keycloak("REFRESH_TOKEN", "45.9.9.1"),
        keycloak("LOGIN", "46.1.1.1", "s-2"),
    )
    (row,) = observed(MODEL, "keycloak", *records)
    assert row["kulla.entity"] == "a.hoxha"
    assert row["things"] == ["31.1.0.0/16", "45.9.0.0/16", "46.1.0.0/16"]
    assert row["moved"] == ["31.1.0.0/16 and 45.9.0.0/16"]


def test_private_networks_are_one_place() -> None:
    (row,) = observed(MODEL, "keycloak", keycloak("LOGIN", "10.1.2.3"), keycloak("REFRESH_TOKEN", "192.168.7.1"))
    assert (row["things"], row["moved"]) == (["inside"], [])


def test_theft_is_worth_more_than_a_journey_and_a_journey_more_than_home() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    row = next(row for row in normal.to_pylist() if row["kulla.entity"] in fitted.networks.known and not row["moved"])
    home, strange = min(fitted.networks.known[row["kulla.entity"]]), "45.9.0.0/16"
    rows = [
        row | {"things": [home], "shared": [3], "moved": []},
        row | {"things": [strange], "shared": [1], "moved": []},
        row | {"things": [home, strange], "shared": [3, 1], "moved": [f"{home} and {strange}"]},
        row | {"things": [strange], "shared": [60], "moved": []},  # everybody comes over a new exit
    ]
    at_home, journey, theft, new_exit = fitted.score(pa.Table.from_pylist(rows, schema=normal.schema)).values
    assert at_home == 0.0
    assert theft > journey > 8
    assert new_exit < journey - 6


def test_a_carrier_that_many_use_adds_nothing_to_a_journey() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    known = fitted.networks.known
    carrier = min(
        (name for name in fitted.rare if any(name not in networks for networks in known.values())),
        key=lambda name: (fitted.rare[name], name),
    )
    user = min(name for name, networks in known.items() if carrier not in networks)
    row = normal.to_pylist()[0] | {"kulla.entity": user, "moved": []}
    rows = [
        row | {"things": ["93.9.0.0/16"], "shared": [1]},
        row | {"things": ["93.9.0.0/16", carrier], "shared": [1, 1]},
        row | {"things": [carrier], "shared": [1]},
    ]
    journey, with_carrier, carrier_alone = fitted.score(pa.Table.from_pylist(rows, schema=normal.schema)).values
    assert with_carrier == journey > carrier_alone > 0
