"""Windows: what rules' fields are called in winlogbeat's shape, and which fields the events of each log have.

One table serves all channels, since rules of several channels share their tables of values; only process creation by
Security's 4688 has other names than Sysmon's. Sources: the manifests of Microsoft's event providers; Sysmon's schema.
"""

from __future__ import annotations

from typing import Final

from engine.sigma.mapping.table import Names, words

_DATA: Final = "winlog.event_data."
_USER_DATA: Final = "winlog.user_data."


def _also(name: str, *others: str) -> tuple[str, ...]:
    """Return where a field stands: under its own name, else under what some versions of the event call it."""
    return (_DATA + name, _USER_DATA + name, *(_DATA + other for other in others))


WINDOWS: Final[Names] = {
    "EventID": ("event.code",),
    "Channel": ("winlog.channel",),
    "EventLog": ("winlog.channel",),
    "Provider_Name": ("winlog.provider_name",),
    "ProviderName": (f"{_DATA}ProviderName", "winlog.provider_name"),
    "Provider": (f"{_DATA}Provider", "winlog.provider_name"),
    "Provider_Guid": ("winlog.provider_guid",),
    "Computer": ("winlog.computer_name", "host.name"),
    "ComputerName": (f"{_DATA}ComputerName", "winlog.computer_name", "host.name"),
    "Keywords": (f"{_DATA}Keywords", "winlog.keywords", "winlog.keywords_mask"),
    "Level": (f"{_DATA}Level", "winlog.level", "log.level"),
    "Message": (f"{_DATA}Message", "message"),
    "Cmdlet": ("exchange.cmdlet",),
    "Parameters": ("exchange.parameters", f"{_DATA}Parameters"),
    # Defender's names are words with blanks; rules and some shippers leave the blanks out
    "ThreatName": _also("ThreatName", "Threat Name", "Threat_Name"),
    "ThreatID": _also("ThreatID", "Threat ID", "Threat_ID"),
    "SeverityName": _also("SeverityName", "Severity Name", "Severity_Name"),
    "CategoryName": _also("CategoryName", "Category Name", "Category_Name"),
    "ActionName": _also("ActionName", "Action Name", "Action_Name"),
    "SourceName": _also("SourceName", "Source Name", "Source_Name"),
    "ProcessName": _also("ProcessName", "Process Name", "Process_Name"),
    "NewValue": _also("NewValue", "New Value", "New_Value"),
    "OldValue": _also("OldValue", "Old Value", "Old_Value"),
    "Feature_Name": _also("Feature_Name", "Feature Name", "FeatureName"),
    "DetectionUser": _also("DetectionUser", "Detection User", "Detection_User"),
    # the taxonomy's antivirus names, of Defender's detections
    "Signature": _also("Signature", "Threat Name", "ThreatName", "Threat_Name"),
    "Filename": _also("Filename", "Path"),
    # code integrity: older and newer manifests
    "FileNameBuffer": _also("FileNameBuffer", "File Name"),
    "ProcessNameBuffer": _also("ProcessNameBuffer", "Process Name"),
    "RequestedPolicy": _also("RequestedPolicy", "Requested Policy"),
    # Application Error (1000) named its data only from Windows 10 on
    "AppName": _also("AppName", "param1"),
    "AppVersion": _also("AppVersion", "param2"),
    "ModuleName": _also("ModuleName", "param4"),
    "ExceptionCode": _also("ExceptionCode", "param7"),
    # names that rules have otherwise than the event
    "SubjectAccountName": _also("SubjectAccountName", "SubjectUserName"),
    "EncyptionUsed": _also("EncyptionUsed", "EncryptionUsed"),
    "Hash": _also("Hash", "Hashes"),
    "TargetFilename": _also("TargetFilename", "FilePath"),  # the kernel's file provider
}

# Security 4688 says the same as Sysmon 1 under other names.
PROCESS_4688: Final[Names] = {
    "Image": (f"{_DATA}NewProcessName",),
    "ParentImage": (f"{_DATA}ParentProcessName",),
    "ProcessId": (f"{_DATA}NewProcessId",),
    "ParentProcessId": (f"{_DATA}ProcessId",),
    "User": (f"{_DATA}SubjectUserName",),
    "LogonId": (f"{_DATA}SubjectLogonId",),
    "IntegrityLevel": (f"{_DATA}MandatoryLabel",),
}

