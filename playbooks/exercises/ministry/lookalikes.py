"""False friends: what a careful ministry does that looks like an attack, and the odd thing that befalls everyone."""

from __future__ import annotations

from base64 import b64encode
from random import Random

from playbooks.exercises.estate import SCANNER
from playbooks.exercises.ministry import accounts
from playbooks.exercises.ministry.machines import running_on
from playbooks.exercises.ministry.staff import account_of
from playbooks.exercises.moments import DAY, HOUR, MINUTE, SECOND
from playbooks.exercises.programs import nginx
from playbooks.exercises.programs.images import SYSTEM32
from playbooks.exercises.programs.logons import failed_logon, logon, share_access
from playbooks.exercises.programs.station import LOCAL_SYSTEM
from playbooks.exercises.scene import Scene

_POWERSHELL = SYSTEM32 + "WindowsPowerShell\\v1.0\\powershell.exe"
_LAYOUTS = "C:\\Program Files\\Common Files\\microsoft shared\\Web Server Extensions\\15\\TEMPLATE\\LAYOUTS\\"
_SCAN_AGENT = "Mozilla/5.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0) vulnscan/2026.1"
_CHECKS = (
    "/_layouts/15/start.aspx",
    "/_vti_bin/_vti_aut/author.dll",
    "/_layouts/15/Picker.aspx",
    "/owa/auth/logon.aspx",
    "/ecp/default.flt",
    "/..%2f..%2f..%2fwindows/win.ini",
    "/index.php?id=1%27%20OR%20%271%27=%271",
    "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "/.git/HEAD",
    "/server-status",
)


def lookalikes_day(scene: Scene) -> None:
    """Write the day's false friends, a few hundred records."""
    rng = scene.rng("look-alikes")
    _vulnerability_scan(scene, rng)
    _stale_service(scene, rng)
    _automation(scene, rng)
    _deployment(scene, rng)
    _sharepoint_patch(scene, rng)
    _compiler(scene, rng)
    _installs(scene, rng)
    _exclusions(scene, rng)
    _unwanted_program(scene, rng)
    _sysinternals(scene, rng)


def _vulnerability_scan(scene: Scene, rng: Random) -> None:
    """Write the weekly scan from the known scanner: odd requests, logons with default accounts."""
    begin = scene.day + 4 * HOUR
    for site in (scene.sharepoint, scene.exchange):
        for step in range(scene.scaled(160)):
            path, _, query = rng.choice(_CHECKS).partition("?")
            method = "POST" if rng.random() < 0.1 else "GET"
            status = rng.choice(("404 0 2", "404 0 2", "401 2 5", "302 0 0", "403 14 0"))
            site.request(
                begin + step * 900, method, path, query, SCANNER, _SCAN_AGENT, status, sent=1300, received=350, taken=3
            )
    for step in range(scene.scaled(160)):
        line = f"GET {rng.choice(_CHECKS)}"
        nginx.request(scene.book, begin + step * 1100, SCANNER, line, rng.choice((404, 400, 403)), 153, _SCAN_AGENT)
    for name in rng.sample(sorted(scene.estate.servers), 14):
        at = begin + 5 * MINUTE + rng.randrange(20 * MINUTE)
        for who in ("guest", "admin"):
            failed_logon(scene.station(name), at, who, 3, address=SCANNER, workstation="SCAN01", known=who == "guest")
        logon(
            scene.station(name),
            at + 9 * SECOND,
            accounts.SCAN,
            3,
            address=SCANNER,
            ntlm=True,
            elevated=True,
        )


def _stale_service(scene: Scene, rng: Random) -> None:
    """Write a copier that still has an old password for the share it scans to, every ten minutes."""
    for ms in range(scene.day + rng.randrange(10 * MINUTE), scene.day + DAY, 10 * MINUTE):
        failed_logon(scene.station("FS01"), ms, "svc_scan2share", 3, address="10.21.9.31", workstation="COPIER-K2")


