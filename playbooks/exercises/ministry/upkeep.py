"""More false friends: what upkeep of servers and mail does every night, and what happens once a month on some day."""

from __future__ import annotations

from random import Random

from playbooks.exercises.estate import NETBIOS
from playbooks.exercises.ministry import accounts
from playbooks.exercises.ministry.machines import running_on
from playbooks.exercises.ministry.staff import account_of
from playbooks.exercises.moments import HOUR, MINUTE, SECOND
from playbooks.exercises.programs import openvpn
from playbooks.exercises.programs.images import SYSTEM32
from playbooks.exercises.programs.logons import logon, remote_session, share_access
from playbooks.exercises.programs.openvpn import Caller
from playbooks.exercises.programs.station import ADMINISTRATOR
from playbooks.exercises.scene import Scene

_ARCHIVER = "10.20.1.70"
_CARRIER = "198.51.100.140"  # one address of a mobile carrier, shared by many of its customers
_ZABBIX = "C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.exe"


def upkeep_day(scene: Scene) -> None:
    """Write upkeep: about 500 records at full size."""
    rng = scene.rng("upkeep")
    _mail_archive(scene, rng)
    _agent_rollout(scene, rng)
    _old_shadows(scene)
    _printer_trouble(scene, rng)
    _spare_account(scene, rng)
    _shared_address(scene, rng)


def _mail_archive(scene: Scene, rng: Random) -> None:
    """The archive reads everybody's mail through EWS at night, with a service account that may be anyone."""
    begin = scene.day + 1 * HOUR
    for moment in sorted(rng.randrange(2 * HOUR) for _ in range(scene.scaled(420))):
        scene.exchange.request(
            begin + moment, "POST", "/EWS/Exchange.asmx", "", _ARCHIVER, "MailArchive/11.2 (ExchangeServicesClient)",
            "200 0 0", user=f"{NETBIOS}\\svc_archive", sent=rng.randrange(20_000, 1_400_000),
            received=rng.randrange(1_200, 4_800), taken=rng.randrange(40, 1_900),
        )  # fmt: skip


def _agent_rollout(scene: Scene, rng: Random) -> None:
    """A new version of the monitoring agent is pushed to twelve servers within ten minutes, and looks at LSASS once."""
    for index, machine in enumerate(rng.sample(scene.estate.apps, 12)):
        station = scene.station(machine.name)
        ms = scene.day + 3 * HOUR + 45 * MINUTE + index * 50 * SECOND
        identifier = logon(station, ms, accounts.DEPLOY, 3, address="10.20.9.20", elevated=True)
        share_access(station, ms + 300, accounts.DEPLOY, "ADMIN$", "10.20.9.20", identifier)
        kernel = station.running("System", "System")
        package = "C:\\Windows\\Temp\\zabbix_agent2-7.0.10.msi"
        station.create_file(ms + 500, kernel, package)
        services, _ = running_on(station)
        command = f"msiexec.exe /i {package} /qn /norestart"
        installer = station.start(ms + 2 * SECOND, SYSTEM32 + "msiexec.exe", command, services)
        station.create_file(ms + 6 * SECOND, installer, _ZABBIX)
        station.service_state(ms + 9 * SECOND, "Zabbix Agent 2", "running")
        agent = station.start(ms + 9 * SECOND, _ZABBIX, f'"{_ZABBIX}" -f -d', services)
        trace = (
            "C:\\Windows\\SYSTEM32\\ntdll.dll+9fc24|C:\\Windows\\System32\\KERNELBASE.dll+20d0e|" + _ZABBIX + "+41c0"
        )
        station.open_process(ms + 12 * SECOND, agent, station.running(SYSTEM32 + "lsass.exe"), "0x1410", trace)


def _old_shadows(scene: Scene) -> None:
    """The file server's backup script makes room: the oldest shadow copy of the data volume goes."""
    station = scene.station("FS01")
    ms = scene.day + 1 * HOUR + 20 * MINUTE
    _, scheduler = running_on(station)
    shell = station.start(ms, SYSTEM32 + "cmd.exe", 'cmd.exe /c "C:\\Scripts\\shadow-rotate.cmd"', scheduler)
    command = "vssadmin delete shadows /for=D: /oldest /quiet"
    station.start(ms + 500, SYSTEM32 + "vssadmin.exe", command, shell)
    station.start(ms + 4 * SECOND, SYSTEM32 + "vssadmin.exe", "vssadmin create shadow /for=D:", shell)


def _printer_trouble(scene: Scene, rng: Random) -> None:
    """An administrator empties the print service's log before trying again."""
    station = scene.station("PRT01")
    admin = scene.estate.admins[4]
    account = account_of(admin)
    ms = scene.day + 7 * HOUR + 35 * MINUTE
    remote_session(station, ms, account, admin.address, rng, until=ms + 25 * MINUTE)
    explorer = station.running("C:\\Windows\\explorer.exe", account=account)
    shell = station.start(ms + MINUTE, SYSTEM32 + "cmd.exe", '"C:\\Windows\\system32\\cmd.exe"', explorer)
    channel = "Microsoft-Windows-PrintService/Admin"
    station.start(ms + 3 * MINUTE, SYSTEM32 + "wevtutil.exe", f"wevtutil cl {channel}", shell)
    station.clear_log(ms + 3 * MINUTE + 200, channel, account)
    station.start(ms + 4 * MINUTE, SYSTEM32 + "taskkill.exe", "taskkill /f /im spoolsv.exe", shell)


def _spare_account(scene: Scene, rng: Random) -> None:
    """The built-in Administrator is used once, from an administrator's desk: a server has lost its domain trust."""
    admin = scene.estate.admins[0]
    ms = scene.day + 14 * HOUR + 25 * MINUTE
    remote_session(scene.station("APP13"), ms, ADMINISTRATOR, admin.address, rng, until=ms + 12 * MINUTE)


def _shared_address(scene: Scene, rng: Random) -> None:
    """Three people on the road come from one address of their mobile carrier, within a few minutes."""
    for index, person in enumerate(scene.estate.people[-4:-1]):
        caller = Caller(
            login=person.login,
            address=_CARRIER,
            port=rng.randrange(20_000, 60_000),
            inside=f"10.8.2.{index + 20}",
            version="3.10.1",
            platform="android",
        )
        ms = scene.day + 6 * HOUR + 50 * MINUTE + index * 4 * MINUTE
        openvpn.connect(scene.book, ms, caller, rng)
        openvpn.leave(scene.book, ms + 70 * MINUTE, caller)
