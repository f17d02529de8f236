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
# What winlogbeat's module leaves out and responders ask for: "Advanced security audit policy settings" and the pages of
# the single events at https://learn.microsoft.com/windows/security/threat-protection/auditing/
_LEFT_OUT: Final[dict[str, Action]] = {
    "1101": (_CONF, ("error",), "audit-events-dropped"),
    "4608": (("host",), _START, "system-started"),
    "4609": (("host",), _END, "system-stopped"),
    "4618": (("intrusion_detection",), ("info",), "monitored-event-pattern-occurred"),
    "4649": (("authentication", "intrusion_detection"), _START, "replay-attack-detected"),
    "4692": (_IAM, _ACCESS, "data-protection-key-backed-up"),
    "4693": (_IAM, _ACCESS, "data-protection-key-recovered"),
    "4704": (_IAM, ("user", "change"), "user-right-assigned"),
    "4705": (_IAM, ("user", "change"), "user-right-removed"),
    "4765": (_IAM, _USER_CHANGE, "sid-history-added"),
    "4766": (_IAM, _USER_CHANGE, "sid-history-add-failed"),
    "4772": (_AUTH, _START, "kerberos-ticket-request-failed"),
    "4773": (_AUTH, _START, "kerberos-ticket-request-failed"),
    "4777": (_AUTH, _START, "credential-validation-failed"),
    "4780": (_IAM, _ADMIN_CHANGE, "administrators-permissions-set"),
    "4782": (_IAM, ("user", "access"), "password-hash-accessed"),
    "4794": (_IAM, _USER_CHANGE, "directory-restore-password-set"),
    "4797": (_IAM, ("user", "info"), "blank-password-queried"),
    "4800": (("session",), _END, "workstation-locked"),
    "4801": (("session",), _START, "workstation-unlocked"),
    "4802": (("session",), ("info",), "screen-saver-started"),
    "4803": (("session",), ("info",), "screen-saver-ended"),
    "4865": (_CONF, ("creation",), "trusted-forest-added"),
    "4866": (_CONF, ("deletion",), "trusted-forest-removed"),
    "4867": (_CONF, _CHANGE, "trusted-forest-changed"),
    "4870": (_IAM_CONF, ("deletion",), "certificate-revoked"),
    "4882": (_IAM_CONF, _ADMIN_CHANGE, "certificate-authority-permissions-changed"),
    "4885": (_CONF, _CHANGE, "certificate-authority-audit-changed"),
    "4886": (_IAM, ("creation",), "certificate-requested"),
    "4887": (_IAM, ("creation", "allowed"), "certificate-issued"),
    "4888": (_IAM, ("creation", "denied"), "certificate-denied"),
    "4890": (_CONF, _CHANGE, "certificate-authority-settings-changed"),
    "4892": (_CONF, _CHANGE, "certificate-authority-property-changed"),
    "4896": (_CONF, ("deletion",), "certificate-database-rows-deleted"),
    "4898": (_CONF, _ACCESS, "certificate-template-loaded"),
    "4899": (_CONF, _CHANGE, "certificate-template-changed"),
    "4900": (_IAM_CONF, _ADMIN_CHANGE, "certificate-template-permissions-changed"),
    "4928": (_CONF, ("creation",), "replica-source-established"),
    "4929": (_CONF, ("deletion",), "replica-source-removed"),
    "4946": (_CONF, ("creation",), "windows-firewall-rule-added"),
    "4947": (_CONF, _CHANGE, "windows-firewall-rule-changed"),
    "4948": (_CONF, ("deletion",), "windows-firewall-rule-deleted"),
    "5038": (("driver", "file"), ("error",), "invalid-file-hash"),
    "5142": (_CONF, ("creation",), "network-share-added"),
    "5143": (_CONF, _CHANGE, "network-share-changed"),
    "5144": (_CONF, ("deletion",), "network-share-deleted"),
    "5376": (_IAM, ("user", "access"), "credential-manager-credentials-backed-up"),
    "5377": (_IAM, ("user", "change"), "credential-manager-credentials-restored"),
    "5378": (_AUTH, ("start", "denied"), "credential-delegation-refused"),
    "5379": (_IAM, ("user", "access"), "credential-manager-credentials-read"),
    "5382": (_IAM, ("user", "access"), "vault-credentials-read"),
    "5632": (_AUTH, _START, "wireless-authentication-requested"),
    "5633": (_AUTH, _START, "wired-authentication-requested"),
    "6281": (("driver", "file"), ("error",), "invalid-page-hash"),
    "6416": (("host",), ("info",), "external-device-recognised"),
    "6419": (("host",), _CHANGE, "device-disable-requested"),
    "6420": (("host",), _CHANGE, "device-disabled"),
    "6421": (("host",), _CHANGE, "device-enable-requested"),
    "6422": (("host",), _CHANGE, "device-enabled"),
    "6423": (("host",), ("denied",), "device-installation-forbidden"),
    "6424": (("host",), ("allowed",), "device-installation-allowed"),
}  # fmt: skip
ACTIONS.update(_LEFT_OUT)
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
