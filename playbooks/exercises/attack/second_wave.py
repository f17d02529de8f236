"""Event 28: the next day at the border police, the same deeds under random names."""

from __future__ import annotations

from random import Random

from playbooks.exercises.attack.actors import ATTACKER, CMD, POWERSHELL, VPN_INSIDE, at
from playbooks.exercises.attack.destruction import clear_logs, stop_programs, wipe_disks
from playbooks.exercises.moments import DAY, MINUTE, SECOND
from playbooks.exercises.programs.images import SYSTEM32
from playbooks.exercises.programs.logons import logon, remote_session, share_access
from playbooks.exercises.programs.station import Process, Station
from playbooks.exercises.scene import Scene

_POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows Defender\\"


def second_wave(scene: Scene) -> None:
    """Write event 28 on both servers."""
    rng = scene.rng("attack: second wave")
    for index, name in enumerate(("TIMS01", "TIMS02")):
        _destroy(scene.station(name), at(scene, 0) + DAY + index * 4 * MINUTE, rng)


def _word(rng: Random) -> str:
    return "".join(rng.choices("bcdfghjklmnpqrstvwxz", k=rng.randrange(6, 10)))


def _destroy(station: Station, ms: int, rng: Random) -> None:
    remote_session(station, ms, ATTACKER, VPN_INSIDE[1], rng, 28)
    desktop = station.running("C:\\Windows\\explorer.exe", account=ATTACKER)
    folder = f"C:\\ProgramData\\{_word(rng)}\\"
    identifier = logon(station, ms + 20 * SECOND, ATTACKER, 3, 28, address=VPN_INSIDE[1], workstation="kali", ntlm=True)
    share_access(station, ms + 21 * SECOND, ATTACKER, "C$", VPN_INSIDE[1], identifier, 28)
    shell = station.start(ms + 30 * SECOND, CMD, "cmd.exe", desktop, 28)
    _disarm(station, ms + 40 * SECOND, shell)
    stop_programs(station, ms + MINUTE, shell, 28, f"{folder}{_word(rng)}.cmd")
    station.start(ms + 75 * SECOND, SYSTEM32 + "vssadmin.exe", "vssadmin.exe Delete Shadows /All /Quiet", shell, 28)
    _encrypt(station, ms + 90 * SECOND, shell, folder, rng)
    name = _word(rng)
    wipe_disks(
        station, ms + 150 * SECOND, shell, 28, tool=f"{folder}{_word(rng)}.exe", arguments=f"/{name[:2]} 3",
        driver=f"C:\\Windows\\System32\\drivers\\{name}.sys", service=name, signer="NVIDIA Corporation",
        status="Expired",
    )  # fmt: skip
    clear_logs(station, ms + 200 * SECOND, shell, ATTACKER, 28)


def _disarm(station: Station, ms: int, shell: Process) -> None:
    script = "Set-MpPreference -DisableRealtimeMonitoring $true; Add-MpPreference -ExclusionPath 'C:\\'"
    tool = station.start(ms, POWERSHELL, f'powershell.exe -ep bypass -c "{script}"', shell, 28)
    station.script(ms + 500, script, ATTACKER, 28)
    station.set_value(ms + 800, tool, _POLICY + "DisableAntiSpyware", "DWORD (0x00000001)", 28)
    new = "HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\Real-Time Protection\\DisableRealtimeMonitoring = 0x1"
    station.defender(ms + 1200, 5007, {"Old Value": "", "New Value": new}, 28)
    station.defender(ms + 1500, 5001, {}, 28)


def _encrypt(station: Station, ms: int, shell: Process, folder: str, rng: Random) -> None:
    image, ending = f"{folder}{_word(rng)}.exe", _word(rng)[:5]
    station.create_file(ms - SECOND, shell, image, 28)
    tool = station.start(ms, image, f"{image} {rng.randrange(10, 99)}", shell, 28)
    for step in range(40):
        station.create_file(
            ms + SECOND + step * 300, tool, f"D:\\TIMS\\kalime\\{rng.getrandbits(32):08x}.dat.{ending}", 28
        )
    station.create_file(ms + 14 * SECOND, tool, f"D:\\TIMS\\kalime\\{_word(rng).upper()}_README.txt", 28)