def _automation(scene: Scene, rng: Random) -> None:
    """Write the configuration tool's nightly run: WinRM and encoded PowerShell on a few servers."""
    for name in ("APP02", "APP09", "APP17", "APP24", "APP35", "APP39"):
        station = scene.station(name)
        ms = scene.day + 3 * HOUR + rng.randrange(40 * MINUTE)
        logon(station, ms, accounts.DEPLOY, 3, address="10.20.9.20", elevated=True)
        host = station.running(SYSTEM32 + "wsmprovhost.exe", SYSTEM32 + "wsmprovhost.exe -Embedding", accounts.DEPLOY)
        script = "begin { $ProgressPreference = 'SilentlyContinue' } process { Get-HotFix | Select HotFixID }"
        encoded = b64encode(script.encode("utf-16-le")).decode()
        command = f"PowerShell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand {encoded}"
        station.start(ms + SECOND, _POWERSHELL, command, host)
        station.script(ms + 1600, script, accounts.DEPLOY)


def _deployment(scene: Scene, rng: Random) -> None:
    """Write a new version of an e-service: its processes are ended, its files replaced, its service started."""
    for name in ("APP05", "APP14", "APP28"):
        station = scene.station(name)
        ms = scene.day + 15 * HOUR + rng.randrange(90 * MINUTE)
        identifier = logon(station, ms, accounts.DEPLOY, 3, address="10.20.9.20", elevated=True)
        share_access(station, ms + 700, accounts.DEPLOY, "C$", "10.20.9.20", identifier)
        services, _ = running_on(station)
        shell = station.start(
            ms + 2 * SECOND,
            SYSTEM32 + "cmd.exe",
            "cmd.exe /c C:\\Deploy\\switch.cmd 4.12.0",
            services,
            account=accounts.DEPLOY,
        )
        for step, image in enumerate(("eservice.exe", "eworker.exe")):
            station.start(ms + (4 + step) * SECOND, SYSTEM32 + "taskkill.exe", f"taskkill /f /im {image}", shell)
        for step in range(12):
            station.create_file(ms + 8 * SECOND + step * 300, shell, f"D:\\Services\\4.12.0\\module{step:02}.dll")
        station.start(
            ms + 14 * SECOND, SYSTEM32 + "robocopy.exe", "robocopy C:\\Deploy\\4.12.0 D:\\Services\\4.12.0 /MIR", shell
        )
        station.service_state(ms + 20 * SECOND, "Ministria e-service", "running")


def _sharepoint_patch(scene: Scene, rng: Random) -> None:
    """Write the night's SharePoint update, which puts pages under LAYOUTS by the installer."""
    station = scene.station("SP01")
    ms = scene.day + 2 * HOUR + 30 * MINUTE
    services, _ = running_on(station)
    installer = station.start(ms, SYSTEM32 + "msiexec.exe", "msiexec.exe /V", services)
    for step, name in enumerate(("start.aspx", "aclinv.aspx", "Picker.aspx", "settings.aspx", "viewlsts.aspx")):
        station.create_file(ms + step * 400 + rng.randrange(300), installer, _LAYOUTS + name)
    station.service_state(ms + MINUTE, "SharePoint Timer Service", "running")


def _compiler(scene: Scene, rng: Random) -> None:
    """Write what ASP.NET does after a restart: the worker process runs the C# compiler."""
    station = scene.station("SP01")
    pool = accounts.SHAREPOINT
    worker = station.running(
        SYSTEM32 + "inetsrv\\w3wp.exe", 'c:\\windows\\system32\\inetsrv\\w3wp.exe -ap "SharePoint - 80" -v "v4.0"', pool
    )
    folder = "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\"
    for step in range(9):
        ms = scene.day + 2 * HOUR + 42 * MINUTE + step * 7 * SECOND
        name = f"{rng.getrandbits(40):010x}"
        command = f'"{folder}csc.exe" /noconfig /fullpaths @"C:\\Windows\\Temp\\{name}.cmdline"'
        station.start(ms, folder + "csc.exe", command, worker)
        station.create_file(ms + 600, worker, f"{folder}Temporary ASP.NET Files\\root\\{name}\\App_Web_{name}.dll")


