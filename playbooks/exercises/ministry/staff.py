"""What people do on Windows: log on, open files, print, mistype passwords, and get helped."""

from __future__ import annotations

from random import Random

from playbooks.exercises.estate import Person
from playbooks.exercises.ministry import accounts
from playbooks.exercises.moments import DAY, HOUR, MINUTE, OFFICE, SECOND, spread
from playbooks.exercises.programs.exchange import cmdlet
from playbooks.exercises.programs.images import SYSTEM32
from playbooks.exercises.programs.logons import (
    failed_logon,
    failed_ticket,
    logoff,
    logon,
    remote_session,
    share_access,
    ticket,
)
from playbooks.exercises.programs.station import Account, Station
from playbooks.exercises.scene import Scene

_OFFICE = "C:\\Program Files\\Microsoft Office\\root\\Office16\\"
_PROGRAMS = (
    (_OFFICE + "OUTLOOK.EXE", f'"{_OFFICE}OUTLOOK.EXE"'),
    (_OFFICE + "WINWORD.EXE", f'"{_OFFICE}WINWORD.EXE" /n "H:\\Dokumente\\raport.docx" /o ""'),
    (_OFFICE + "EXCEL.EXE", f'"{_OFFICE}EXCEL.EXE" "\\\\FS01\\buxheti\\2026.xlsx"'),
    ("C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe", "msedge.exe --profile-directory=Default"),
    ("C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe", "chrome.exe --type=renderer --lang=sq"),
    ("C:\\Program Files\\Adobe\\Acrobat DC\\Acrobat\\AcroRd32.exe", 'AcroRd32.exe "C:\\Users\\Public\\vkm.pdf"'),
    (SYSTEM32 + "splwow64.exe", "C:\\Windows\\splwow64.exe 12288"),
    ("C:\\Program Files\\7-Zip\\7z.exe", '7z.exe a -tzip "H:\\dosje.zip" "H:\\Dokumente\\*"'),
)
_SHARES = ("home", "buxheti", "juridiku", "burimet", "protokolli")


def account_of(person: Person) -> Account:
    """Return a person's account."""
    return Account(person.login, person.sid)


def staff_day(scene: Scene) -> None:
    """Write the day's logons, files, print jobs and programs: about 15,000 events at full size."""
    rng = scene.rng("staff")
    dc, fs, prt = scene.station("DC01"), scene.station("FS01"), scene.station("PRT01")
    _mornings(scene, dc, rng)
    for ms in spread(rng, scene.day, OFFICE, scene.scaled(1_900)):
        _open_files(fs, ms, rng.choice(scene.estate.people), rng)
    for ms in spread(rng, scene.day, OFFICE, scene.scaled(420)):
        _print(prt, ms, rng.choice(scene.estate.people), rng)
    for ms in spread(rng, scene.day, OFFICE, scene.scaled(2_100)):
        person = rng.choice(scene.estate.people)
        service = rng.choice(("FS01$", "EX01$", "SP01$", "PRT01$", f"APP{rng.randrange(1, 41):02}$"))
        ticket(dc, ms, person.login, person.address, service=service)
    for ms in spread(rng, scene.day, OFFICE, scene.scaled(1_900)):
        _use_program(scene, ms, rng.choice(scene.estate.people), rng)
    for ms in spread(rng, scene.day, OFFICE, scene.scaled(900)):
        person = rng.choice(scene.estate.people)
        ex = scene.station("EX01")
        logon(
            ex,
            ms,
            account_of(person),
            3 if rng.random() < 0.8 else 8,
            address=person.address,
            port=rng.randrange(49152, 65000),
        )


