"""The types of audit records: their numbers, and what they mean in ECS' categories.

Source: the kernel's `include/uapi/linux/audit.h`, auditd's `lib/audit-records.h`, and the audit documentation's list of
record types.
"""

from __future__ import annotations

_BY_NUMBER = {
    1006: "LOGIN",
    1100: "USER_AUTH USER_ACCT USER_MGMT CRED_ACQ CRED_DISP USER_START USER_END USER_AVC USER_CHAUTHTOK USER_ERR "
    "CRED_REFR USYS_CONFIG USER_LOGIN USER_LOGOUT ADD_USER DEL_USER ADD_GROUP DEL_GROUP DAC_CHECK CHGRP_ID TEST "
    "TRUSTED_APP USER_SELINUX_ERR USER_CMD USER_TTY CHUSER_ID GRP_AUTH SYSTEM_BOOT SYSTEM_SHUTDOWN SYSTEM_RUNLEVEL "
    "SERVICE_START SERVICE_STOP GRP_MGMT GRP_CHAUTHTOK MAC_CHECK ACCT_LOCK ACCT_UNLOCK USER_DEVICE SOFTWARE_UPDATE",
    1200: "DAEMON_START DAEMON_END DAEMON_ABORT DAEMON_CONFIG DAEMON_RECONFIG DAEMON_ROTATE DAEMON_RESUME "
    "DAEMON_ACCEPT DAEMON_CLOSE DAEMON_ERR",
    1300: "SYSCALL",
    1302: "PATH IPC SOCKETCALL CONFIG_CHANGE SOCKADDR CWD",
    1309: "EXECVE",
    1311: "IPC_SET_PERM MQ_OPEN MQ_SENDRECV MQ_NOTIFY MQ_GETSETATTR KERNEL_OTHER FD_PAIR OBJ_PID TTY EOE BPRM_FCAPS "
    "CAPSET MMAP NETFILTER_PKT NETFILTER_CFG SECCOMP PROCTITLE FEATURE_CHANGE REPLACE KERN_MODULE FANOTIFY "
    "TIME_INJOFFSET TIME_ADJNTPVAL BPF EVENT_LISTENER URINGOP OPENAT2 DM_CTRL DM_EVENT",
    1400: "AVC SELINUX_ERR AVC_PATH MAC_POLICY_LOAD MAC_STATUS MAC_CONFIG_CHANGE",
    1500: "APPARMOR APPARMOR_AUDIT APPARMOR_ALLOWED APPARMOR_DENIED APPARMOR_HINT APPARMOR_STATUS APPARMOR_ERROR",
    1700: "ANOM_PROMISCUOUS ANOM_ABEND ANOM_LINK ANOM_CREAT",
    1800: "INTEGRITY_DATA INTEGRITY_METADATA INTEGRITY_STATUS INTEGRITY_HASH INTEGRITY_PCR INTEGRITY_RULE "
    "INTEGRITY_EVM_XATTR INTEGRITY_POLICY_RULE",
    2000: "KERNEL",
    2100: "ANOM_LOGIN_FAILURES ANOM_LOGIN_TIME ANOM_LOGIN_SESSIONS ANOM_LOGIN_ACCT ANOM_LOGIN_LOCATION ANOM_MAX_DAC "
    "ANOM_MAX_MAC ANOM_AMTU_FAIL ANOM_RBAC_FAIL ANOM_RBAC_INTEGRITY_FAIL ANOM_CRYPTO_FAIL ANOM_ACCESS_FS ANOM_EXEC "
    "ANOM_MK_EXEC ANOM_ADD_ACCT ANOM_DEL_ACCT ANOM_MOD_ACCT ANOM_ROOT_TRANS ANOM_LOGIN_SERVICE",
}

NUMBERS = {str(first + i): name for first, names in _BY_NUMBER.items() for i, name in enumerate(names.split(" "))}
"""Names of record types by their number, as the kernel writes it to syslog (`type=1400`)."""

