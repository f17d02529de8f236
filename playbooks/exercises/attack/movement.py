"""Events 10 to 15: back through the VPN, a scan, stolen passwords, and from server to server."""

from __future__ import annotations

from random import Random

from playbooks.exercises.attack.actors import ATTACKER, CMD, POOL, TARGETS, VPN_CLIENT, VPN_INSIDE, at
from playbooks.exercises.ministry.staff import account_of
from playbooks.exercises.moments import MINUTE, SECOND
from playbooks.exercises.programs import openvpn
from playbooks.exercises.programs.images import SYSTEM32
from playbooks.exercises.programs.logons import explicit_logon, logon, remote_session, share_access
from playbooks.exercises.programs.openvpn import Caller
from playbooks.exercises.programs.station import Account, Process
from playbooks.exercises.scene import Scene

_FOLDER = "C:\\Users\\svc_sharepoint\\Downloads\\"
_TRACE = "C:\\Windows\\SYSTEM32\\ntdll.dll+9fc24|C:\\Windows\\System32\\KERNELBASE.dll+20d0e|"
_EXPLORER = "C:\\Windows\\explorer.exe"


def movement(scene: Scene) -> None:
    """Write events 10 to 15."""
    rng = scene.rng("attack: movement")
    desktop = scene.station("FS01").running(_EXPLORER, account=POOL)
    _vpn(scene, rng)
    _scan(scene, desktop, rng)
    _credentials(scene, desktop)
    _wmiexec(scene)
    _fan_out(scene, rng)
    _tokens(scene, desktop)


def _vpn(scene: Scene, rng: Random) -> None:
    """Event 10: two people's accounts, one address nobody has come from before, an old client on Linux."""
    ms = at(scene, 70)
    for index, person in enumerate(scene.estate.people[40:42] or scene.estate.people[:2]):
        caller = Caller(
            login=person.login,
            address=VPN_CLIENT,
            port=rng.randrange(20_000, 60_000),
            inside=VPN_INSIDE[index],
            version="2.4.7",
            platform="linux",
        )
        begin = ms + index * 70 * SECOND
        if index == 0:
            openvpn.refuse(scene.book, begin, caller, rng, 10)
            begin += 30 * SECOND
        openvpn.connect(scene.book, begin, caller, rng, 10)


def _scan(scene: Scene, desktop: Process, rng: Random) -> None:
    """Event 11: a port scanner runs from a download folder and knocks at every server."""
    fs, ms = scene.station("FS01"), at(scene, 74)
    path = _FOLDER + "advanced_port_scanner.exe"
    fs.create_file(ms - 20 * SECOND, desktop, path, 11)
    scanner = fs.start(ms, path, f'"{path}"', desktop, 11)
    fs.create_file(
        ms + 2 * SECOND, scanner, "C:\\Users\\svc_sharepoint\\AppData\\Local\\Temp\\port_scanner_portable.ini", 11
    )
    moment = ms + 9 * SECOND
    for machine in scene.estate.servers.values():
        for port in (135, 445, 3389):
            moment += rng.randrange(60, 420)
            fs.connect(moment, scanner, machine.address, port, 11, host=machine.fqdn)


def _credentials(scene: Scene, desktop: Process) -> None:
    """Event 12: passwords are read from LSASS, by a renamed mimikatz and by a dump."""
    fs, ms = scene.station("FS01"), at(scene, 78)
    lsass = fs.running(SYSTEM32 + "lsass.exe")
    shell = fs.start(ms, CMD, '"C:\\Windows\\system32\\cmd.exe"', desktop, 12)
    path = "C:\\Users\\Public\\Libraries\\mi.exe"
    fs.create_file(ms + 4 * SECOND, shell, path, 12)
    tool = fs.start(ms + 10 * SECOND, path, 'mi.exe "privilege::debug" "sekurlsa::logonpasswords" "exit"', shell, 12)
    trace = (
        "C:\\Windows\\SYSTEM32\\ntdll.dll+9fc24|C:\\Windows\\System32\\KERNELBASE.dll+20d0e|UNKNOWN(00000216C4EC5B41)"
    )
    fs.open_process(ms + 10_400, tool, lsass, "0x1010", trace, 12)
    dump = "C:\\Users\\Public\\Libraries\\d1.bin"
    command = f"rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 640 {dump} full"
    dumper = fs.start(ms + 40 * SECOND, SYSTEM32 + "rundll32.exe", command, shell, 12)
    trace = _TRACE + "C:\\Windows\\SYSTEM32\\dbgcore.DLL+6d2a"
    fs.open_process(ms + 40_500, dumper, lsass, "0x1fffff", trace, 12)
    fs.create_file(ms + 41 * SECOND, dumper, dump, 12)


