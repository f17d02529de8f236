"""What servers do by themselves: scheduled tasks, agents, updates, backups, services and Defender."""

from __future__ import annotations

from random import Random

from playbooks.exercises.estate import BACKUP, DOMAIN, MONITOR
from playbooks.exercises.ministry import accounts
from playbooks.exercises.moments import DAY, HOUR, MACHINES, MINUTE, SECOND, spread
from playbooks.exercises.programs.images import SYSTEM32
from playbooks.exercises.programs.logons import logoff, logon
from playbooks.exercises.programs.station import LOCAL_SYSTEM, Process, Station
from playbooks.exercises.scene import Scene

_POWERSHELL = SYSTEM32 + "WindowsPowerShell\\v1.0\\powershell.exe"
_ZABBIX = "C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.exe"
_VEEAM = "C:\\Program Files\\Veeam\\Backup Transport\\VeeamAgent.exe"
_DEFENDER = "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.25110.5-0\\MsMpEng.exe"
_SERVICES = (
    "Windows Update",
    "Windows Modules Installer",
    "Software Protection",
    "WMI Performance Adapter",
    "Microsoft Software Shadow Copy Provider",
    "Volume Shadow Copy",
    "Network Setup Service",
    "AppX Deployment Service (AppXSVC)",
)
_TASKS = (
    (SYSTEM32 + "taskhostw.exe", "taskhostw.exe"),
    (SYSTEM32 + "taskhostw.exe", "taskhostw.exe -RegisterDevice -ProtectionStateChanged -FreeNetworkOnly"),
    (SYSTEM32 + "rundll32.exe", SYSTEM32 + "rundll32.exe Startupscan.dll,SusRunTask"),
    (SYSTEM32 + "UsoClient.exe", SYSTEM32 + "UsoClient.exe StartScan"),
    (SYSTEM32 + "wbem\\WmiPrvSE.exe", SYSTEM32 + "wbem\\wmiprvse.exe -secured -Embedding"),
    (SYSTEM32 + "cmd.exe", 'cmd.exe /c "C:\\Scripts\\rotate-logs.cmd"'),
    (_POWERSHELL, "powershell.exe -NoProfile -ExecutionPolicy Bypass -File C:\\Scripts\\Check-Services.ps1"),
    (SYSTEM32 + "schtasks.exe", 'schtasks.exe /Query /TN "\\Ministria\\Rotate" /FO CSV'),
)


class _Running:
    """The processes that have been running on a machine since it started."""

    def __init__(self, station: Station) -> None:
        self.scheduler = station.running(SYSTEM32 + "svchost.exe", SYSTEM32 + "svchost.exe -k netsvcs -p -s Schedule")
        self.agent = station.running(_ZABBIX, f'"{_ZABBIX}" -c "C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.conf"')
        self.services = station.running(SYSTEM32 + "services.exe")
        self.defender = station.running(_DEFENDER, f'"{_DEFENDER}"')
        self.lsass = station.running(SYSTEM32 + "lsass.exe")
        self.backup = station.running(_VEEAM, f'"{_VEEAM}"')


def machines_day(scene: Scene) -> None:
    """Write the background of all servers: about 21,000 events at full size."""
    for name in scene.estate.servers:
        if not name.startswith("TIMS"):
            _server(scene, name, scene.day, scene.scaled(260))


def border_day(scene: Scene, day: int) -> None:
    """Write the background of the border police's two servers on the day that begins at `day`."""
    for name in ("TIMS01", "TIMS02"):
        _server(scene, name, day, scene.scaled(240))


def _server(scene: Scene, name: str, day: int, count: int) -> None:
    rng = scene.rng(f"server {name} {day}")
    station = scene.station(name)
    running = _Running(station)
    for ms in spread(rng, day, MACHINES, count):
        _something(scene, station, running, ms, rng)
    _defender_day(station, running, day, rng)
    _backup(station, running, day + HOUR + rng.randrange(3 * HOUR), rng)
    if rng.random() < 0.35:
        _patches(station, running, day + 2 * HOUR + rng.randrange(30) * MINUTE, rng)