_MEANINGS = """
USER_AUTH               authentication          start
USER_LOGIN              authentication          start
USER_ACCT               authentication          info
USER_ERR                authentication          info
USER_LOGOUT             authentication          end
LOGIN                   authentication          start
GRP_AUTH                authentication          start
CRED_ACQ                authentication          start
CRED_REFR               authentication          start
CRED_DISP               authentication          end
USER_START              session                 start
USER_END                session                 end
USER_CHAUTHTOK          iam                     user,change
GRP_CHAUTHTOK           iam                     group,change
CHUSER_ID               iam                     user,change
CHGRP_ID                iam                     group,change
USER_MGMT               iam                     user,change
GRP_MGMT                iam                     group,change
ADD_USER                iam                     user,creation
DEL_USER                iam                     user,deletion
ADD_GROUP               iam                     group,creation
DEL_GROUP               iam                     group,deletion
ACCT_LOCK               iam                     user,change
ACCT_UNLOCK             iam                     user,change
ROLE_ASSIGN             iam                     user,change
ROLE_REMOVE             iam                     user,change
USER_ROLE_CHANGE        iam                     user,change
USER_CMD                process                 start
EXECVE                  process                 start
SYSCALL                 process                 info
PROCTITLE               process                 info
CWD                     process                 info
BPRM_FCAPS              process                 change
CAPSET                  process                 change
OBJ_PID                 process                 info
SECCOMP                 process                 info
ANOM_ABEND              process                 end
ANOM_EXEC               process                 start
TTY                     process                 info
USER_TTY                process                 info
AVC                     process                 info
USER_AVC                process                 info
APPARMOR_DENIED         process                 info
APPARMOR_ALLOWED        process                 info
PATH                    file                    info
OPENAT2                 file                    access
FANOTIFY                file                    access
ANOM_LINK               file                    info
ANOM_CREAT              file                    creation
ANOM_ACCESS_FS          file                    access
SOCKADDR                network                 connection
NETFILTER_PKT           network                 info
ANOM_PROMISCUOUS        network                 info
NETFILTER_CFG           network,configuration   change
CONFIG_CHANGE           configuration           change
USYS_CONFIG             configuration           change
FEATURE_CHANGE          configuration           change
MAC_STATUS              configuration           change
MAC_POLICY_LOAD         configuration           change
MAC_CONFIG_CHANGE       configuration           change
TIME_INJOFFSET          configuration           change
TIME_ADJNTPVAL          configuration           change
BPF                     driver                  change
KERN_MODULE             driver                  start
SERVICE_START           process                 start
SERVICE_STOP            process                 end
DAEMON_START            process                 start
DAEMON_END              process                 end
DAEMON_ABORT            process                 end
DAEMON_CONFIG           configuration           change
SYSTEM_BOOT             host                    start
SYSTEM_SHUTDOWN         host                    end
SYSTEM_RUNLEVEL         host                    change
SOFTWARE_UPDATE         package                 change
USER_DEVICE             host                    change
INTEGRITY_DATA          file                    info
INTEGRITY_RULE          file                    info
ANOM_LOGIN_FAILURES     intrusion_detection     info
ANOM_LOGIN_TIME         intrusion_detection     info
ANOM_LOGIN_SESSIONS     intrusion_detection     info
ANOM_LOGIN_ACCT         intrusion_detection     info
ANOM_LOGIN_LOCATION     intrusion_detection     info
ANOM_ADD_ACCT           iam                     user,creation
ANOM_DEL_ACCT           iam                     user,deletion
ANOM_MOD_ACCT           iam                     user,change
ANOM_ROOT_TRANS         authentication          info
"""

MEANINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    words[0]: (tuple(words[1].split(",")), tuple(words[2].split(",")))
    for line in _MEANINGS.strip().splitlines()
    if len(words := line.split()) == 3
}
"""`event.category` and `event.type` of record types; a type that is not here has neither."""

STARTS = frozenset({"execve", "execveat", "fork", "vfork", "clone", "clone3"})
"""System calls that start a process."""
