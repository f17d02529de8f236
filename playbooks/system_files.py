r"""Files of the operating system: one rule for what is never deleted by a command and never told as the attacker's.

A folder alone hides nothing: attackers drop files into those of Windows, too, so a program counts by its folder and its
name. Spellings that the system takes for the same path (`\\?\C:\`, `\Device\HarddiskVolume3\`, `/`, `..`) are the same.
"""

from __future__ import annotations

import ntpath
import posixpath
import re
from typing import Final

_UNIX_FOLDERS: Final = (
    "/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/lib/", "/lib64/", "/usr/lib/", "/boot/",
)  # fmt: skip
_WINDOWS_FOLDER: Final = re.compile(
    r"""c:\\(?:
        windows
        | windows\\(?:system32 | syswow64 | sysnative)
          (?:\\(?:wbem | windowspowershell\\v1\.0 | inetsrv | openssh))?
        | windows\\microsoft\.net\\framework(?:64)?\\v[0-9.]{1,16}
        | program\ files\\powershell\\[0-9]{1,2}
    )""",
    re.VERBOSE,
)
# Programs that attackers use and did not bring.
_WINDOWS_PROGRAMS: Final = frozenset((
    "cmd.exe", "powershell.exe", "powershell_ise.exe", "pwsh.exe", "explorer.exe", "svchost.exe", "services.exe",
    "lsass.exe", "smss.exe", "csrss.exe", "wininit.exe", "winlogon.exe", "conhost.exe", "rundll32.exe", "regsvr32.exe",
    "mshta.exe", "wscript.exe", "cscript.exe", "wmic.exe", "wmiprvse.exe", "wmiadap.exe", "unsecapp.exe", "scrcons.exe",
    "mofcomp.exe", "wbemtest.exe", "winmgmt.exe", "vssadmin.exe", "wbadmin.exe", "bcdedit.exe", "net.exe", "net1.exe",
    "netsh.exe", "sc.exe", "schtasks.exe", "taskkill.exe", "taskhostw.exe", "reg.exe", "wevtutil.exe", "certutil.exe",
    "bitsadmin.exe", "whoami.exe", "nltest.exe", "ntdsutil.exe", "spoolsv.exe", "w3wp.exe", "inetinfo.exe",
    "appcmd.exe", "dllhost.exe", "msiexec.exe", "tasklist.exe", "ipconfig.exe", "ping.exe", "curl.exe", "fsutil.exe",
    "cipher.exe", "userinit.exe", "ssh.exe", "sshd.exe", "scp.exe", "sftp.exe", "ssh-add.exe", "ssh-agent.exe",
    "ssh-keygen.exe", "msbuild.exe", "csc.exe", "vbc.exe", "cvtres.exe", "installutil.exe", "regasm.exe", "regsvcs.exe",
    "regsql.exe", "aspnet_compiler.exe", "aspnet_regiis.exe", "ngen.exe", "mscorsvw.exe", "dfsvc.exe", "jsc.exe",
    "ieexec.exe", "applaunch.exe",
))  # fmt: skip
# What stands for the first volume and the Windows folder in paths of the kernel, and prefixes that Win32 drops.
_SPELLINGS: Final = (
    (re.compile(r"\\(?:\\[?.]|\?\?)\\(?=[a-z]:\\)"), ""),
    (re.compile(r"\\device\\harddiskvolume[0-9]{1,3}(?=\\)"), "c:"),
    (re.compile(r"\\systemroot(?=\\)"), "c:\\windows"),
)


def is_of_the_system(path: str) -> bool:
    """Tell whether a full path, however spelled, is that of a program of the operating system."""
    if path.startswith("/"):
        return f"/{posixpath.normpath(path).lstrip('/')}".startswith(_UNIX_FOLDERS)
    folder, _, name = _plain(path).rpartition("\\")
    return name in _WINDOWS_PROGRAMS and _WINDOWS_FOLDER.fullmatch(folder) is not None


def is_full(path: str) -> bool:
    """Tell whether a path begins at a root, of either family."""
    return path.startswith(("/", "\\")) or path[1:3] in {":\\", ":/"}


def _plain(path: str) -> str:
    path = path.replace("/", "\\").lower()
    for pattern, meant in _SPELLINGS:
        if found := pattern.match(path):
            path = meant + path[found.end() :]
    # Win32 drops dots and blanks from a name's end
    return ntpath.normpath(path).rstrip(". ").removesuffix("::$data").rstrip(". ")
