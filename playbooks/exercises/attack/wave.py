"""Events 16 to 26: the destructive wave, from the print server to ten servers of the e-services."""

from __future__ import annotations

from random import Random

from playbooks.exercises.attack.actors import ATTACKER, CMD, HIDDEN, POWERSHELL, TARGETS, VPN_INSIDE, at
from playbooks.exercises.attack.destruction import clear_logs, stop_programs, wipe_disks
from playbooks.exercises.moments import MINUTE, SECOND
from playbooks.exercises.programs.images import SYSTEM32
from playbooks.exercises.programs.logons import explicit_logon, logon, remote_session, share_access
from playbooks.exercises.programs.station import Process, Station
from playbooks.exercises.scene import Scene

_EXPLORER = "C:\\Windows\\explorer.exe"
_POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows Defender\\"


def wave(scene: Scene) -> None:
    """Write events 16 to 26."""
    rng = scene.rng("attack: wave")
    prt = scene.station("PRT01")
    remote_session(prt, at(scene, 95), ATTACKER, VPN_INSIDE[0], rng, 16)
    desktop = prt.running(_EXPLORER, account=ATTACKER)
    _copies(scene, desktop, rng)
    for index, name in enumerate(TARGETS):
        _on_target(scene, scene.station(name), index * 4 * SECOND, rng)
    _many_sessions(scene, desktop, rng)


def _copies(scene: Scene, desktop: Process, rng: Random) -> None:
    """Event 18: a spreader reads a list of hosts and copies the encryptor and its script to each."""
    prt, ms = scene.station("PRT01"), at(scene, 97)
    path = HIDDEN + "Mellona.exe"
    prt.create_file(ms - 12 * SECOND, desktop, path, 18)
    prt.create_file(ms - 11 * SECOND, desktop, HIDDEN + "list.txt", 18)
    spreader = prt.start(ms, path, "Mellona.exe list.txt GoXml.exe win.bat", desktop, 18)
    for index, name in enumerate(TARGETS):
        begin = ms + 2 * SECOND + index * 3 * SECOND
        target = scene.station(name)
        prt.connect(begin, spreader, target.machine.address, 445, 18, host=target.machine.fqdn)
        identifier = logon(
            target,
            begin + 100,
            ATTACKER,
            3,
            18,
            address=prt.machine.address,
            workstation="PRT01",
            ntlm=True,
            elevated=True,
        )
        share_access(target, begin + 200, ATTACKER, "C$", prt.machine.address, identifier, 18)
        kernel = target.running("System", "System")
        for step, file in enumerate(("GoXml.exe", "win.bat")):
            target.create_file(begin + 400 + step * 300 + rng.randrange(80), kernel, HIDDEN + file, 18)


def _on_target(scene: Scene, station: Station, delay: int, rng: Random) -> None:
    desktop = station.running(_EXPLORER, account=ATTACKER)
    shell = station.start(at(scene, 96) + delay, CMD, "cmd.exe", desktop, 17)
    _disable_defender(station, at(scene, 96) + delay + SECOND, shell)
    startup = HIDDEN + "Start Menu\\Programs\\StartUp\\win.bat"
    station.create_file(at(scene, 98) + delay, shell, startup, 19)
    stop_programs(station, at(scene, 99) + delay, shell, 20, HIDDEN + "bb.bat")
    ms = at(scene, 100) + delay
    station.start(ms, SYSTEM32 + "vssadmin.exe", "vssadmin delete shadows /all /quiet", shell, 21)
    station.service_state(ms + 900, "Volume Shadow Copy", "running", 21)
    _encrypt(station, at(scene, 101) + delay, shell, rng)
    _wallpaper(station, at(scene, 102) + delay, shell)
    wipe_disks(
        station, at(scene, 112) + delay * 3, shell, 25, tool=HIDDEN + "cl.exe", arguments="in",
        driver="C:\\Windows\\System32\\drivers\\rwdsk.sys", service="RawDisk3", signer="EldoS Corporation",
    )  # fmt: skip
    clear_logs(station, at(scene, 141) + delay * 2, shell, ATTACKER, 26)


