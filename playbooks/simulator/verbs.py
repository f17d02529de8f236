"""The statements that the simulator understands, one line each: what they change, and in which state that leaves it.

A row is a pattern over one statement of one platform, whose group `of` names the thing, and what it does. To teach the
simulator another command, add a row; what no row knows shows as unknown in `kulla playbooks check`. Patterns are made
of plain character classes, without nested repetition, and see commands of playbooks only, never log content as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from playbooks.simulator.world import PART, Act, Change

_WORD = r"""(?:"[^"]*"|'[^']*'|[^\s;|&'"(){}])+"""
_ARG = rf"(?P<of>\((?:[^()]|\([^()]*\))*\)|{_WORD})"
_ALIAS = re.compile(rf"\$(?P<name>\w+) = Get-\w+ -(?:UserId|Identity) (?P<of>{_WORD})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One row: the pattern, what it does, to which thing (`{of}` is the pattern's group), and the states around it."""

    pattern: re.Pattern[str]
    act: Act
    thing: str
    becomes: str = ""
    was: str | None = None


def _toggle(on: str, off: str, thing: str, states: tuple[str, str] = ("on", "off")) -> tuple[Verb, Verb]:
    """Return two rows, each the inverse of the other."""
    yes, no = states
    return (
        Verb(pattern=_compiled(on), act="set", thing=thing, becomes=yes, was=no),
        Verb(pattern=_compiled(off), act="set", thing=thing, becomes=no, was=yes),
    )


def _row(act: Act, pattern: str, thing: str = "", becomes: str = "", was: str | None = None) -> Verb:
    return Verb(pattern=_compiled(pattern), act=act, thing=thing, becomes=becomes, was=was)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("ARG", _ARG).replace("WORD", _WORD), re.IGNORECASE)