def _installs(scene: Scene, rng: Random) -> None:
    """Write programs that are installed: services, drivers of known vendors, a scheduled task."""
    for name, service, path in (
        ("APP11", "Zabbix Agent 2", '"C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.exe" -f -d'),
        ("APP23", "VMware Tools", '"C:\\Program Files\\VMware\\VMware Tools\\vmtoolsd.exe"'),
        ("PRT01", "PaperCut Print Provider", '"C:\\Program Files\\PaperCut MF\\providers\\print\\win\\pc-print.exe"'),
    ):
        station = scene.station(name)
        ms = scene.day + 13 * HOUR + rng.randrange(2 * HOUR)
        services, _ = running_on(station)
        admin = account_of(rng.choice(scene.estate.admins))
        station.start(
            ms, SYSTEM32 + "msiexec.exe", f'msiexec /i "\\\\FS01\\software\\{service}.msi" /qn', services, account=admin
        )
        station.install_service(ms + 20 * SECOND, service, path, user=admin)
        station.set_value(
            ms + 21 * SECOND, services, f"HKLM\\System\\CurrentControlSet\\Services\\{service}\\ImagePath", path
        )
        station.service_state(ms + 30 * SECOND, service, "running")
    station = scene.station("FS01")
    ms = scene.day + HOUR + 12 * MINUTE
    station.install_service(ms, "VeeamFSR", "\\SystemRoot\\System32\\drivers\\VeeamFSR.sys", driver=True)
    station.load_driver(ms + SECOND, "C:\\Windows\\System32\\drivers\\VeeamFSR.sys", "Veeam Software Group GmbH")
    services, _ = running_on(station)
    station.read_raw(ms + 9 * SECOND, services, "\\Device\\HarddiskVolume4")


def _exclusions(scene: Scene, rng: Random) -> None:
    """Write an agreed Defender exclusion for a data base, set by an administrator."""
    for name in ("APP06", "APP38"):
        station = scene.station(name)
        admin = account_of(scene.estate.admins[2])
        ms = scene.day + 12 * HOUR + rng.randrange(HOUR)
        station.script(ms, "Add-MpPreference -ExclusionPath 'D:\\SQLData'", admin)
        new = "HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\Exclusions\\Paths\\D:\\SQLData = 0x0"
        station.defender(ms + SECOND, 5007, {"Old Value": "", "New Value": new})


def _unwanted_program(scene: Scene, rng: Random) -> None:
    """Write a download that Defender stops on somebody's desk."""
    person = rng.choice(scene.estate.people)
    station = scene.station(person.workstation)
    ms = scene.day + 11 * HOUR + rng.randrange(2 * HOUR)
    data = {
        "Threat ID": "242874",
        "Threat Name": "PUABundler:Win32/Candy",
        "Severity ID": "1",
        "Severity Name": "Low",
        "Category Name": "Potentially Unwanted Software",
        "Path": f"file:_C:\\Users\\{person.login}\\Downloads\\pdf-falas.exe",
        "Detection User": person.account,
        "Process Name": "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    }
    station.defender(ms, 1116, data)
    station.defender(ms + 20 * SECOND, 1117, {**data, "Action Name": "Quarantine"})


def _sysinternals(scene: Scene, rng: Random) -> None:
    """Write an administrator who restarts a spooler with PsExec, which installs its service for a minute."""
    station = scene.station("APP19")
    admin = account_of(scene.estate.admins[3])
    ms = scene.day + 13 * HOUR + rng.randrange(HOUR)
    identifier = logon(station, ms, admin, 3, address=scene.estate.admins[3].address, elevated=True)
    share_access(station, ms + 200, admin, "ADMIN$", scene.estate.admins[3].address, identifier)
    services, _ = running_on(station)
    station.install_service(ms + 600, "PSEXESVC", "%SystemRoot%\\PSEXESVC.exe", user=admin)
    service = station.start(
        ms + SECOND, "C:\\Windows\\PSEXESVC.exe", "C:\\Windows\\PSEXESVC.exe", services, account=LOCAL_SYSTEM
    )
    station.start(ms + 2 * SECOND, SYSTEM32 + "net.exe", '"net" stop spooler', service, account=admin)
    station.start(ms + 9 * SECOND, SYSTEM32 + "net.exe", '"net" start spooler', service, account=admin)