def _something(scene: Scene, station: Station, running: _Running, ms: int, rng: Random) -> None:
    draw = rng.random()
    if draw < 0.22:
        _task(station, running, ms, rng)
    elif draw < 0.40:
        _machine_logon(scene, station, ms, rng)
    elif draw < 0.52:
        station.connect(ms, running.agent, MONITOR, 10051, host=f"zabbix.{DOMAIN}")
    elif draw < 0.62:
        station.service_state(ms, rng.choice(_SERVICES), rng.choice(("running", "stopped")))
    elif draw < 0.72:
        _file(station, running, ms, rng)
    elif draw < 0.82:
        _registry(station, running, ms, rng)
    elif draw < 0.90:
        name = rng.choice((f"dc01.{DOMAIN}", f"wsus.{DOMAIN}", "update.prodhuesi.example", f"zabbix.{DOMAIN}"))
        station.resolve(ms, running.scheduler, name, f"10.20.1.{rng.randrange(10, 60)}")
    elif draw < 0.95:
        logon(station, ms, LOCAL_SYSTEM, 5, elevated=True)
    elif draw < 0.98:
        trace = "C:\\Windows\\SYSTEM32\\ntdll.dll+9fc24|C:\\Windows\\System32\\KERNELBASE.dll+20d0e"
        station.open_process(ms, running.defender, running.lsass, "0x1000", trace)
    else:
        library = rng.choice(("amsi.dll", "cryptsp.dll", "wbem\\wbemcomn.dll", "samlib.dll"))
        station.load_image(ms, running.scheduler, SYSTEM32 + library)


def _task(station: Station, running: _Running, ms: int, rng: Random) -> None:
    image, command = rng.choice(_TASKS)
    process = station.start(ms, image, command, running.scheduler)
    station.end(ms + rng.randrange(1, 40) * SECOND, process)
    if image == _POWERSHELL:
        text = "Get-Service | Where-Object { $_.StartType -eq 'Automatic' -and $_.Status -ne 'Running' }"
        station.script(ms + 700, text, LOCAL_SYSTEM, path="C:\\Scripts\\Check-Services.ps1")


def _machine_logon(scene: Scene, station: Station, ms: int, rng: Random) -> None:
    if rng.random() < 0.3:
        account, address = accounts.MONITOR, MONITOR
    else:
        other = rng.choice(("DC01", "FS01", "WEF", "EX01"))
        account, address = scene.machine_account(other), scene.estate.servers[other].address
    identifier = logon(
        station, ms, account, 3, address=address, port=rng.randrange(49152, 65000), elevated=rng.random() < 0.2
    )
    logoff(station, ms + rng.randrange(1, 90) * SECOND, account, identifier, 3)


def _file(station: Station, running: _Running, ms: int, rng: Random) -> None:
    path = rng.choice(
        (
            f"C:\\Windows\\Temp\\zbx{rng.getrandbits(24):06x}.tmp",
            "C:\\Windows\\System32\\LogFiles\\Srt\\state.log",
            f"C:\\ProgramData\\Veeam\\Backup\\Agent.{rng.randrange(9)}.log",
            f"C:\\Windows\\SoftwareDistribution\\Download\\{rng.getrandbits(64):016x}\\part.cab",
            f"C:\\Windows\\Prefetch\\TASKHOSTW.EXE-{rng.getrandbits(32):08X}.pf",
        )
    )
    station.create_file(ms, rng.choice((running.scheduler, running.agent, running.backup)), path)


def _registry(station: Station, running: _Running, ms: int, rng: Random) -> None:
    if rng.random() < 0.25:
        station.create_key(
            ms, running.services, f"HKLM\\System\\CurrentControlSet\\Services\\bam\\State\\{rng.randrange(90)}"
        )
        return
    target, details = rng.choice(
        (
            (
                "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\LastOnline",
                "QWORD (0x01db5d2f-0x6c3a1b00)",
            ),
            (
                "HKLM\\System\\CurrentControlSet\\Services\\W32Time\\Config\\LastKnownGoodTime",
                "QWORD (0x01db5d2f-0x9a1f0c4e)",
            ),
            ("HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\Signature Updates\\SignaturesLastUpdated", "Binary Data"),
            ("HKLM\\SOFTWARE\\Zabbix SIA\\Zabbix Agent 2\\LastCheck", f"DWORD (0x{rng.getrandbits(32):08x})"),
        )
    )
    station.set_value(ms, running.services, target, details)


