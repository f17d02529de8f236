"""Auth0's log event type codes: what happened, whether it went well, and what it is in ECS.

Format: Auth0 documentation, "Log event type codes"; `event.action` is the code's meaning in words, as Elastic's
`auth0.logs` has it. Codes that are not in the table are classified by their first letter.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a code means: `event.action`, `.outcome`, `.category`, `.type` and the vendor's own words."""

    action: str
    outcome: str
    categories: tuple[str, ...] = ("authentication",)
    types: tuple[str, ...] = ("info",)


_LOGIN = ("authentication",)
_SESSION = ("authentication", "session")
_EXCHANGE = ("authentication", "network", "web")
_MANAGED = ("authentication", "web", "iam")
_USER = ("authentication", "iam")
_ATTACK = ("authentication", "intrusion_detection")
_NETWORK = ("authentication", "network")
_GOOD, _BAD, _NEITHER = "success", "failure", "unknown"

# codes of the same kind: outcome, category, types, and the action of each code
_ROWS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], dict[str, str]], ...] = (
    (
        _GOOD,
        _SESSION,
        ("info", "start"),
        {
            "s": "successful-login",
            "scoa": "successful-cross-origin-authentication",
            "sens": "successful-native-social-login",
        },
    ),
    (_GOOD, _SESSION, ("info", "end"), {"slo": "user-logout-successful"}),
    (_BAD, _SESSION, ("info",), {"flo": "user-logout-failed"}),
    (_GOOD, _LOGIN, ("info",), {"ssa": "successful-silent-authentication"}),
    (
        _BAD,
        _LOGIN,
        ("info",),
        {
            "f": "failed-login",
            "fc": "failed-connector-login",
            "fco": "origin-not-allowed",
            "fcoa": "failed-cross-origin-authentication",
            "fens": "failed-native-social-login",
            "fp": "incorrect-password",
            "fn": "failed-to-send-email-notification",
            "fv": "failed-to-send-verification-email",
            "fvr": "failed-to-process-verification-email",
            "fdecc": "user-device-not-confirmed",
            "gd_auth_failed": "mfa-auth-failed",
            "gd_auth_rejected": "mfa-auth-rejected",
            "gd_recovery_failed": "mfa-recovery-failed",
            "gd_otp_rate_limit_exceed": "mfa-otp-rate-limit-exceeded",
        },
    ),
    (_BAD, _ATTACK, ("info", "denied"), {"fu": "invalid-username-or-email", "fsa": "failed-silent-authentication"}),
    (_BAD, _USER, ("info", "creation", "user"), {"fs": "user-signup-failed"}),
    (
        _BAD,
        _USER,
        ("change", "user"),
        {
            "fce": "failed-to-change-user-email",
            "fcp": "failed-to-change-password",
            "fcpn": "failed-to-change-phone-number",
            "fcpr": "failed-change-password-request",
            "fcu": "failed-to-change-username",
        },
    ),
    (
        _BAD,
        _USER,
        ("info", "user"),
        {"fd": "failed-to-generate-delegation-token", "fdeaz": "failed-device-authorization-request"},
    ),
    (_BAD, _USER, ("deletion", "user"), {"fdu": "failed-user-deletion"}),
    (_BAD, ("authentication", "web"), ("info", "error"), {"fapi": "failed-mgmt-api-operation"}),
    (_GOOD, _MANAGED, ("info", "access", "change"), {"sapi": "success-mgmt-api-op"}),
    (_GOOD, _MANAGED, ("info", "access"), {"mgmt_api_read": "success-mgmt-api-op-secrets-returned"}),
    (
        _GOOD,
        _USER,
        ("change", "user"),
        {
            "sce": "success-change-email",
            "scp": "success-change-password",
            "scpn": "success-change-phone-number",
            "scpr": "success-change-password-request",
            "scu": "success-change-username",
        },
    ),
    (_GOOD, _USER, ("deletion", "user"), {"sdu": "successful-user-deletion"}),
    (_NEITHER, _USER, ("info", "deletion", "user"), {"du": "user-deleted"}),
    (
        _NEITHER,
        _ATTACK,
        ("info", "denied"),
        {
            "limit_mu": "hundred-failed-logins-ip-address-blocked",
            "limit_wc": "ten-failed-logins-ip-address-blocked",
            "limit_sul": "blocked-account",
            "pwd_leak": "breached-password-used",
            "signup_pwd_leak": "breached-password-used-at-signup",
            "reset_pwd_leak": "breached-password-used-at-reset",
        },
    ),
    (
        _NEITHER,
        _NETWORK,
        ("info", "access"),
        {"api_limit": "max-requests-reached", "limit_delegation": "rate-limit-exceeded-to-delegation-endpoint"},
    ),
    (
        _NEITHER,
        _LOGIN,
        ("info",),
        {
            "w": "warnings-during-login",
            "ss": "success-signup",
            "cs": "passwordless-login-code-sent",
            "cls": "passwordless-login-code-link-sent",
            "depnote": "deprecation-notice",
            "gd_start_auth": "mfa-auth-started",
            "gd_send_sms": "mfa-sms-sent",
            "gd_send_pn": "mfa-push-notification-sent",
            "mfar": "mfa-required",
        },
    ),
    (
        _GOOD,
        _LOGIN,
        ("info",),
        {
            "sv": "success-verification-email",
            "svr": "success-verification-email-request",
            "gd_auth_succeed": "mfa-auth-success",
            "gd_enrollment_complete": "mfa-enrollment-complete",
            "gd_recovery_succeed": "mfa-recovery-success",
            "gd_unenroll": "mfa-device-unenrolled",
            "gd_update_device_account": "mfa-device-updated",
        },
    ),
    (_NEITHER, ("authentication", "configuration"), ("change",), {"admin_update_launch": "auth0-update-launched"}),
    (_BAD, _MANAGED, ("info", "user", "error"), {"fui": "failed-to-import-users"}),
)
# what is exchanged for an access token; `se` before the code is a success, `fe` a failure
_EXCHANGES = {
    "acft": "auth-code-for-access-token",
    "ccft": "access-token-for-client-cred-grant",
    "de": "device-code-for-access-token",
    "oobft": "password-oob-challenge-for-access-token",
    "otpft": "password-otp-challenge-for-access-token",
    "pft": "password-for-access-token",
    "potpft": "passwordless-otp-for-access-token",
    "rcft": "password-mfa-recovery-code-for-access-token",
    "rrt": "rotating-refresh-token",
    "rtft": "refresh-token-for-access-token",
}


def _table() -> dict[str, Meaning]:
    table = {
        code: Meaning(action=action, outcome=outcome, categories=categories, types=types)
        for outcome, categories, types, actions in _ROWS
        for code, action in actions.items()
    }
    for code, what in _EXCHANGES.items():
        table[f"se{code}"] = Meaning(
            action=f"success-exchange-{what}",
            outcome=_GOOD,
            categories=_EXCHANGE,
            types=("info", "protocol", "access"),
        )
        table[f"fe{code}"] = Meaning(
            action=f"failed-exchange-{what}", outcome=_BAD, categories=_EXCHANGE, types=("info", "protocol", "error")
        )
    return table


_MEANINGS = _table()


def meaning(code: str) -> Meaning:
    """Return what a type code means; an unknown one is a success where it begins with `s`, a failure with `f`."""
    known = _MEANINGS.get(code)
    if known is not None:
        return known
    outcome = {"s": "success", "f": "failure"}.get(code[:1], "unknown") if len(code) <= 8 else "unknown"
    return Meaning(action=code or "unknown", outcome=outcome)