def _disable_defender(station: Station, ms: int, shell: Process) -> None:
    """Event 17: a tool and WMI turn Defender off."""
    tool = station.start(ms, HIDDEN + "disable_defender.exe", "disable_defender.exe", shell, 17)
    for step, (name, value) in enumerate(
        (
            ("DisableAntiSpyware", "DWORD (0x00000001)"),
            ("Real-Time Protection\\DisableRealtimeMonitoring", "DWORD (0x00000001)"),
            ("Real-Time Protection\\DisableBehaviorMonitoring", "DWORD (0x00000001)"),
        )
    ):
        station.set_value(ms + 200 + step * 60, tool, _POLICY + name, value, 17)
    command = (
        'wmic /namespace:\\\\root\\Microsoft\\Windows\\Defender class MSFT_MpPreference call Add ExclusionPath="C:\\"'
    )
    station.start(ms + 2 * SECOND, SYSTEM32 + "wbem\\WMIC.exe", command, shell, 17)
    script = "Set-MpPreference -DisableRealtimeMonitoring $true -MAPSReporting 0 -SubmitSamplesConsent 2"
    station.start(ms + 4 * SECOND, POWERSHELL, f'powershell.exe -NoP -W Hidden -C "{script}"', shell, 17)
    station.script(ms + 4600, script, ATTACKER, 17)
    root = "HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\"
    for step, name in enumerate(
        ("Real-Time Protection\\DisableRealtimeMonitoring = 0x1", "Exclusions\\Paths\\C:\\ = 0x0")
    ):
        station.defender(ms + 5 * SECOND + step * 200, 5007, {"Old Value": "", "New Value": root + name}, 17)
    station.defender(ms + 6 * SECOND, 5001, {}, 17)


def _encrypt(station: Station, ms: int, shell: Process, rng: Random) -> None:
    """Event 22: files are encrypted and a note is left."""
    command = "GoXml.exe 1 2 3 4 5 6 7"
    runner = station.start(ms, CMD, f'cmd.exe /c "{HIDDEN}win.bat"', shell, 22)
    tool = station.start(ms + 300, HIDDEN + "GoXml.exe", command, runner, 22)
    for step in range(36):
        folder = ("D:\\Services\\data", "D:\\SQLData", "C:\\inetpub\\wwwroot")[step % 3]
        moment = ms + SECOND + step * 350 + rng.randrange(200)
        station.create_file(moment, tool, f"{folder}\\akt-{rng.randrange(10_000):04}.xml.lck", 22)
        if step % 12 == 0:
            station.create_file(moment + 90, tool, f"{folder}\\How_To_Unlock_MyFiles.txt", 22)
    station.end(ms + 40 * SECOND, tool, 22)


def _wallpaper(station: Station, ms: int, shell: Process) -> None:
    """Event 23: the wallpaper shows the attackers' picture."""
    picture = HIDDEN + "GoXml.jpg"
    station.create_file(ms, shell, picture, 23)
    target = f"HKU\\{ATTACKER.sid}\\Control Panel\\Desktop\\Wallpaper"
    changer = station.start(
        ms + 300, SYSTEM32 + "reg.exe",
        f'reg add "HKCU\\Control Panel\\Desktop" /v Wallpaper /t REG_SZ /d {picture} /f', shell, 23,
    )  # fmt: skip
    station.set_value(ms + 500, changer, target, picture, 23)
    station.start(
        ms + 900, SYSTEM32 + "rundll32.exe", "RUNDLL32.EXE user32.dll,UpdatePerUserSystemParameters", shell, 23
    )


def _many_sessions(scene: Scene, desktop: Process, rng: Random) -> None:
    """Event 24: half an hour of remote sessions from the print server to one server after the other."""
    prt = scene.station("PRT01")
    others = ("APP05", "APP09", "APP14", "APP18", "APP22", "APP27", "APP36", "APP40")
    for step, name in enumerate((*TARGETS, *others)):
        begin = at(scene, 110) + step * 95 * SECOND + rng.randrange(20 * SECOND)
        target = scene.estate.servers[name]
        client = prt.start(begin - 3 * SECOND, SYSTEM32 + "mstsc.exe", f"mstsc.exe /v:{target.address}", desktop, 24)
        explicit_logon(prt, begin - SECOND, ATTACKER, ATTACKER, target.fqdn, client.image, 24)
        prt.connect(begin - 700, client, target.address, 3389, 24, host=target.fqdn)
        remote_session(scene.station(name), begin, ATTACKER, prt.machine.address, rng, 24, until=begin + 3 * MINUTE)