_THERE = ("there", "not there")
_AWAY = r"(?:\$Case|'C:\\kulla-quarantine')"  # where files are kept away: the case folder, or beside it on the machine
_WINDOWS: tuple[Verb, ...] = (
    *_toggle(r"\bEnable-ADAccount -Identity ARG", r"\bDisable-ADAccount -Identity ARG", "directory account {of}"),
    *_toggle(r"-UserId ARG -AccountEnabled:\$true", r"-UserId ARG -AccountEnabled:\$false", "cloud account {of}"),
    *_toggle(
        r"-ServicePrincipalId ARG -AccountEnabled:\$true",
        r"-ServicePrincipalId ARG -AccountEnabled:\$false",
        "service principal {of}",
    ),
    *_toggle(
        r"-ConditionalAccessPolicyId ARG -State enabled",
        r"-ConditionalAccessPolicyId ARG -State disabled",
        "access policy {of}",
    ),
    *_toggle(
        r"\bNew-NetFirewallRule -(?:Display)?Name ARG",
        r"\bRemove-NetFirewallRule -(?:Display)?Name ARG",
        f"firewall of {{host}}{PART}rule {{of}}",
        _THERE,
    ),
    *_toggle(
        r"\bEnable-NetFirewallRule", r"\bDisable-NetFirewallRule", f"firewall of {{host}}{PART}the rules in force"
    ),
    *_toggle(r"\bEnable-InboxRule", r"\bDisable-InboxRule", "forwarding rules of {mailbox}"),
    *_toggle(
        r"\bAdd-ADGroupMember .{0,120}-Members ARG", r"\bRemove-ADGroupMember .{0,120}-Members ARG", "groups of {of}"
    ),
    *_toggle(
        r"\bNew-MgRoleManagementDirectoryRoleAssignment",
        r"\bRemove-MgRoleManagementDirectoryRoleAssignment",
        "directory roles",
    ),
    *_toggle(
        r"\bNew-ManagementRoleAssignment .{0,160}-Role (?P<of>\w+)",
        r"-Role (?P<of>\w+) \| Remove-ManagementRoleAssignment",
        "mail role {of}",
    ),
    *_toggle(r"\bAdd-MailboxPermission", r"\bRemove-MailboxPermission", "mailbox permissions"),
    *_toggle(r"\bResume-MailboxExportRequest", r"\bSuspend-MailboxExportRequest", "mailbox exports"),
    *_toggle(
        r"\bNew-TenantAllowBlockListItems -ListType (?P<of>\w+)",
        r"\bRemove-TenantAllowBlockListItems -ListType (?P<of>\w+)",
        "tenant block list, {of}",
        _THERE,
    ),
    *_toggle(r"\bGrant-SmbShareAccess -Name ARG", r"\bRevoke-SmbShareAccess -Name ARG", "rights of share {of}"),
    *_toggle(r"\bApprove-WsusUpdate", r"\bDeny-WsusUpdate", "approval of updates"),
    *_toggle(r"\bALTER LOGIN \[.{0,80}\] ENABLE", r"\bALTER LOGIN \[.{0,80}\] DISABLE", "database login"),
    *_toggle(r"@enabled = 1", r"@enabled = 0", "database job"),
    *_toggle(r"\bEnable-ScheduledTask -TaskName ARG", r"\bDisable-ScheduledTask -TaskName ARG", "task {of} on {host}"),
    *_toggle(
        r"\bNew-CimInstance .{0,80}__FilterToConsumerBinding",
        r"__FilterToConsumerBinding .{0,160}\| Remove-CimInstance",
        "WMI binding on {host}",
        _THERE,
    ),
    *_toggle(r"\bStart-VMHostService", r"\bStop-VMHostService", "shell of the hypervisors", ("runs", "stopped")),
    *_toggle(
        r"\bSet-VMHostService .{0,80}-Policy (?!Off)",
        r"\bSet-VMHostService .{0,80}-Policy Off",
        "start of the hypervisors' shell",
    ),
    *_toggle(r"\bNew-TransportRule -Name ARG", r"\bRemove-TransportRule ARG", "mail rule {of}", _THERE),
    *_toggle(r"\bNew-GPO -Name ARG", r"\bRemove-GPO -Name ARG", "group policy {of}", _THERE),
    *_toggle(
        r"\bAdd-DnsServerQueryResolutionPolicy .{0,80}-Name ARG",
        r"\bRemove-DnsServerQueryResolutionPolicy .{0,80}-Name ARG",
        "name policy {of}",
        _THERE,
    ),
    *_toggle(r"\bStart-Service -Name ARG", r"\bStop-Service -Name ARG", "service {of} on {host}", ("runs", "stopped")),
    _row("set", r"\bSet-Service -Name ARG -StartupType Disabled", "start of service {of}", "disabled", "enabled"),
    _row("set", r"\bSet-Service -Name ARG -StartupType (?!Disabled)", "start of service {of}", "enabled", "disabled"),
    _row("set", rf"\bMove-Item -LiteralPath ARG -Destination \(Join-Path {_AWAY}", "file {of}", "away", "in place"),
    _row(
        "set",
        rf"\bMove-Item -LiteralPath \(Join-Path {_AWAY} .{{0,200}}-Destination ARG",
        "file {of}",
        "in place",
        "away",
    ),
    _row("save", r"advfirewall export", "firewall of {host}"),
    _row("restore", r"advfirewall import", "firewall of {host}"),
    _row("save", r"\breg(?:\.exe)? export (?P<of>[^\s]+)", "registry"),
    _row("restore", r"\breg(?:\.exe)? import", "registry"),
    _row("set", r"\bSet-ItemProperty -Path ARG -Name \w+", f"registry{PART}{{of}}", "changed"),
    _row("save", r"\bBackup-WebConfiguration", "web configuration"),
    _row("restore", r"\bRestore-WebConfiguration", "web configuration"),
    _row("set", r"\b(?:Add|Set|Remove)-WebConfigurationProperty", f"web configuration{PART}request filter", "changed"),
    _row("save", r"\bauditpol(?:\.exe)? /backup", "audit policy"),
    _row("restore", r"\bauditpol(?:\.exe)? /restore", "audit policy"),
    _row("set", r"\bauditpol(?:\.exe)? /set", f"audit policy{PART}categories", "changed"),
    _row("set", r"\bwevtutil(?:\.exe)? sl (?P<of>\w+)", "log channel {of}", "enlarged"),
    _row("set", r"\bSet-NetFirewallProfile", f"firewall of {{host}}{PART}profiles", "changed"),
    _row("set", r"\bSet-NetFirewallRule", f"firewall of {{host}}{PART}addresses", "changed"),
    _row("set", r"\bRemove-MpPreference -(?P<of>\w+)", "setting MpPreference {of}", "changed"),
    _row("set", r"\bUpdate-MgDomain -DomainId ARG", "federation of {of}", "managed"),
    _row("set", r"\.GpoStatus = ", "status of group policies", "disabled"),
    _row("set", r"\bSet-Acl -Path ARG", "rights on {of}", "changed"),
    _row("set", r"\bsp_configure ''xp_cmdshell'', 0", "database option xp_cmdshell", "off"),
    _row("set", r"\bWITH PASSW.RD", "password of the login", "new"),
    _row(
        "set", r"\b(?P<of>Remove-Mg(?:Oauth2PermissionGrant|ApplicationPassword|UserAuthentication\w+))", "{of}", "gone"
    ),
    _row("set", r"\bNew-ComplianceSearchAction .{0,80}-Purge", "the purged messages", "purged"),
    _row("pass", r"\b(?:Revoke-Mg\w*Session|Stop-Process|Start-ComplianceSearch|Update-MpSignature|gpupdate)"),
    _row("pass", r"\b(?:Restart-Service|New-ComplianceSearch\b|New-Item|Copy-Item|Connect-\w+)"),
    _row("pass", r"\b(?:Stop-ScheduledTask|Remove-DnsServerResourceRecord)"),
)
_UNIX: tuple[Verb, ...] = (
    *_toggle(r"\busermod --unlock .{0,40}-- ARG", r"\busermod --lock .{0,40}-- ARG", "account {of}"),
    *_toggle(r"\bip route add blackhole ARG", r"\bip route del blackhole ARG", "route to {of}", ("blocked", "open")),
    *_toggle(r"^table inet (?P<of>\w+)", r"\bnft delete table inet (?P<of>\w+)", "packet filter table {of}", _THERE),
    *_toggle(r"\bchattr -R \+i -- ARG", r"\bchattr -R -i -- ARG", "files in {of}", ("immutable", "changeable")),
    *_toggle(r"\bzfs hold \w+ ARG", r"\bzfs release \w+ ARG", "snapshot {of}", ("held", "free")),
    *_toggle(r"\bcreatedb (?P<of>\w+)", r"\bdropdb (?P<of>\w+)", "database {of}", _THERE),
    *_toggle(r"\bsystemctl start (?:-- )?ARG", r"\bsystemctl stop (?:-- )?ARG", "service {of}", ("runs", "stopped")),
    *_toggle(r"\bsystemctl unmask (?:-- )?ARG", r"\bsystemctl mask (?:-- )?ARG", "start of service {of}"),
    _row("set", r"\bsystemctl disable (?:--now )?(?:-- )?ARG", "start of service {of}", "off", "on"),
    _row("set", r"\bsystemctl enable --now (?:-- )?ARG", "service {of}", "runs", "stopped"),
    _row("set", r"\bsystemctl enable (?:--now )?(?:-- )?ARG", "start of service {of}", "on", "off"),
    *_toggle(r"\bchmod 755 -- ARG", r"\bchmod 000 -- ARG", "program {of}", ("may run", "may not run")),
    *_toggle(r"\bkill -CONT\b", r"\bkill -STOP\b", "the frozen process", ("runs", "frozen")),
    *_toggle(r"\bapt-mark unhold ARG", r"\bapt-mark hold ARG", "package {of}", ("updated", "held")),
    *_toggle(r"\bupdate ARG .{0,60}enabled=true", r"\bupdate ARG .{0,60}enabled=false", "{of} in Keycloak"),
    *_toggle(r"\bkcadm\.sh add-roles", r"\bkcadm\.sh remove-roles", "roles in Keycloak", _THERE),
    *_toggle(r'\bALTER ROLE :"(?P<of>\w+)" LOGIN', r'\bALTER ROLE :"(?P<of>\w+)" NOLOGIN', "database role {of}"),
    *_toggle(
        r'\bALTER ROLE :"(?P<of>\w+)" CONNECTION LIMIT -1',
        r'\bALTER ROLE :"(?P<of>\w+)" CONNECTION LIMIT 0',
        "connections of role {of}",
    ),
    *_toggle(r"\bkubectl uncordon ARG", r"\bkubectl (?:cordon|drain) ARG", "node {of}", ("takes pods", "takes none")),
    *_toggle(
        r"\bkubectl label .{0,120} (?P<of>[a-z-]+)=true",
        r"\bkubectl label .{0,120} (?P<of>[a-z-]+)-(?=\s|$)",
        "label {of}",
        _THERE,
    ),
    *_toggle(r"^kind: NetworkPolicy", r"\bkubectl delete networkpolicy", "network policy", _THERE),
    *_toggle(
        r"\bkubectl apply --filename (?!-)ARG", r"\bkubectl delete clusterrolebinding", "cluster role binding", _THERE
    ),
    *_toggle(r"\bsetenforce 1", r"\bsetenforce 0", "SELinux", ("enforcing", "permissive")),
    *_toggle(
        r"\bsigner-console activate-certificate", r"\bsigner-console deactivate-certificate", "signing certificates"
    ),
    _row("set", r"(?:^|[\s;])(?:cat|printf .{0,200}) > (?P<of>/[^\s;]+)", "file {of}", "written"),
    _row("restore", r"\brm -f (?P<of>/etc/[^\s;&]+)", "file {of}"),
    _row("set", r"&& rm -f -- ARG", "file {of}", "away", "in place"),
    _row("set", r'\bcp --preserve=all -- "\$\{CASE:\?\}/quarantine"/WORD ARG', "file {of}", "in place", "away"),
    _row("save", r'\bcp --preserve=all -- "\$HBA"', "file $HBA"),
    _row("set", r'> "\$HBA"', "file $HBA", "written"),
    _row("restore", r'\bcp --preserve=all -- .{0,60} "\$HBA"', "file $HBA"),
    _row("save", r"\bsysctl net\.[^|]{0,200}\| tee", "kernel settings"),
    _row("set", r"\bsysctl -w", f"kernel settings{PART}network", "changed"),
    _row("restore", r"\bsysctl --load", "kernel settings"),
    _row("save", r"\bcp --preserve=all -r /etc/rsyslog\.d", "log settings"),
    _row("set", r"\baugenrules --load", f"log settings{PART}audit rules", "loaded"),
    _row("restore", r'"\$\{CASE:\?\}/rsyslog\.d"', "log settings"),
    _row("set", r"\bmv /etc/ld\.so\.preload /etc/ld\.so\.preload\.kulla", "/etc/ld.so.preload", "away", "in place"),
    _row("set", r"\bmv /etc/ld\.so\.preload\.kulla /etc/ld\.so\.preload", "/etc/ld.so.preload", "in place", "away"),
    _row("set", r"\bssh-keygen -k -f ARG", "file {of}", "written"),
    _row("set", r"\bkubectl delete secret", "tokens of the service account", "gone"),
    _row("set", r"--request DELETE", "the foreign API key", "gone"),
    _row("set", r"client-secret", "secret of the client", "new"),
    _row("set", r"\bNOSUPERUSER", "rights of the role", "fewer"),
    _row("set", r"\\password", "password of the role", "new"),
    _row("set", r"RENAME TO", "the foreign function", "renamed"),
    _row("pass", r"\b(?:loginctl terminate-user|pg_terminate_backend|pg_reload_conf|kill -KILL|logger|/logout)"),
    _row("pass", r"\b(?:systemctl (?:reload|restart)|service \w+ restart|pg_restore|mkdir -p)"),
)
_GENERIC_SET = re.compile(
    r"(?i)\bSet-(?P<noun>ADDefaultDomainPasswordPolicy|MpPreference|Mailbox|RemoteDomain|CASMailbox|TransportConfig)"
    r"(?P<rest>[^;|}]*)"
)
_PARAMETER = re.compile(r" -(?P<name>[A-Za-z]+) ")
_NOT_SETTINGS = frozenset(("identity", "name", "force", "confirm", "erroraction"))
_SAVED = re.compile(r"(?i)\$before\b|\$old\b|import-clixml|import-csv")