def _mornings(scene: Scene, dc: Station, rng: Random) -> None:
    people = scene.estate.people
    for person in rng.sample(people, min(len(people), scene.scaled(185))):
        ms = scene.day + 6 * HOUR + int(rng.gauss(60, 28)) * MINUTE + rng.randrange(MINUTE)
        desk = scene.station(person.workstation)
        if rng.random() < 0.12:
            for step in range(rng.randrange(1, 4)):
                _mistype(dc, desk, ms - (step + 1) * 11 * SECOND, person)
        ticket(dc, ms, person.login, person.address, sid=person.sid)
        identifier = logon(desk, ms + 300, account_of(person), 2, address="127.0.0.1")
        explorer = desk.running("C:\\Windows\\explorer.exe", account=account_of(person))
        desk.start(ms + 8 * SECOND, SYSTEM32 + "cmd.exe", "cmd.exe /c \\\\DC01\\netlogon\\logon.cmd", explorer)
        desk.start(ms + 9 * SECOND, SYSTEM32 + "net.exe", "net use H: \\\\FS01\\home /persistent:no", explorer)
        if rng.random() < 0.9:
            logoff(desk, ms + 8 * HOUR + rng.randrange(2 * HOUR), account_of(person), identifier, 2)
        if rng.random() < 0.4:  # back from lunch with a mistyped password
            again = ms + 5 * HOUR + rng.randrange(HOUR)
            _mistype(dc, desk, again, person)


def _mistype(dc: Station, desk: Station, ms: int, person: Person) -> None:
    failed_ticket(dc, ms - 20, person.login, person.sid, person.address)
    failed_logon(desk, ms, person.login, 2, address="127.0.0.1", workstation=person.workstation)


def _open_files(fs: Station, ms: int, person: Person, rng: Random) -> None:
    account = account_of(person)
    identifier = logon(fs, ms, account, 3, address=person.address, port=rng.randrange(49152, 65000))
    for _ in range(rng.randrange(1, 3)):
        share_access(fs, ms + rng.randrange(40, 900), account, rng.choice(_SHARES), person.address, identifier)
    logoff(fs, ms + rng.randrange(1, 30) * MINUTE, account, identifier, 3)


def _print(prt: Station, ms: int, person: Person, rng: Random) -> None:
    account = account_of(person)
    identifier = logon(prt, ms, account, 3, address=person.address, port=rng.randrange(49152, 65000))
    share_access(prt, ms + 90, account, f"PRN-KATI{rng.randrange(1, 5)}", person.address, identifier)
    logoff(prt, ms + rng.randrange(10, 90) * SECOND, account, identifier, 3)


def _use_program(scene: Scene, ms: int, person: Person, rng: Random) -> None:
    desk = scene.station(person.workstation)
    explorer = desk.running("C:\\Windows\\explorer.exe", account=account_of(person))
    image, command = rng.choice(_PROGRAMS)
    desk.start(ms, image, command, explorer)


def operations_day(scene: Scene) -> None:
    """Write what administrators and the help desk do: remote sessions to one to three servers, scripts, cmdlets."""
    rng = scene.rng("operations")
    for admin in scene.estate.admins:
        for ms in spread(rng, scene.day, OFFICE, rng.randrange(1, 4)):
            _administer(scene, ms, admin, rng)
    for helper in scene.estate.helpdesk:
        for ms in spread(rng, scene.day, OFFICE, rng.randrange(1, 4)):
            _help(scene, ms, helper, rng)
    _mailboxes(scene, rng)


def _administer(scene: Scene, ms: int, admin: Person, rng: Random) -> None:
    name = rng.choice(("FS01", "EX01", "SP01", "PRT01", *(machine.name for machine in scene.estate.apps)))
    station = scene.station(name)
    account = account_of(admin)
    end = ms + rng.randrange(8, 70) * MINUTE
    remote_session(station, ms, account, admin.address, rng, until=end)
    explorer = station.running("C:\\Windows\\explorer.exe", account=account)
    shell = station.start(ms + MINUTE, SYSTEM32 + "cmd.exe", '"C:\\Windows\\system32\\cmd.exe"', explorer)
    commands = (
        "ipconfig.exe /all",
        "whoami.exe /groups",
        "net.exe localgroup administrators",
        "reg.exe query HKLM\\SOFTWARE\\Ministria",
    )
    for step in range(rng.randrange(1, 4)):
        command = rng.choice(commands)
        station.start(ms + (2 + step) * MINUTE, SYSTEM32 + command.split()[0], command.replace(".exe", "", 1), shell)
    station.script(
        ms + 6 * MINUTE, "Get-WinEvent -LogName System -MaxEvents 50 | Format-Table TimeCreated, Id, Message", account
    )