def _wmiexec(scene: Scene) -> None:
    """Event 13: the built-in Administrator runs commands on the domain controller through WMI and a share."""
    dc, ms = scene.station("DC01"), at(scene, 82)
    source = VPN_INSIDE[0]
    provider = dc.running(SYSTEM32 + "wbem\\WmiPrvSE.exe", SYSTEM32 + "wbem\\wmiprvse.exe -secured -Embedding")
    identifier = logon(
        dc, ms, ATTACKER, 3, 13, address=source, workstation="kali", port=49_822, ntlm=True, elevated=True
    )
    output = "__1662733.7742"
    for step, command in enumerate(("cd \\", "whoami", 'net group "domain admins" /domain', "nltest /dclist:")):
        begin = ms + (2 + step * 9) * SECOND
        line = f"cmd.exe /Q /c {command} 1> \\\\127.0.0.1\\ADMIN$\\{output} 2>&1"
        shell = dc.start(begin, CMD, line, provider, 13, account=ATTACKER)
        name = command.split()[0]
        if name != "cd":
            dc.start(begin + 80, SYSTEM32 + name + ".exe", command, shell, 13)
        dc.create_file(begin + 120, shell, f"C:\\Windows\\{output}", 13)
        share_access(dc, begin + 600, ATTACKER, "ADMIN$", source, identifier, 13)


def _fan_out(scene: Scene, rng: Random) -> None:
    """Event 14: from FS01, where nobody starts remote sessions, the Administrator opens nine in three minutes."""
    fs, ms = scene.station("FS01"), at(scene, 85)
    desktop = fs.running(_EXPLORER, account=ATTACKER)
    for step, name in enumerate(("WEF", *TARGETS[:8])):
        begin = ms + step * 19 * SECOND
        target = scene.estate.servers[name]
        client = fs.start(begin - 3 * SECOND, SYSTEM32 + "mstsc.exe", f'"mstsc.exe" /v:{name}', desktop, 14)
        explicit_logon(fs, begin - SECOND, POOL, ATTACKER, target.fqdn, client.image, 14)
        fs.connect(begin - 700, client, target.address, 3389, 14, host=target.fqdn)
        remote_session(scene.station(name), begin, ATTACKER, fs.machine.address, rng, 14, until=begin + 4 * MINUTE)


def _tokens(scene: Scene, desktop: Process) -> None:
    """Event 15: an own tool takes the token of an administrator's process and starts a shell with it."""
    fs, ms = scene.station("FS01"), at(scene, 88)
    admin: Account = account_of(scene.estate.admins[0])
    path = "C:\\Users\\Public\\Libraries\\tk.exe"
    fs.create_file(ms - 5 * SECOND, desktop, path, 15)
    tool = fs.start(ms, path, f"tk.exe -p 4212 -u {admin.full} -c cmd.exe", desktop, 15)
    session = fs.running(SYSTEM32 + "winlogon.exe", "winlogon.exe")
    trace = _TRACE + "C:\\Users\\Public\\Libraries\\tk.exe+1c3f"
    fs.open_process(ms + 300, tool, session, "0x1400", trace, 15)
    logon(fs, ms + 600, POOL, 9, 15, address="::1", elevated=True, outbound=admin)
    shell = fs.start(ms + 700, CMD, "cmd.exe", tool, 15, account=admin)
    fs.start(ms + 4 * SECOND, SYSTEM32 + "whoami.exe", "whoami /priv", shell, 15)
