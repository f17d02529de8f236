"""What actions of GitHub's audit log mean: code that is read is no change, and who may do what is `iam`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import one


def event(action: str, **more: Any) -> dict[str, Any]:
    record = {"@timestamp": 1709471106123, "_document_id": "d1", "action": action, "actor": "eva", "org": "tax"}
    return one("github_audit", json.dumps(record | more))


@pytest.mark.parametrize(
    ("action", "types"),
    [
        ("git.clone", {"access", "info"}),
        ("git.fetch", {"access", "info"}),
        ("git.push", {"change", "info"}),
        ("repo.download_zip", {"access", "info"}),
        ("repo.destroy", {"change", "deletion", "info"}),
        ("protected_branch.create", {"change", "creation", "info"}),
        ("protected_branch.policy_override", {"change", "allowed", "info"}),
        ("protected_branch.rejected_ref_update", {"change", "denied", "info"}),
        ("secret_scanning_push_protection.bypass", {"change", "allowed", "info"}),
        ("secret_scanning.disable", {"change", "info"}),
        ("dependabot_alerts.disable", {"change", "info"}),
        ("org.remove_member", {"change", "deletion", "info", "user"}),
        ("org.block_user", {"change", "denied", "info", "user"}),
        ("org.unblock_user", {"change", "info", "user"}),
        ("team.add_repository", {"change", "creation", "info", "group"}),
        ("repo.access", {"change", "info"}),  # its visibility was changed,
    ],
)
def test_the_types_of_an_action(action: str, types: set[str]) -> None:
    fields = event(action)
    assert set(fields["event.type"]) == types
    assert fields["event.category"][:2] == ("configuration", "web")


@pytest.mark.parametrize("action", ["org.add_member", "team.create", "personal_access_token.create", "role.update"])
def test_who_may_do_what_is_iam(action: str) -> None:
    assert "iam" in event(action)["event.category"]


def test_what_is_done_to_code_is_not_iam() -> None:
    assert "iam" not in event("git.push")["event.category"]


def test_a_sign_in_has_an_outcome() -> None:
    assert event("user.login")["event.outcome"] == "success"
    assert event("user.failed_login")["event.outcome"] == "failure"
    assert event("user.login")["event.category"] == ("configuration", "web", "authentication")


def test_a_call_of_the_interface_has_its_answers_outcome() -> None:
    fields = event("api.request", status_code=403, request_method="DELETE")
    assert (fields["event.outcome"], fields["http.request.method"]) == ("failure", "DELETE")
    assert event("api.request", status_code=200)["event.outcome"] == "success"


def test_the_team_that_somebody_was_added_to() -> None:
    fields = event("team.add_member", user="mallory", team="tax/admins")
    assert (fields["user.target.name"], fields["user.target.group.name"]) == ("mallory", "tax/admins")