def resolved(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines with `$User.Id` and the like written as the name that `$User` was looked up by."""
    names: dict[str, str] = {}
    for line in lines:
        for match in _ALIAS.finditer(line):
            names[f"${match['name']}.Id"] = match["of"]
        for word, name in names.items():
            line = line.replace(word, name)  # noqa: PLW2901 - the line is what is being written out
        yield line


def changes_in(platform: str, statement: str, *, host: str, mailbox: str) -> Iterator[Change]:
    """Yield what one line of a command does to the plant, as far as the simulator knows its verbs."""
    for verb in _UNIX if platform == "bash" else _WINDOWS:
        for match in verb.pattern.finditer(statement):
            of = match.groupdict().get("of") or ""
            name = verb.thing.format(of=_plain(of), host=host, mailbox=mailbox)
            yield Change(act=verb.act, thing=name, becomes=verb.becomes, was=verb.was)
    if platform != "bash":
        yield from _settings(statement, mailbox)


def _settings(statement: str, mailbox: str) -> Iterator[Change]:
    """Yield one change for each parameter that a `Set-` command names, so that an undo must name them all."""
    for match in _GENERIC_SET.finditer(statement):
        noun, rest = match["noun"], match["rest"]
        of = f" {mailbox}" if noun.endswith("Mailbox") else ""
        for parameter in _PARAMETER.finditer(rest + " "):
            if parameter["name"].lower() in _NOT_SETTINGS:
                continue
            thing = f"setting {noun}{of} {parameter['name']}"
            if _SAVED.search(rest):
                yield Change(act="restore", thing=thing)
            else:
                yield Change(act="set", thing=thing, becomes="changed")


def _plain(word: str) -> str:
    """Return a word without its quotes, so that a thing has one name however it is written."""
    return "".join(character for character in word if character not in "'\"")
