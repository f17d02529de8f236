"""What the events of the Security channel are in ECS: category, type and action by event id.

Names and categories as winlogbeat's Security module has them; ids that it leaves out (shares, firewall filter,
directory changes, certificates, devices) after ECS's definitions of the categories.
"""

from __future__ import annotations

from typing import Final

_IAM: Final = ("iam",)
_IAM_CONF: Final = ("iam", "configuration")
_CONF: Final = ("configuration",)
_AUTH: Final = ("authentication",)
_ADMIN: Final = ("admin",)
_ADMIN_CHANGE: Final = ("admin", "change")
_CHANGE: Final = ("change",)
_ACCESS: Final = ("access",)
_START: Final = ("start",)
_END: Final = ("end",)
_USER_CHANGE: Final = ("user", "change")
_GROUP: Final = {"added": "creation", "modified": "change", "changed": "change", "deleted": "deletion"}

Action = tuple[tuple[str, ...], tuple[str, ...], str]

ACTIONS: Final[dict[str, Action]] = {
    "1100": (("process",), _END, "logging-service-shutdown"),
    "1102": (_IAM, _ADMIN_CHANGE, "audit-log-cleared"),
    "1104": (_IAM, _ADMIN, "logging-full"),
    "1105": (_IAM, _ADMIN, "auditlog-archieved"),
    "1108": (_IAM, _ADMIN, "logging-processing-error"),
    "4610": (_CONF, _ACCESS, "authentication-package-loaded"),
    "4611": (_CONF, _CHANGE, "trusted-logon-process-registered"),
    "4614": (_CONF, _ACCESS, "notification-package-loaded"),
    "4616": (_CONF, _CHANGE, "system-time-changed"),
    "4622": (_CONF, _ACCESS, "security-package-loaded"),
    "4624": (_AUTH, _START, "logged-in"),
    "4625": (_AUTH, _START, "logon-failed"),
    "4634": (_AUTH, _END, "logged-out"),
    "4647": (_AUTH, _END, "logged-out"),
    "4648": (_AUTH, _START, "logged-in-explicit"),
    "4657": (("registry", "configuration"), _CHANGE, "registry-value-modified"),
    "4670": (_IAM_CONF, _ADMIN_CHANGE, "permissions-changed"),
    "4672": (_IAM, _ADMIN, "logged-in-special"),
    "4673": (_IAM, _ADMIN, "privileged-service-called"),
    "4674": (_IAM, _ADMIN, "privileged-operation"),
    "4688": (("process",), _START, "created-process"),
    "4689": (("process",), _END, "exited-process"),
    "4697": (_IAM_CONF, _ADMIN_CHANGE, "service-installed"),
    "4698": (_IAM_CONF, ("creation", "admin"), "scheduled-task-created"),
    "4699": (_IAM_CONF, ("deletion", "admin"), "scheduled-task-deleted"),
    "4700": (_IAM_CONF, ("change", "admin"), "scheduled-task-enabled"),
    "4701": (_IAM_CONF, ("change", "admin"), "scheduled-task-disabled"),
    "4702": (_IAM_CONF, ("change", "admin"), "scheduled-task-updated"),
    "4706": (_CONF, ("creation",), "domain-trust-added"),
    "4707": (_CONF, ("deletion",), "domain-trust-removed"),
    "4713": (_CONF, _CHANGE, "kerberos-policy-changed"),
    "4714": (_CONF, _CHANGE, "encrypted-data-recovery-policy-changed"),
    "4715": (_CONF, _CHANGE, "object-audit-policy-changed"),
    "4716": (_CONF, _CHANGE, "trusted-domain-information-changed"),
    "4717": (_IAM_CONF, _ADMIN_CHANGE, "system-security-access-granted"),
    "4718": (_IAM_CONF, ("admin", "deletion"), "system-security-access-removed"),
    "4719": (_IAM_CONF, _ADMIN_CHANGE, "changed-audit-config"),
    "4720": (_IAM, ("user", "creation"), "added-user-account"),
    "4722": (_IAM, _USER_CHANGE, "enabled-user-account"),
    "4723": (_IAM, _USER_CHANGE, "changed-password"),
    "4724": (_IAM, _USER_CHANGE, "reset-password"),
    "4725": (_IAM, ("user", "deletion"), "disabled-user-account"),
    "4726": (_IAM, ("user", "deletion"), "deleted-user-account"),
    "4738": (_IAM, _USER_CHANGE, "modified-user-account"),
    "4739": (_CONF, _CHANGE, "domain-policy-changed"),
    "4740": (_IAM, _USER_CHANGE, "locked-out-user-account"),
    "4741": (_IAM, ("creation", "admin"), "added-computer-account"),
    "4742": (_IAM, ("change", "admin"), "changed-computer-account"),
    "4743": (_IAM, ("deletion", "admin"), "deleted-computer-account"),
    "4764": (_IAM, ("group", "change"), "type-changed-group-account"),
    "4767": (_IAM, _USER_CHANGE, "unlocked-user-account"),
    "4768": (_AUTH, _START, "kerberos-authentication-ticket-requested"),
    "4769": (_AUTH, _START, "kerberos-service-ticket-requested"),
    "4770": (_AUTH, _START, "kerberos-service-ticket-renewed"),
    "4771": (_AUTH, _START, "kerberos-preauth-failed"),
    "4776": (_AUTH, _START, "credential-validated"),
    "4778": (("authentication", "session"), _START, "session-reconnected"),
    "4779": (("authentication", "session"), _END, "session-disconnected"),
    "4781": (_IAM, _USER_CHANGE, "renamed-user-account"),
    "4798": (_IAM, ("user", "info"), "group-membership-enumerated"),
    "4799": (_IAM, ("group", "info"), "user-member-enumerated"),
    "4817": (_IAM_CONF, _ADMIN_CHANGE, "object-audit-changed"),
    "4902": (_IAM_CONF, ("admin", "creation"), "user-audit-policy-created"),
    "4904": (_IAM_CONF, _ADMIN_CHANGE, "security-event-source-added"),
    "4905": (_IAM_CONF, ("admin", "deletion"), "security-event-source-removed"),
    "4906": (_IAM_CONF, _ADMIN_CHANGE, "crash-on-audit-changed"),
    "4907": (_IAM_CONF, _ADMIN_CHANGE, "audit-setting-changed"),
    "4908": (_IAM_CONF, _ADMIN_CHANGE, "special-group-table-changed"),
    "4912": (_IAM_CONF, _ADMIN_CHANGE, "per-user-audit-policy-changed"),
    "4950": (_CONF, _CHANGE, "windows-firewall-setting-changed"),
    "4954": (_CONF, _CHANGE, "windows-firewall-group-policy-changed"),
    "4964": (_IAM, ("admin", "group"), "logged-in-special"),
    "5024": (("process",), _START, "windows-firewall-service-started"),
    "5025": (("process",), _END, "windows-firewall-service-stopped"),
    "5033": (("driver",), _START, "windows-firewall-driver-started"),
    "5034": (("driver",), _END, "windows-firewall-driver-stopped"),
    "5037": (("driver",), _END, "windows-firewall-driver-error"),
}  # fmt: skip
_SECURITY_GROUPS: Final = {
    "added-group-account": ("4727", "4731", "4754"),
    "modified-group-account": ("4735", "4737", "4755"),
    "deleted-group-account": ("4730", "4734", "4758"),
    "added-distribution-group-account": ("4744", "4749", "4759"),
    "changed-distribution-group-account": ("4745", "4750", "4760"),
    "deleted-distribution-group-account": ("4748", "4753", "4763"),
}
_MEMBERS: Final = {
    "added-member-to-group": ("4728", "4732", "4756"),
    "removed-member-from-group": ("4729", "4733", "4757"),
    "added-member-to-distribution-group": ("4746", "4751", "4761"),
    "removed-member-from-distribution-group": ("4747", "4752", "4762"),
}
for _action, _codes in _SECURITY_GROUPS.items():
    ACTIONS.update({code: (_IAM, ("group", _GROUP[_action.partition("-")[0]]), _action) for code in _codes})
for _action, _codes in _MEMBERS.items():
    ACTIONS.update(dict.fromkeys(_codes, (_IAM, ("group", "change"), _action)))

GROUP_EVENTS: Final = frozenset(
    code for codes in (*_SECURITY_GROUPS.values(), *_MEMBERS.values()) for code in codes
) | {"4764", "4799"}  # fmt: skip
