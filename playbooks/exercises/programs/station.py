"""One Windows machine at work: what happens on it becomes the events that Windows and Sysmon would write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from playbooks.exercises.estate import NETBIOS, SID, Machine
from playbooks.exercises.logbook import BENIGN, LogBook
from playbooks.exercises.moments import clock, iso_day
from playbooks.exercises.programs.images import hashes_of, image_of
from playbooks.exercises.programs.windows import WinEvent, windows_pen

_LSASS = 640


@dataclass(frozen=True, slots=True)
class Account:
    """An account as Windows names it."""

    name: str
    sid: str
    domain: str = NETBIOS

    @property
    def full(self) -> str:
        """Return `DOMAIN\\\\name`."""
        return f"{self.domain}\\{self.name}"


LOCAL_SYSTEM = Account("SYSTEM", "S-1-5-18", "NT AUTHORITY")
ADMINISTRATOR = Account("Administrator", f"{SID}-500")


@dataclass(frozen=True, slots=True)
class Process:
    """A running process."""

    image: str
    pid: int
    guid: str
    command: str
    account: Account = LOCAL_SYSTEM
    logon: int = 0x3E7


class Station:
    """Writes one machine's events into the log book. Every method takes the instant and the storyboard number."""

    def __init__(self, book: LogBook, machine: Machine, rng: Random) -> None:
        self.machine = machine
        self._book = book
        self._rng = rng
        self._mark = f"{rng.getrandbits(32):08x}"
        self._logons = rng.randrange(0x100000, 0x400000)
        book.use_pen(machine.file, windows_pen(machine.file))

    def emit(
        self,
        ms: int,
        kind: str,
        data: Mapping[str, str],
        number: int = BENIGN,
        *,
        pid: int = _LSASS,
        user: Account | None = None,
    ) -> None:
        """Write one event."""
        raised_by = (user.name, user.domain, user.sid) if user else None
        self._book.add(
            self.machine.file, ms, WinEvent(self.machine, kind, data, pid, raised_by), number, self.machine.name
        )

    def running(self, image: str, command: str = "", account: Account = LOCAL_SYSTEM) -> Process:
        """Return a process that has been running since before the day began."""
        pid = self._rng.randrange(500, 2400) * 4
        return Process(image, pid, self._guid(self._mark, pid), command or image, account, self._logon_of(account))

    def _logon_of(self, account: Account) -> int:
        return 0x3E7 if account.sid == "S-1-5-18" else 0x40000 + sum(account.full.encode()) * 0x35

    @staticmethod
    def _guid(mark: str, number: int) -> str:
        return f"{{{mark}-{number & 0xFFFF:04x}-6{number % 4095:03x}-{number % 977:04x}-00000000{number % 89:02x}00}}"

    # processes
    def start(
        self,
        ms: int,
        image: str,
        command: str,
        parent: Process,
        number: int = BENIGN,
        *,
        account: Account | None = None,
    ) -> Process:
        """Start a process: Sysmon 1 where Sysmon runs, 4688 where processes are audited."""
        who = account or parent.account
        pid = self._rng.randrange(500, 4000) * 4
        process = Process(image, pid, self._guid(self._mark, pid ^ ms), command, who, self._logon_of(who))
        if self.machine.has_sysmon:
            self._sysmon_start(ms, process, parent, number)
        if self.machine.audits_processes:
            self._audited_start(ms, process, parent, number)
        return process

    def _sysmon_start(self, ms: int, process: Process, parent: Process, number: int) -> None:
        image = image_of(process.image)
        is_system = process.account.sid == "S-1-5-18"
        self.sysmon(
            ms,
            1,
            {
                "ProcessGuid": process.guid,
                "ProcessId": str(process.pid),
                "Image": process.image,
                "FileVersion": image.version,
                "Description": image.description,
                "Product": image.product,
                "Company": image.company,
                "OriginalFileName": image.original,
                "CommandLine": process.command,
                "CurrentDirectory": "C:\\Windows\\system32\\" if is_system else f"C:\\Users\\{process.account.name}\\",
                "User": process.account.full,
                "LogonGuid": self._guid(self._mark, process.logon),
                "LogonId": hex(process.logon),
                "TerminalSessionId": "0" if is_system else "2",
                "IntegrityLevel": "System" if is_system else "High",
                "Hashes": hashes_of(process.image),
                "ParentProcessGuid": parent.guid,
                "ParentProcessId": str(parent.pid),
                "ParentImage": parent.image,
                "ParentCommandLine": parent.command,
                "ParentUser": parent.account.full,
            },
            number,
        )

    def _audited_start(self, ms: int, process: Process, parent: Process, number: int) -> None:
        who = parent.account
        changes_user = process.account is not who
        is_system = who.sid == "S-1-5-18"
        data = {
            "SubjectUserSid": who.sid,
            "SubjectUserName": self.machine.account if is_system else who.name,
            "SubjectDomainName": NETBIOS if is_system else who.domain,
            "SubjectLogonId": hex(parent.logon),
            "NewProcessId": hex(process.pid),
            "NewProcessName": process.image,
            "TokenElevationType": "%%1936",
            "ProcessId": hex(parent.pid),
            "CommandLine": process.command,
            "TargetUserSid": process.account.sid if changes_user else "S-1-0-0",
            "TargetUserName": process.account.name if changes_user else "-",
            "TargetDomainName": process.account.domain if changes_user else "-",
            "TargetLogonId": hex(process.logon) if changes_user else "0x0",
            "ParentProcessName": parent.image,
            "MandatoryLabel": "S-1-16-16384" if is_system else "S-1-16-8192",
        }
        self.emit(ms, "4688", data, number, pid=4)

    def end(self, ms: int, process: Process, number: int = BENIGN) -> None:
        """End a process (Sysmon 5)."""
        self.sysmon(ms, 5, {**self._of(process), "User": process.account.full}, number)

    # Sysmon
    def sysmon(self, ms: int, code: int, data: dict[str, str], number: int = BENIGN) -> None:
        """Write one Sysmon event; rule name and time are put before its data. Nothing where Sysmon does not run."""
        if self.machine.has_sysmon:
            stamp = {"RuleName": "-", "UtcTime": f"{iso_day(ms)} {clock(ms)}.{ms % 1000:03}"}
            self.emit(ms, f"sysmon {code}", stamp | data, number, pid=2872, user=LOCAL_SYSTEM)

    @staticmethod
    def _of(process: Process) -> dict[str, str]:
        return {"ProcessGuid": process.guid, "ProcessId": str(process.pid), "Image": process.image}

    def connect(
        self, ms: int, process: Process, address: str, port: int, number: int = BENIGN, *, host: str = "-"
    ) -> None:
        """A process opens a TCP connection (Sysmon 3)."""
        data = self._of(process) | {
            "User": process.account.full,
            "Protocol": "tcp",
            "Initiated": "true",
            "SourceIsIpv6": "false",
            "SourceIp": self.machine.address,
            "SourceHostname": self.machine.fqdn,
            "SourcePort": str(self._rng.randrange(49152, 65535)),
            "SourcePortName": "-",
            "DestinationIsIpv6": "false",
            "DestinationIp": address,
            "DestinationHostname": host,
            "DestinationPort": str(port),
            "DestinationPortName": {443: "https", 80: "http", 445: "microsoft-ds", 3389: "ms-wbt-server"}.get(
                port, "-"
            ),
        }
        self.sysmon(ms, 3, data, number)

    def create_file(self, ms: int, process: Process, path: str, number: int = BENIGN) -> None:
        """A process creates a file (Sysmon 11)."""
        created = f"{iso_day(ms)} {clock(ms)}.{ms % 1000:03}"
        data = {"TargetFilename": path, "CreationUtcTime": created, "User": process.account.full}
        self.sysmon(ms, 11, self._of(process) | data, number)

    def set_value(self, ms: int, process: Process, target: str, details: str, number: int = BENIGN) -> None:
        """A process sets a registry value (Sysmon 13)."""
        data = {"EventType": "SetValue", **self._of(process), "TargetObject": target, "Details": details}
        self.sysmon(ms, 13, data | {"User": process.account.full}, number)

    def create_key(self, ms: int, process: Process, target: str, number: int = BENIGN) -> None:
        """A process creates a registry key (Sysmon 12)."""
        data = {"EventType": "CreateKey", **self._of(process), "TargetObject": target, "User": process.account.full}
        self.sysmon(ms, 12, data, number)

    def resolve(self, ms: int, process: Process, name: str, answer: str, number: int = BENIGN) -> None:
        """A process asks the DNS (Sysmon 22)."""
        data = {"QueryName": name, "QueryStatus": "0", "QueryResults": f"::ffff:{answer};"}
        self.sysmon(ms, 22, self._of(process) | data | {"User": process.account.full}, number)

    def load_image(self, ms: int, process: Process, path: str, number: int = BENIGN) -> None:
        """A process loads a library (Sysmon 7)."""
        image = image_of(path)
        data = {
            "ImageLoaded": path,
            "FileVersion": image.version,
            "Description": image.description,
            "Product": image.product,
            "Company": image.company,
            "OriginalFileName": image.original,
            "Hashes": hashes_of(path),
            "Signed": "true",
            "Signature": "Microsoft Windows",
            "SignatureStatus": "Valid",
            "User": process.account.full,
        }
        self.sysmon(ms, 7, self._of(process) | data, number)

    def load_driver(self, ms: int, path: str, signer: str, number: int = BENIGN, *, status: str = "Valid") -> None:
        """The kernel loads a driver (Sysmon 6)."""
        data = {
            "ImageLoaded": path,
            "Hashes": hashes_of(path),
            "Signed": "true",
            "Signature": signer,
            "SignatureStatus": status,
        }
        self.sysmon(ms, 6, data, number)

    def read_raw(self, ms: int, process: Process, device: str, number: int = BENIGN) -> None:
        """A process reads a disk past the file system (Sysmon 9)."""
        self.sysmon(ms, 9, self._of(process) | {"Device": device, "User": process.account.full}, number)

    def open_process(  # noqa: PLR0917 - a record has the parts it has
        self, ms: int, process: Process, target: Process, access: str, trace: str, number: int = BENIGN
    ) -> None:
        """A process opens another one (Sysmon 10)."""
        data = {
            "SourceProcessGUID": process.guid,
            "SourceProcessId": str(process.pid),
            "SourceThreadId": str(process.pid + 44),
            "SourceImage": process.image,
            "TargetProcessGUID": target.guid,
            "TargetProcessId": str(target.pid),
            "TargetImage": target.image,
            "GrantedAccess": access,
            "CallTrace": trace,
            "SourceUser": process.account.full,
            "TargetUser": target.account.full,
        }
        self.sysmon(ms, 10, data, number)

    # services, PowerShell, Defender
    def install_service(
        self, ms: int, name: str, path: str, number: int = BENIGN, *, driver: bool = False, user: Account = LOCAL_SYSTEM
    ) -> None:
        """A service is installed (System 7045)."""
        data = {
            "ServiceName": name,
            "ImagePath": path,
            "ServiceType": "kernel mode driver" if driver else "user mode service",
            "StartType": "demand start" if driver else "auto start",
            "AccountName": "" if driver else "LocalSystem",
        }
        self.emit(ms, "7045", data, number, pid=624, user=user)

    def service_state(self, ms: int, name: str, state: str, number: int = BENIGN) -> None:
        """A service enters a state, `running` or `stopped` (System 7036)."""
        self.emit(ms, "7036", {"param1": name, "param2": state}, number, pid=624)

    def script(self, ms: int, text: str, account: Account, number: int = BENIGN, *, path: str = "") -> None:
        """PowerShell logs a script block (4104)."""
        data = {
            "MessageNumber": "1",
            "MessageTotal": "1",
            "ScriptBlockText": text,
            "ScriptBlockId": f"{self._rng.getrandbits(32):08x}-41c2-4f0b-9a37-{self._rng.getrandbits(48):012x}",
            "Path": path,
        }
        self.emit(ms, "4104", data, number, pid=4388, user=account)

    def defender(self, ms: int, code: int, data: dict[str, str], number: int = BENIGN) -> None:
        """Defender writes an event to its Operational channel."""
        product = {"Product Name": "Microsoft Defender Antivirus", "Product Version": "4.18.25110.5"}
        self.emit(ms, f"defender {code}", product | data, number, pid=3120, user=LOCAL_SYSTEM)

    def clear_log(self, ms: int, channel: str, account: Account, number: int = BENIGN) -> None:
        """An event log is cleared: Security 1102, or System 104 that names the channel."""
        who = {"SubjectUserName": account.name, "SubjectDomainName": account.domain}
        if channel == "Security":
            logon = {"SubjectUserSid": account.sid, "SubjectLogonId": hex(self._logon_of(account))}
            self.emit(ms, "1102", who | logon, number, pid=1044)
        else:
            self.emit(ms, "104", {**who, "Channel": channel, "BackupPath": ""}, number, pid=1044, user=account)

    def next_logon(self) -> str:
        """Return a fresh logon id."""
        self._logons += self._rng.randrange(0x40, 0x4000)
        return hex(self._logons)
