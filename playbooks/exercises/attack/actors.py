"""Who the attackers of the exercise are: addresses, accounts and folders (all names are the exercise's own)."""

from __future__ import annotations

from playbooks.exercises.estate import SID
from playbooks.exercises.ministry.accounts import SHAREPOINT
from playbooks.exercises.moments import HOUR, MINUTE
from playbooks.exercises.programs.images import SYSTEM32
from playbooks.exercises.programs.station import ADMINISTRATOR, Account
from playbooks.exercises.scene import Scene

SHELL_CLIENT = "198.51.100.23"
MAIL_CLIENT = "198.51.100.77"
VPN_CLIENT = "198.51.100.104"
VPN_INSIDE = ("10.8.3.66", "10.8.3.67")

POOL = SHAREPOINT
ATTACKER = ADMINISTRATOR
HEALTH_MAILBOX = Account("HealthMailbox7c4", f"{SID}-1991")
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/92.0.4515.107 Safari/537.36"
)
LAYOUTS = "C:\\Program Files\\Common Files\\microsoft shared\\Web Server Extensions\\15\\TEMPLATE\\LAYOUTS\\"
HIDDEN = "C:\\ProgramData\\Microsoft\\Windows\\"
CMD = SYSTEM32 + "cmd.exe"
POWERSHELL = SYSTEM32 + "WindowsPowerShell\\v1.0\\powershell.exe"

# The servers that the destructive wave reaches; the last ones are shipped by NXLog.
TARGETS = ("APP03", "APP07", "APP12", "APP16", "APP20", "APP25", "APP29", "APP32", "APP34", "APP37")

_BEGIN = 9 * HOUR + 10 * MINUTE


def at(scene: Scene, minutes: float) -> int:
    """Return the instant of the storyboard's `+minutes`."""
    return scene.day + _BEGIN + round(minutes * MINUTE)