def _help(scene: Scene, ms: int, helper: Person, rng: Random) -> None:
    """Someone's Outlook hangs: the help desk ends it; or a session to a desk."""
    person = rng.choice(scene.estate.people)
    desk = scene.station(person.workstation)
    account = account_of(helper)
    remote_session(desk, ms, account, helper.address, rng, until=ms + 9 * MINUTE)
    shell = desk.start(
        ms + MINUTE, SYSTEM32 + "cmd.exe", "cmd.exe", desk.running("C:\\Windows\\explorer.exe", account=account)
    )
    program = rng.choice(("outlook.exe", "winword.exe", "chrome.exe"))
    desk.start(ms + 2 * MINUTE, SYSTEM32 + "taskkill.exe", f"taskkill /f /im {program}", shell)


def _mailboxes(scene: Scene, rng: Random) -> None:
    """Write the mail administrators' cmdlets of a day."""
    ex = scene.station("EX01")
    people = scene.estate.people
    for ms in spread(rng, scene.day, OFFICE, scene.scaled(110)):
        admin = account_of(rng.choice(scene.estate.admins[:2]))
        who = rng.choice(people).login
        name, parameters = rng.choice(
            (
                ("Get-Mailbox", f'-Identity "{who}"'),
                ("Get-Mailbox", '-ResultSize "Unlimited"'),
                ("Get-Recipient", f'-Identity "{who}@ministria.gov.example"'),
                ("Get-Recipient", f'-Filter "Name -like \'{who[:3]}*\'" -ResultSize "100"'),
                ("Get-MailboxStatistics", f'-Identity "{who}"'),
                ("Set-Mailbox", f'-Identity "{who}" -ProhibitSendQuota "4.5 GB (4,831,838,208 bytes)"'),
                ("Get-DistributionGroupMember", '-Identity "Te gjithe"'),
                ("Get-MessageTrackingLog", f'-Sender "{who}@ministria.gov.example" -Start "08:00"'),
                ("Get-MobileDeviceStatistics", f'-Mailbox "{who}"'),
            )
        )
        cmdlet(ex, ms, name, parameters, admin)
    admin = account_of(scene.estate.admins[0])
    newcomer, shared = people[-1].login, "protokolli"
    at = scene.day + 10 * HOUR + 20 * MINUTE
    cmdlet(ex, at, "Enable-Mailbox", f'-Identity "{newcomer}" -Database "MDB02"', admin)
    cmdlet(
        ex,
        at + 3 * MINUTE,
        "Add-MailboxPermission",
        f'-Identity "{shared}" -User "{newcomer}" -AccessRights "FullAccess"',
        admin,
    )
    cmdlet(ex, at + 5 * MINUTE, "Get-ManagementRoleAssignment", f'-RoleAssignee "{newcomer}"', admin)
    failed = (
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException: The operation couldn't be performed "
        'because object "arkiva" couldn\'t be found.'
    )
    cmdlet(ex, at + 9 * MINUTE, "Get-Mailbox", '-Identity "arkiva"', admin, failed=failed)
    for ms in range(scene.day + 30 * MINUTE, scene.day + DAY, 4 * HOUR):
        cmdlet(
            ex,
            ms,
            "Get-MailboxDatabaseCopyStatus",
            '-Server "EX01"',
            accounts.MONITOR,
        )
