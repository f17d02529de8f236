"""The ministry's service accounts."""

from __future__ import annotations

from playbooks.exercises.estate import SID
from playbooks.exercises.programs.station import Account

BACKUP = Account("svc_backup", f"{SID}-1031")
MONITOR = Account("svc_monitor", f"{SID}-1032")
SHAREPOINT = Account("svc_sharepoint", f"{SID}-1033")  # the farm's application pools; local administrator on FS01
DEPLOY = Account("svc_deploy", f"{SID}-1034")
SCAN = Account("svc_scan", f"{SID}-1035")
