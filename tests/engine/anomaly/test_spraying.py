from __future__ import annotations

import pyarrow as pa
import pytest

from engine.anomaly.models.spraying import MODEL
from tests.engine.anomaly.collected import fitted_to_life, observed


def ssh(word: str, user: str, source: str, minute: int = 1) -> str:
    said = f"{word} password for {user} from {source} port 50000 ssh2"
    return f"<38>1 2026-03-04T08:{minute:02d}:00Z gw01 sshd 77 - - {said}"


def keycloak(user: str, source: str, kind: str = "LOGIN_ERROR") -> str:
    return (
        "2026-03-04 08:00:00,123 WARN  [org.keycloak.events] (executor-thread-1) "
        f'type="{kind}", realmId="gov", clientId="portal", userId="null", ipAddress="{source}", '
        f'error="invalid_user_credentials", auth_method="openid-connect", username="{user}"'
    )


def of_kind(rows: list[dict[str, object]], kind: str) -> list[dict[str, object]]:
    return [row for row in rows if row["kind"] == kind]


def test_failures_of_sshd_are_told_by_organisation_network_and_user() -> None:
    rows = observed(
        MODEL,
        "auth",
        *(ssh("Failed", "a.hoxha", "45.9.9.1", minute) for minute in range(4)),
        ssh("Failed", "B.Leka", "45.9.9.2"),
        ssh("Failed", "d.sina", "45.9.9.3"),
        ssh("Accepted", "c.gega", "192.0.2.7"),
    )
    (whole,), (network,), (user,) = (of_kind(rows, kind) for kind in ("organisation", "network", "user"))
    assert set(whole["failed"]) == {f"{user} from 45.9.9.0/24" for user in ("a.hoxha", "b.leka", "d.sina")}
    assert whole["users"] == ["c.gega"]
    assert network["kulla.entity"] == "45.9.9.0/24"
    assert (user["kulla.entity"], user["tries"]) == ("a.hoxha", 4)


def test_a_typing_error_is_no_failure_of_a_spray() -> None:
    rows = observed(MODEL, "auth", ssh("Failed", "a.hoxha", "192.0.2.7"), ssh("Accepted", "a.hoxha", "192.0.2.7", 2))
    (whole,) = of_kind(rows, "organisation")
    assert whole["failed"] == []


def test_keycloak_failures_count() -> None:
    rows = observed(MODEL, "keycloak", *(keycloak(f"user{n}", "45.9.9.1") for n in range(5)))
    (network,) = of_kind(rows, "network")
    assert len(network["failed"]) == 5


@pytest.mark.parametrize("victims", [8, 30])
def test_one_try_for_each_user_from_new_networks_is_a_spray(victims: int) -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    whole = next(row for row in normal.to_pylist() if row["kind"] == "organisation")
    users = sorted(fitted.users)[:victims]
    spray = whole | {"failed": [f"{user} from 45.{n}.9.0/24" for n, user in enumerate(users)]}
    unknown = whole | {"failed": [f"nobody{n} from 45.{n}.9.0/24" for n in range(victims)]}
    values = fitted.score(pa.Table.from_pylist([spray, unknown], schema=normal.schema)).values
    assert values[0] > 12
    assert values[1] < 4


def test_an_alert_rests_on_the_failures() -> None:
    ordinary = [ssh("Accepted", f"user{n}", "192.0.2.7", n % 30) for n in range(40)]
    rows = observed(MODEL, "auth", *ordinary, ssh("Failed", "a.hoxha", "45.9.9.1", 50))
    failed = observed(
        MODEL, "auth", *ordinary, ssh("Failed", "a.hoxha", "45.9.9.1", 50), ssh("Accepted", "x", "192.0.2.8", 55)
    )
    (whole,) = of_kind(rows, "organisation")
    assert whole["kulla.events"][0] == of_kind(failed, "organisation")[0]["kulla.events"][0]
    assert whole["kulla.events"][0] != of_kind(observed(MODEL, "auth", *ordinary), "organisation")[0]["kulla.events"][0]