def _defender_day(station: Station, running: _Running, day: int, rng: Random) -> None:
    version = rng.randrange(400, 800)
    for hour in sorted(rng.sample(range(24), 4)):
        ms = day + hour * HOUR + rng.randrange(HOUR)
        station.start(
            ms - 4 * SECOND,
            SYSTEM32 + "MpSigStub.exe",
            "MpSigStub.exe /stub 1.1.24090.11 /payload 4.18.25110.5",
            running.services,
        )
        now, before = f"1.421.{version + 1}.0", f"1.421.{version}.0"
        version += 1
        name = "security intelligence Version"
        station.defender(
            ms, 2000, {f"Current {name}": now, f"Previous {name}": before, "Update Source": "Internal server"}
        )
    old, new = "HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\Features\\ControlledFolder = 0x1", "= 0x1"
    station.defender(day + rng.randrange(DAY), 5007, {"Old Value": old, "New Value": old.replace("= 0x1", new)})
    station.defender(day + rng.randrange(DAY), 1151, {"Platform version": "4.18.25110.5", "RTP state": "Enabled"})
    station.defender(
        day + 4 * HOUR + rng.randrange(HOUR), 1001, {"Scan Type": "Antimalware", "Scan Parameters": "Quick scan"}
    )


def _backup(station: Station, running: _Running, ms: int, rng: Random) -> None:
    """Write the nightly backup, which looks at shadow copies and makes one."""
    identifier = logon(station, ms, accounts.BACKUP, 3, address=BACKUP, elevated=True)
    station.service_state(ms + SECOND, "Volume Shadow Copy", "running")
    station.start(ms + 2 * SECOND, SYSTEM32 + "vssadmin.exe", "vssadmin list shadows", running.backup)
    station.start(ms + 5 * SECOND, SYSTEM32 + "vssadmin.exe", "vssadmin list writers", running.backup)
    for step in range(rng.randrange(2, 6)):
        station.connect(ms + (8 + step * 30) * SECOND, running.backup, BACKUP, 2500, host=f"bkp01.{DOMAIN}")
    station.service_state(ms + 22 * MINUTE, "Volume Shadow Copy", "stopped")
    logoff(station, ms + 23 * MINUTE, accounts.BACKUP, identifier, 3)


def _patches(station: Station, running: _Running, ms: int, rng: Random) -> None:
    """Write a night's patching: installer processes, files, a driver of the vendor, services that stop and start."""
    worker = station.start(
        ms,
        "C:\\Windows\\WinSxS\\amd64_microsoft-windows-servicingstack_31bf3856ad364e35_10.0.17763.5696_none\\TiWorker.exe",
        "TiWorker.exe -Embedding",
        running.services,
    )
    station.service_state(ms, "Windows Modules Installer", "running")
    for step in range(rng.randrange(6, 22)):
        path = f"C:\\Windows\\WinSxS\\Temp\\InFlight\\{rng.getrandbits(64):016x}.dll"
        station.create_file(ms + step * 3 * SECOND, worker, path)
    station.set_value(
        ms + MINUTE,
        worker,
        "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending",
        "DWORD (0x00000001)",
    )
    if rng.random() < 0.4:
        station.load_driver(
            ms + 6 * MINUTE,
            "C:\\Windows\\System32\\drivers\\vmxnet3.sys",
            "Microsoft Windows Hardware Compatibility Publisher",
        )
    station.service_state(ms + 7 * MINUTE, "Windows Modules Installer", "stopped")


def running_on(station: Station) -> tuple[Process, Process]:
    """Return the service manager and the task scheduler of a machine."""
    running = _Running(station)
    return running.services, running.scheduler
