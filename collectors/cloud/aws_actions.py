"""What an AWS API call is in ECS: category and types, by service and by the verb its name begins with.

Names: AWS service authorization reference, IAM and STS API reference, CloudTrail's AWS console sign-in events.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

Classified: TypeAlias = "tuple[tuple[str, ...], tuple[str, ...]]"

_IAM = frozenset(
    (
        *("iam.amazonaws.com", "sso.amazonaws.com", "sso-directory.amazonaws.com", "identitystore.amazonaws.com"),
        *("organizations.amazonaws.com", "cognito-idp.amazonaws.com", "ds.amazonaws.com"),
    )
)
_SIGN_IN = frozenset(
    (
        *("ConsoleLogin", "CheckMfa", "AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot"),
        *("GetFederationToken", "GetSessionToken", "GetSigninToken", "SwitchRole", "ExitRole", "Federate"),
        *("Authenticate", "UserAuthentication", "CredentialChallenge", "CredentialVerification"),
        *("RenewRole", "SwitchRoleFinish", "AssumeRoleForPodIdentity"),
    )
)
_VERB = re.compile(r"[A-Z][a-z]+", re.ASCII)


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_READS = _words("Get List Describe Head Lookup Search Scan Query Select Batch Check Validate Simulate Preview Estimate")
_VERBS: dict[str, str] = {
    **dict.fromkeys(
        _words("Create Add Register Allocate Import Issue Request Run Launch Copy Publish Restore"), "creation"
    ),
    **dict.fromkeys(
        _words("Delete Remove Deregister Release Terminate Purge Revoke Cancel Destroy Leave Disassociate"), "deletion"
    ),
    **dict.fromkeys(
        _words(
            """Update Put Set Modify Attach Detach Associate Enable Disable Change Tag Untag Start Stop Reboot Replace
            Rotate Reset Authorize Deactivate Activate Upload Transfer Apply Resize Move Rename Invite Accept"""
        ),
        "change",
    ),
}
_RUNS = {"Start": "start", "Run": "start", "Launch": "start", "Stop": "end", "Terminate": "end"}


@lru_cache(maxsize=8192)
def classify(service: str, action: str) -> Classified:
    """Return `event.category` and `event.type` of a call of a service (`iam.amazonaws.com`, `CreateUser`).

    Every call came over the network, so `network` and `access` are always among them. An attempt is classified like
    the call itself; `event.outcome` tells whether it went through.
    """
    match = _VERB.match(action)
    verb = match[0] if match else ""
    kind = "access" if verb in _READS else _VERBS.get(verb, "")
    if action in _SIGN_IN:
        return ("authentication",) if action == "ConsoleLogin" else ("authentication", "network"), _login_types(action)
    types = tuple(dict.fromkeys(part for part in (_of_iam(service, action), kind, "access") if part))
    if service in _IAM:
        return ("iam", "network"), types
    return (*_categories(service, verb), "network"), types


def _login_types(action: str) -> tuple[str, ...]:
    return ("start", "allowed") if action == "ConsoleLogin" else ("start", "access")


def _of_iam(service: str, action: str) -> str:
    """Return whether a call is about a user or a group; `AddUserToGroup` is about the group."""
    if service not in _IAM:
        return ""
    return "group" if "Group" in action else "user" if "User" in action or "LoginProfile" in action else ""


def _categories(service: str, verb: str) -> tuple[str, ...]:
    name = service.removesuffix(".amazonaws.com")
    if name in {"ec2", "ecs", "lambda", "eks"} and verb in _RUNS:
        return ("host", "configuration")
    if name in {"s3", "s3express", "glacier", "elasticfilesystem"} and verb in _READS:
        return ("file",)
    if name in {"rds", "dynamodb", "redshift", "rds-data", "docdb"}:
        return ("database",) if verb in _READS else ("database", "configuration")
    return () if verb in _READS else ("configuration",)
