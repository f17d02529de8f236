"""Which fields of an event a rule's field name means, for each kind of event.

Rules speak Sigma's taxonomy (for Windows the names of the event itself, for web servers those of W3C logs); events
speak ECS. A rule field stands for one or more event fields, of which the first that is present counts; names with a
dot that ECS or a collector uses pass through as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sigma.logsources import Kind

_WINDOWS: Mapping[str, tuple[str, ...]] = {
    "EventID": ("event.code",),
    "Channel": ("winlog.channel",),
    "Provider_Name": ("winlog.provider_name",),
    "ProviderName": ("winlog.event_data.ProviderName", "winlog.provider_name"),
    "Provider": ("winlog.event_data.Provider", "winlog.provider_name"),
    "Provider_Guid": ("winlog.provider_guid",),
    "Computer": ("winlog.computer_name", "host.name"),
    "ComputerName": ("winlog.event_data.ComputerName", "winlog.computer_name", "host.name"),
    "Keywords": ("winlog.event_data.Keywords", "winlog.keywords"),
    "Level": ("winlog.event_data.Level", "winlog.level", "log.level"),
    "Message": ("winlog.event_data.Message", "message"),
    "Cmdlet": ("exchange.cmdlet",),
    "Parameters": ("exchange.parameters", "winlog.event_data.Parameters"),
}

# Security 4688 says the same as Sysmon 1 under other names.
_PROCESS_4688: Mapping[str, tuple[str, ...]] = {
    "Image": ("winlog.event_data.NewProcessName",),
    "ParentImage": ("winlog.event_data.ParentProcessName",),
    "ProcessId": ("winlog.event_data.NewProcessId",),
    "ParentProcessId": ("winlog.event_data.ProcessId",),
    "User": ("winlog.event_data.SubjectUserName",),
    "LogonId": ("winlog.event_data.SubjectLogonId",),
    "IntegrityLevel": ("winlog.event_data.MandatoryLabel",),
}

_W3C: Mapping[str, tuple[str, ...]] = {
    "c-ip": ("source.ip", "source.address"),
    "s-ip": ("destination.ip",),
    "s-port": ("destination.port",),
    "cs-ip": ("source.ip", "source.address"),
    "cs-method": ("http.request.method",),
    "c-uri": ("url.original",),
    "cs-uri": ("url.original",),
    "c-uri-path": ("url.path",),
    "cs-uri-stem": ("url.path",),
    "c-uri-stem": ("url.path",),
    "cs-uri-path": ("url.path",),
    "c-uri-query": ("url.query",),
    "cs-uri-query": ("url.query",),
    "c-uri-extension": ("url.extension",),
    "sc-status": ("http.response.status_code",),
    "cs-bytes": ("http.request.bytes", "http.request.body.bytes"),
    "sc-bytes": ("http.response.bytes", "http.response.body.bytes"),
    "cs-user-agent": ("user_agent.original",),
    "c-useragent": ("user_agent.original",),
    "cs-useragent": ("user_agent.original",),
    "cs-referer": ("http.request.referrer",),
    "cs-referrer": ("http.request.referrer",),
    "cs-username": ("user.name",),
    "cs-host": ("url.domain",),
    "cs-cookie": ("iis.cookie", "http.request.cookie"),
    "cs-version": ("http.version",),
    "r-dns": ("url.domain", "destination.domain"),
    "dst_ip": ("destination.ip",),
    "src_ip": ("source.ip", "source.address"),
    "dst_port": ("destination.port",),
    "src_port": ("source.port",),
    "User-Agent": ("user_agent.original",),
}

_LINUX: Mapping[str, tuple[str, ...]] = {
    "Image": ("process.executable",),
    "CommandLine": ("process.command_line",),
    "ParentImage": ("process.parent.executable",),
    "ParentCommandLine": ("process.parent.command_line",),
    "CurrentDirectory": ("process.working_directory",),
    "ProcessId": ("process.pid",),
    "ParentProcessId": ("process.parent.pid",),
    "User": ("user.name",),
    "USER": ("auditd.data.USER", "user.name"),
    "TargetFilename": ("file.path",),
    "DestinationIp": ("destination.ip",),
    "DestinationPort": ("destination.port",),
    "DestinationHostname": ("destination.domain",),
    "type": ("auditd.log.record_type",),
    "record_type": ("auditd.log.record_type",),
}

_DNS: Mapping[str, tuple[str, ...]] = {
    "query": ("dns.question.name",),
    "record_type": ("dns.question.type",),
    "answer": ("dns.answers.data",),
    "parent_domain": ("dns.question.registered_domain",),
}

_PREFIXES: Mapping[str, tuple[str, ...]] = {"auditd.log": ("auditd.data.",)}

# Fields whose values are spread over several event fields: all of them count, not the first.
_UNNAMED = tuple(f"winlog.event_data.param{number}" for number in range(1, 21))
SPREAD = frozenset({"Data"})


def event_fields(field: str, kind: Kind) -> tuple[str, ...]:
    """Return the event fields that a rule's field means in events of this kind, in order of precedence."""
    if kind.family == "windows":
        return _windows_fields(field, kind)
    named = _W3C.get(field) or _LINUX.get(field) if kind.family != "linux" else _LINUX.get(field) or _W3C.get(field)
    named = named or _DNS.get(field)
    if named:
        return named
    prefixes = _PREFIXES.get(kind.dataset, (f"{kind.dataset}.", f"{kind.family}."))
    if "." in field:
        return (field, *(prefix + field for prefix in prefixes))
    return (*(prefix + field for prefix in prefixes), field)


def _windows_fields(field: str, kind: Kind) -> tuple[str, ...]:
    if kind.dataset == "security" and kind.detail == "4688" and field in _PROCESS_4688:
        return _PROCESS_4688[field]
    if field in _WINDOWS:
        return _WINDOWS[field]
    if field in SPREAD:
        return (f"winlog.event_data.{field}", *_UNNAMED)
    own = (f"winlog.event_data.{field}", f"winlog.user_data.{field}")
    return (field, *own) if "." in field else own
