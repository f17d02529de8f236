"""Events 7 to 9: mailboxes are searched, a role and an account are made, and mail leaves the house."""

from __future__ import annotations

from playbooks.exercises.attack.actors import HEALTH_MAILBOX, MAIL_CLIENT, at
from playbooks.exercises.estate import DOMAIN, NETBIOS, SID
from playbooks.exercises.ministry.staff import account_of
from playbooks.exercises.moments import MINUTE, SECOND
from playbooks.exercises.programs.exchange import cmdlet
from playbooks.exercises.programs.station import Account
from playbooks.exercises.scene import Scene

_EWS_AGENT = "ExchangeServicesClient/15.00.0913.015"


def theft(scene: Scene) -> None:
    """Write events 7 to 9."""
    admin = account_of(scene.estate.admins[1])
    _search(scene, admin)
    _impersonation(scene, admin)
    _exfiltration(scene)


def _search(scene: Scene, admin: Account) -> None:
    """Event 7: recipients are listed and discovery searches made, with an administrator's account."""
    ex, ms = scene.station("EX01"), at(scene, 20)
    for step in range(4):
        scene.exchange.request(
            ms + step * 500, "POST", "/powershell", f"clientApplication=ManagementShell;PSVersion=5.1;stamp={step}",
            "10.20.3.10", "Microsoft WinRM Client", "200 0 0", 7, user=f"{NETBIOS}\\{admin.name}",
            port=80, sent=4_100, received=2_900,
        )  # fmt: skip
    cmdlet(
        ex,
        ms + 3 * SECOND,
        "Get-Recipient",
        '-ResultSize "Unlimited" -Properties {"PrimarySmtpAddress","Title"}',
        admin,
        7,
    )
    cmdlet(ex, ms + 20 * SECOND, "Get-ManagementRoleAssignment", '-Role "ApplicationImpersonation"', admin, 7)
    for step, who in enumerate(("Administrator", "ministri", "sekretari", admin.name)):
        cmdlet(ex, ms + (35 + step * 12) * SECOND, "Get-Recipient", f'-Identity "{who}"', admin, 7)
    for step, words in enumerate(("kontrate", "password OR fjalekalim", "vpn")):
        parameters = (
            f'-Name "audit-{step}" -SourceMailboxes {{"ministri","sekretari"}} -SearchQuery "{words}" '
            '-TargetMailbox "DiscoverySearchMailbox"'
        )
        cmdlet(ex, ms + (95 + step * 15) * SECOND, "New-MailboxSearch", parameters, admin, 7)


def _impersonation(scene: Scene, admin: Account) -> None:
    """Event 8: a mailbox that looks like the system's own, in Organization Management, allowed to be anyone."""
    ex, dc, ms = scene.station("EX01"), scene.station("DC01"), at(scene, 24)
    name = HEALTH_MAILBOX.name
    new = f'-Name "{name}" -UserPrincipalName "{name}@{DOMAIN}" -Password "System.Security.SecureString"'
    cmdlet(ex, ms, "New-Mailbox", new, admin, 8)
    subject = {
        "SubjectUserSid": f"{SID}-1604",
        "SubjectUserName": "EX01$",
        "SubjectDomainName": NETBIOS,
        "SubjectLogonId": "0x8c1f21",
    }
    created = {"TargetUserName": name, "TargetDomainName": NETBIOS, "TargetSid": HEALTH_MAILBOX.sid, **subject}
    dc.emit(ms + 700, "4720", {**created, "PrivilegeList": "-", "SamAccountName": name}, 8)
    cmdlet(
        ex, ms + 25 * SECOND, "Add-RoleGroupMember", f'-Identity "Organization Management" -Member "{name}"', admin, 8
    )
    member = {
        "MemberName": f"CN={name},CN=Users,DC=ministria,DC=gov,DC=example",
        "MemberSid": HEALTH_MAILBOX.sid,
        "TargetUserName": "Organization Management",
        "TargetDomainName": NETBIOS,
        "TargetSid": f"{SID}-1105",
        **subject,
        "PrivilegeList": "-",
    }
    dc.emit(ms + 25_600, "4756", member, 8)
    role = f'-Name "HealthImpersonation" -Role "ApplicationImpersonation" -User "{name}"'
    cmdlet(ex, ms + 50 * SECOND, "New-ManagementRoleAssignment", role, admin, 8)


def _exfiltration(scene: Scene) -> None:
    """Event 9: 2,600 POSTs to EWS in half an hour, about 110 MB up and several GB down."""
    rng = scene.rng("attack: theft")
    user = f"{NETBIOS}\\{HEALTH_MAILBOX.name}"
    begin = at(scene, 30)
    for moment in sorted(rng.randrange(30 * MINUTE) for _ in range(2_600)):
        scene.exchange.request(
            begin + moment, "POST", "/EWS/Exchange.asmx", "", MAIL_CLIENT, _EWS_AGENT, "200 0 0", 9, user=user,
            sent=rng.randrange(200_000, 4_200_000), received=rng.randrange(18_000, 66_000),
            taken=rng.randrange(90, 2_600),
        )  # fmt: skip
