"""HashiCorp Vault: log-ins, secrets asked for, refusals, and the server's own log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def audit(path: str, operation: str = "update", *, kind: str = "response", error: str = "", **more: object) -> str:
    document: dict[str, object] = {
        "time": "2024-03-05T09:12:44.409126389Z",
        "type": kind,
        "auth": {"display_name": "userpass-ana", "policies": ["admin"], "entity_id": "e1", "token_type": "service"},
        "request": {
            "id": "r1",
            "operation": operation,
            "path": path,
            "remote_address": "192.0.2.4",
            "remote_port": 4711,
        },
    }
    if error:
        document["error"] = error
    return json.dumps(document | more)


def seen(text: str) -> dict[str, Any]:
    return one("hashicorp_vault", text)


def test_a_secret_that_was_read_names_who_asked_from_where() -> None:
    fields = seen(audit("secret/data/tax", "read"))
    assert (fields["event.type"], fields["event.outcome"], fields["event.action"]) == (("access",), "success", "read")
    assert (fields["user.name"], fields["user.id"], fields["user.roles"]) == ("userpass-ana", "e1", ["admin"])
    assert (fields["source.ip"], fields["source.port"], fields["url.path"]) == ("192.0.2.4", 4711, "secret/data/tax")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.409126")


def test_what_was_refused_is_told() -> None:
    fields = seen(audit("secret/data/tax", "read", error="1 error occurred:\n\t* permission denied\n\n"))
    assert (fields["event.outcome"], fields["event.type"]) == ("failure", ("access", "denied"))


def test_a_log_in_is_of_whom_the_answer_names() -> None:
    answer = {"auth": {"display_name": "userpass-eva", "metadata": {"username": "eva"}, "entity_id": "e2"}}
    fields = seen(audit("auth/userpass/login/eva", auth={}, response=answer))
    assert (fields["event.category"], fields["event.type"]) == (("authentication",), ("start",))
    assert (fields["user.name"], fields["user.id"], fields["event.outcome"]) == ("eva", "e2", "success")


def test_a_refused_log_in_is_of_the_account_in_its_path() -> None:
    fields = seen(audit("auth/userpass/login/eva", auth={}, error="invalid username or password"))
    assert (fields["user.name"], fields["event.outcome"], fields["event.type"]) == ("eva", "failure", ("start",))


@pytest.mark.parametrize(
    ("path", "operation", "category", "kind"),
    [
        ("sys/policies/acl/root2", "update", "iam", "change"),
        ("identity/entity", "create", "iam", "creation"),
        ("auth/token/create", "update", "iam", "change"),
        ("sys/audit/file", "delete", "authentication", "deletion"),
    ],
)
def test_a_path_says_category_and_an_operation_the_type(path: str, operation: str, category: str, kind: str) -> None:
    fields = seen(audit(path, operation))
    assert (fields["event.category"][0], fields["event.type"]) == (category, (kind,))


def test_the_servers_log_is_read() -> None:
    said = {"@level": "error", "@message": "seal failed", "@module": "core", "error": "x"}
    text = json.dumps(said | {"@timestamp": "2024-03-05T09:12:44.182327Z"})
    fields = seen(text)
    assert (fields["log.level"], fields["log.logger"], fields["message"]) == ("error", "core", "seal failed")
    assert (fields["event.type"], fields["event.dataset"]) == (("error",), "hashicorp_vault.log")
    assert known_as(text) == known_as(audit("sys/health")) == "hashicorp_vault"


def test_what_is_neither_is_a_dead_letter() -> None:
    events, dead = read("hashicorp_vault", audit("sys/health") + '\n{"type": "request"}\n')
    assert (len(events), len(dead)) == (1, 1)
