"""What both waves do to a server: programs ended, the disk wiped past the file system, logs cleared."""

from __future__ import annotations

from playbooks.exercises.attack.actors import CMD
from playbooks.exercises.moments import SECOND
from playbooks.exercises.programs.images import SYSTEM32
from playbooks.exercises.programs.station import Account, Process, Station

_SERVICES_KEY = "HKLM\\System\\CurrentControlSet\\Services\\"
_PROGRAMS = (
    "sqlservr",
    "sqlagent",
    "sqlbrowser",
    "msmdsrv",
    "ReportingServicesService",
    "w3wp",
    "inetinfo",
    "tomcat9",
    "httpd",
    "mysqld",
    "oracle",
    "VeeamAgent",
    "OUTLOOK",
    "excel",
    "winword",
    "notepad",
    "eservice",
    "eworker",
    "zabbix_agent2",
)


def stop_programs(station: Station, ms: int, shell: Process, number: int, batch: str) -> None:
    """A batch file ends one program after the other."""
    station.create_file(ms - SECOND, shell, batch, number)
    runner = station.start(ms, CMD, f'cmd.exe /c "{batch}"', shell, number)
    for step, name in enumerate(_PROGRAMS):
        station.start(ms + 200 + step * 450, SYSTEM32 + "taskkill.exe", f"taskkill /f /im {name}.exe", runner, number)


def wipe_disks(
    station: Station,
    ms: int,
    shell: Process,
    number: int,
    *,
    tool: str,
    arguments: str,
    driver: str,
    service: str,
    signer: str,
    status: str = "Valid",
) -> None:
    """A raw-disk driver is installed as a service and the disks are read and written through it."""
    station.create_file(ms, shell, tool, number)
    wiper = station.start(ms + 2 * SECOND, tool, f"{tool.rpartition(chr(92))[2]} {arguments}", shell, number)
    station.create_file(ms + 2400, wiper, driver, number)
    station.install_service(ms + 2600, service, driver, number, driver=True, user=shell.account)
    services = station.running(SYSTEM32 + "services.exe")
    station.set_value(ms + 2650, services, f"{_SERVICES_KEY}{service}\\ImagePath", f"\\??\\{driver}", number)
    station.load_driver(ms + 2800, driver, signer, number, status=status)
    for step in range(4):
        device = "\\Device\\Harddisk0\\DR0" if step % 2 == 0 else "\\Device\\HarddiskVolume2"
        station.read_raw(ms + 3 * SECOND + step * 700, wiper, device, number)


def clear_logs(station: Station, ms: int, shell: Process, account: Account, number: int) -> None:
    """The event logs are cleared."""
    for step, channel in enumerate(("Security", "System", "Application")):
        begin = ms + step * 2 * SECOND
        station.start(begin, SYSTEM32 + "wevtutil.exe", f"wevtutil cl {channel}", shell, number)
        station.clear_log(begin + 300, channel, account, number)