# Fields whose values are spread over several event fields: all of them count, not the first.
UNNAMED: Final = tuple(f"{_DATA}param{number}" for number in range(1, 21))
SPREAD: Final = frozenset({"Data", "Level", "Keywords"})

# What every event has, whatever its channel
SYSTEM_FIELDS: Final = words("""
    EventID Channel EventLog Provider_Name ProviderName Provider_Guid Computer ComputerName Keywords Level Message Data
    Binary
""") | frozenset(name.rpartition(".")[2] for name in UNNAMED)

_ANY_FILE: Final = "RuleName UtcTime ProcessGuid ProcessId Image User TargetFilename"
_ANY_REGISTRY: Final = "RuleName EventType UtcTime ProcessGuid ProcessId Image User TargetObject"
_THREAT: Final = """
    ThreatName ThreatID SeverityName SeverityID CategoryName CategoryID Path SourceName ProcessName ActionName
    DetectionUser Signature Filename
"""
# Category or service -> the fields of its events
FIELDS_OF: Final = {
    name: words(text)
    for name, text in {
        "process_creation": """
            RuleName UtcTime ProcessGuid ProcessId Image FileVersion Description Product Company OriginalFileName
            CommandLine CurrentDirectory User LogonGuid LogonId TerminalSessionId IntegrityLevel Hashes
            ParentProcessGuid ParentProcessId ParentImage ParentCommandLine ParentUser NewProcessName
            ParentProcessName NewProcessId TokenElevationType MandatoryLabel SubjectUserName SubjectDomainName
            SubjectUserSid SubjectLogonId TargetUserName TargetDomainName TargetUserSid TargetLogonId
        """,
        "file_change": f"{_ANY_FILE} CreationUtcTime PreviousCreationUtcTime",
        "network_connection": """
            RuleName UtcTime ProcessGuid ProcessId Image User Protocol Initiated SourceIsIpv6 SourceIp SourceHostname
            SourcePort SourcePortName DestinationIsIpv6 DestinationIp DestinationHostname DestinationPort
            DestinationPortName
        """,
        "sysmon_status": "UtcTime State Version SchemaVersion Configuration ConfigurationFileHash",
        "process_termination": "RuleName UtcTime ProcessGuid ProcessId Image User",
        "driver_load": "RuleName UtcTime ImageLoaded Hashes Signed Signature SignatureStatus",
        "image_load": """
            RuleName UtcTime ProcessGuid ProcessId Image ImageLoaded FileVersion Description Product Company
            OriginalFileName Hashes Signed Signature SignatureStatus User
        """,
        "create_remote_thread": """
            RuleName UtcTime SourceProcessGuid SourceProcessId SourceImage TargetProcessGuid TargetProcessId TargetImage
            NewThreadId StartAddress StartModule StartFunction SourceUser TargetUser
        """,
        "raw_access_thread": "RuleName UtcTime ProcessGuid ProcessId Image Device User",
        "process_access": """
            RuleName UtcTime SourceProcessGUID SourceProcessId SourceThreadId SourceImage TargetProcessGUID
            TargetProcessId TargetImage GrantedAccess CallTrace SourceUser TargetUser
        """,
        "file_event": f"{_ANY_FILE} CreationUtcTime",
        "registry_add": _ANY_REGISTRY,
        "registry_delete": _ANY_REGISTRY,
        "registry_set": f"{_ANY_REGISTRY} Details",
        "registry_rename": f"{_ANY_REGISTRY} NewName",
        "registry_event": f"{_ANY_REGISTRY} Details NewName",
        "create_stream_hash": f"{_ANY_FILE} CreationUtcTime Hash Contents",
        "pipe_created": "RuleName EventType UtcTime ProcessGuid ProcessId PipeName Image User",
        "wmi_event": """
            RuleName EventType UtcTime Operation User EventNamespace Name Query Type Destination Consumer Filter
        """,
        "dns_query": "RuleName UtcTime ProcessGuid ProcessId QueryName QueryStatus QueryResults Image User",
        "file_delete": f"{_ANY_FILE} Hashes IsExecutable Archived",
        "clipboard_capture": "RuleName UtcTime ProcessGuid ProcessId Image Session ClientInfo Hashes Archived User",
        "process_tampering": "RuleName UtcTime ProcessGuid ProcessId Image Type User",
        "file_block": f"{_ANY_FILE} Hashes",
        "file_block_executable": f"{_ANY_FILE} Hashes",
        "file_block_shredding": f"{_ANY_FILE} Hashes IsExecutable",
        "file_executable_detected": f"{_ANY_FILE} Hashes",
        "sysmon_error": "UtcTime ID Description",
        "file_access": "FileName FileObject Irp CreateOptions CreateAttributes ShareAccess IssuingThreadId",
        "file_rename": "TargetFilename FilePath FileKey FileObject Irp InfoClass ExtraInformation IssuingThreadId",
        "ps_module": "ContextInfo UserData Payload",
        "ps_script": "MessageNumber MessageTotal ScriptBlockText ScriptBlockId Path",
        "antivirus": _THREAT,
        "powershell": "ContextInfo UserData Payload MessageNumber MessageTotal ScriptBlockText ScriptBlockId Path",
        "application": "AppName AppVersion ModuleName ModuleVersion ExceptionCode FaultingOffset AppPath ModulePath",
        "security": """
            AccessGranted AccessList AccessMask AccessReason AccountExpires AccountName AdditionalInfo AdditionalInfo2
            AlgorithmName AllowedToDelegateTo Application AttributeLDAPDisplayName Attributes AttributeSyntaxOID
            AttributeValue AuditPolicyChanges AuditSourceName AuthenticationPackageName CallerProcessId
            CallerProcessName CategoryId CertIssuerName CertSerialNumber CertThumbprint ClassId ClassName
            ClientCreationTime ClientProcessId ClientProcessStartKey CommandLine CrashOnAuditFailValue CreationTime
            DestAddress DestinationDRA DestPort DeviceDescription DeviceId Direction DisabledPrivilegeList DisplayName
            DnsHostName DSName DSType Dummy ElevatedToken EnabledPrivilegeList EventSourceId FailureReason FileName
            FilterName FilterOrigin FilterRTID FQDN HandleId HomeDirectory HomePath ImpersonationLevel IpAddress IpPort
            KeyFilePath KeyLength KeyName KeyType KeywordsMask LayerName LayerRTID LinkName LmPackageName LogonGuid
            LogonHours LogonProcessName LogonType MandatoryLabel MemberName MemberSid NewObjectDN NewProcessId
            NewProcessName NewSd NewTargetUserName NewTemplateContent NewTime NewUacValue NewValue NewValueType
            ObjectClass ObjectDN ObjectGUID ObjectName ObjectServer ObjectType ObjectValueName OldObjectDN OldSd
            OldTargetUserName OldUacValue OldValue OldValueType OpCorrelationID Operation OperationType PackageName
            ParentProcessId ParentProcessName PasswordLastSet PreAuthType PreviousTime PrimaryGroupId PrivilegeList
            ProcessId ProcessName ProfilePath Properties Protocol ProviderContextName ProviderName RelativeTargetName
            RemoteMachineID RemoteUserID ResourceAttributes RestrictedAdminMode ReturnCode RpcCallClientLocality
            SamAccountName ScriptPath Service ServiceAccount ServiceFileName ServiceName ServicePrincipalNames
            ServiceSid ServiceStartType ServiceType SessionId SessionName ShareLocalPath ShareName SidHistory SidList
            SourceAddress SourceDRA SourcePort Status SubcategoryGuid SubcategoryId SubjectAccountName
            SubjectDomainName SubjectLogonId SubjectUserName SubjectUserSid SubStatus TargetDomainName TargetHandleId
            TargetInfo TargetLinkedLogonId TargetLogonGuid TargetLogonId TargetName TargetOutboundDomainName
            TargetOutboundUserName TargetProcessId TargetServerName TargetSid TargetUserName TargetUserSid TaskContent
            TaskContentNew TaskName TemplateContent TemplateInternalName TicketEncryptionType TicketOptions
            TokenElevationType TransactionId TransmittedServices UserAccountControl UserParameters UserPrincipalName
            UserWorkstations VendorIds VirtualAccount Workstation WorkstationName
        """,
        "system": """
            AccountName Caption DeviceName Description DriveName DwordVal EventSourceName ExtraInfo HiveName
            HiveNameLength ImagePath IsatapRouter Message Origin OriginalSize NewSize ProcessId ServiceName
            ServiceType StartType SubjectDomainName SubjectUserName TSId UserSid WarningCode KeysUpdated DirtyPages
        """,
        "taskscheduler": "TaskName UserName UserContext Path ActionName ResultCode Priority ProcessID TaskInstanceId",
        "wmi": """
            Operation Provider Query User PossibleCause Namespace NamespaceName CLIENTMACHINE ClientMachine Commandline
            Component Id ResultCode ProviderName Code HostProcess ProviderPath ESS CONSUMER processid queryid
            ClientProcessId
        """,
        "windefend": f"""
            {_THREAT} NewValue OldValue Value Feature_Name Reason Changed_Type Parameters
        """,
        "ntlm": """
            SChannelName SChannelType UserName DomainName WorkstationName TargetName CallerPID ProcessName
            ClientUserName ClientDomainName ClientLUID
        """,
        "dns-server": "param1 param2 param3",
        "dns-server-analytic": """
            QNAME QTYPE TCP InterfaceIP Source RD XID Port Flags BufferSize PacketData AdditionalInfo Destination RCODE
            Zone GUID
        """,
        "dns-client": "QueryName QueryType QueryOptions QueryStatus QueryResults ServerList Address DnsServerIpAddress",
        "ldap": "ScopeOfSearch SearchFilter DistinguishedName AttributeList ProcessId",
        "printservice-admin": "ErrorCode Context PluginDllName param1 param2 param3",
        "applocker": """
            PolicyName RuleId RuleName RuleSddl TargetUser TargetProcessId FilePath FileHash Fqbn TargetLogonId
            FullFilePath
        """,
        "firewall-as": """
            RuleId RuleName Origin ApplicationPath ServiceName Direction Protocol LocalPorts RemotePorts Action Profiles
            LocalAddresses RemoteAddresses RemoteMachineAuthorizationList RemoteUserAuthorizationList EmbeddedContext
            Flags Active EdgeTraversal LooseSourceMapped SecurityOptions ModifyingUser ModifyingApplication
            SchemaVersion RuleStatus LocalOnlyMapped SettingType SettingValue StoreType
        """,
        "bits-client": """
            transferId name Id url peer fileTime fileLength bytesTotal bytesTransferred jobTitle jobId jobOwner
            processPath processId RemoteName LocalName fileCount string User
        """,
        "codeintegrity-operational": """
            FileNameLength FileNameBuffer ProcessNameLength ProcessNameBuffer RequestedPolicy ValidatedPolicy Status
            PolicyName PolicyGUID SHA1Hash SHA256Hash OriginalFileName InternalName FileDescription ProductName
            PublisherName IssuerName
        """,
        "openssh": "process payload",
        "smbclient-security": "UserName ServerName Reason Status UserNameLength ServerNameLength ShareName ObjectName",
        "smbclient-connectivity": """
            ServerName ServerNameLength ServerAddress Address AddressLength RemoteAddress LocalAddress Reason Status
            ConnectionType InstanceName ShareName
        """,
        "smbserver-connectivity": """
            ClientName ClientNameLength ClientAddress ClientAddressLength ShareName UserName SessionId SessionGUID
            SigningUsed EncryptionUsed EncyptionUsed Dialect Status
        """,
        "shell-core": "Name AppID Flags Command PID Value",
        "security-mitigations": """
            ProcessPathLength ProcessPath ProcessCommandLine ProcessCommandLineLength ProcessId ProcessCreateTime
            ImageName ImageNameLength RequiredSignatureLevel SignatureLevel CallingProcessId
        """,
        "diagnosis-scripted": "PackagePath PackageId",
        "terminalservices-localsessionmanager": "User SessionID Address TargetSession Source Reason Session",
        "terminalservices-remoteconnectionmanager": "Param1 Param2 Param3",
        "appxdeployment-server": """
            Path PackageSourceUri PackageFullName Flags HasFullTrust CallingProcess ErrorCode ErrorText
            DeploymentOperation MainPackageFamilyName PackageMoniker SummaryError
        """,
        "appxpackaging-om": "subjectName packageFullName filePath",
        "appmodel-runtime": "ImageName PackageFullName ProcessID ContainerId",
        "lsa-server": "TargetUserSid SidList TargetUserName TargetDomainName TargetLogonId",
        "iis-configuration": """
            Configuration ConfigPath EditOperationType OldValue NewValue ModifyingProcess EffectiveLocationPath
        """,
        "msexchange-management": "Cmdlet Parameters",
        "rpc-firewall": """
            InterfaceUuid OpNum Protocol Endpoint ClientAddress ClientPort ServerAddress ServerPort AuthenticationLevel
            AuthenticationService ClientName Action ProcessId ImagePath FunctionName
        """,
    }.items()
}
