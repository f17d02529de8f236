"""Palo Alto Cortex XDR: alerts with what they saw of processes, files, network and registry, and incidents.

Format: Cortex XDR API reference, "Get alerts (multi-events)" and "Get incidents", one JSON object a record, the events
of an alert as an object or a list beside it (the first is read). Field names: Elastic's `panw_cortex.xdr.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import objects, put_text, put_texts, split_account, text, texts
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from engine.events import Fields

_SEVERITIES: Final = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
_ALERT: Final = (
    ("event.id", ("external_id", "alert_id")),
    ("event.action", ("action",)),
    ("event.reason", ("description", "name")),
    ("rule.name", ("name",)),
    ("rule.id", ("matching_service_rule_id",)),
    ("host.id", ("endpoint_id",)),
    ("host.name", ("host_name", "agent_fqdn")),
    ("host.hostname", ("agent_fqdn", "host_name")),
    ("host.domain", ("agent_device_domain",)),
    ("host.os.name", ("agent_os_type",)),
    ("host.os.version", ("agent_os_sub_type",)),
)
_EVENT: Final = (
    ("process.name", ("actor_process_image_name",)),
    ("process.executable", ("actor_process_image_path",)),
    ("process.command_line", ("actor_process_command_line",)),
    ("process.hash.sha256", ("actor_process_image_sha256",)),
    ("process.hash.md5", ("actor_process_image_md5",)),
    ("process.entity_id", ("actor_process_instance_id",)),
    ("process.code_signature.status", ("actor_process_signature_status",)),
    ("process.code_signature.subject_name", ("actor_process_signature_vendor",)),
    ("process.parent.name", ("os_actor_process_image_name", "causality_actor_process_image_name")),
    ("process.parent.executable", ("os_actor_process_image_path", "causality_actor_process_image_path")),
    ("process.parent.command_line", ("os_actor_process_command_line", "causality_actor_process_command_line")),
    ("process.parent.hash.sha256", ("os_actor_process_image_sha256", "causality_actor_process_image_sha256")),
    ("process.parent.code_signature.status", ("os_actor_process_signature_status",)),
    ("file.name", ("action_file_name",)),
    ("file.path", ("action_file_path",)),
    ("file.hash.md5", ("action_file_md5",)),
    ("file.hash.sha256", ("action_file_sha256",)),
    ("registry.key", ("action_registry_full_key", "action_registry_key_name")),
    ("registry.value", ("action_registry_value_name",)),
    ("registry.data.strings", ("action_registry_data",)),
    ("destination.domain", ("action_external_hostname",)),
    ("dns.question.name", ("dns_query_name",)),
    ("url.domain", ("fw_url_domain",)),
    ("email.subject", ("fw_email_subject",)),
    ("email.from.address", ("fw_email_sender",)),
    ("email.to.address", ("fw_email_recipient",)),
)
_INCIDENT: Final = (
    ("event.id", ("incident_id",)),
    ("event.reason", ("description",)),
    ("event.url", ("xdr_url",)),
    ("rule.name", ("incident_name",)),
    ("user.email", ("assigned_user_mail",)),
    ("user.full_name", ("assigned_user_pretty_name",)),
)
_ATTACK: Final = (("tactic", "mitre_tactic_id_and_name"), ("technique", "mitre_technique_id_and_name"))
_INCIDENT_ATTACK: Final = (("tactic", "mitre_tactics_ids_and_names"), ("technique", "mitre_techniques_ids_and_names"))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read an alert or an incident."""
    fields["event.kind"] = "alert"
    fields["event.category"], fields["event.type"] = ("malware",), ("info",)
    fields["observer.vendor"], fields["observer.product"] = "Palo Alto Networks", "Cortex XDR"
    if (severity := _SEVERITIES.get(text(document.get("severity")).lower())) is not None:
        fields["event.severity"] = severity
    is_alert = "alert_id" in document
    stamp = document.get("detection_timestamp" if is_alert else "creation_time")
    if (moment := to_instant(stamp, options.zone)) is not None:
        fields["@timestamp"] = moment
    if is_alert:
        _read_alert(document, fields)
    else:
        fields["event.dataset"] = "panw_cortex_xdr.incidents"
        put_texts(_INCIDENT, document, fields)
        _read_attack(_INCIDENT_ATTACK, document, fields)
    spread("panw_cortex.xdr.", document, fields)


def _read_alert(document: Document, fields: Fields) -> None:
    put_texts(_ALERT, document, fields)
    if known := [address for address in ",".join(texts(document.get("host_ip"))).split(",") if known_ip(address)]:
        fields["host.ip"] = known
    if macs := [mac.upper().replace(":", "-") for mac in texts(document.get("mac_address") or document.get("mac"))]:
        fields["host.mac"] = macs
    _read_attack(_ATTACK, document, fields)
    event = next(objects(document.get("events")), {})
    put_texts(_EVENT, event, fields)
    for name, key in (
        ("process.pid", "actor_process_os_pid"),
        ("process.thread.id", "actor_thread_thread_id"),
        ("process.parent.pid", "os_actor_process_os_pid"),
    ):
        put_count(fields, name, event.get(key))
    put_end(fields, "source", event.get("action_local_ip"), event.get("action_local_port"))
    put_end(fields, "destination", event.get("action_remote_ip"), event.get("action_remote_port"))
    name, domain = split_account(text(event.get("user_name")))
    put_text("user.name", name, fields)
    put_text("user.domain", domain, fields)


def _read_attack(table: tuple[tuple[str, str], ...], document: Document, fields: Fields) -> None:
    """Read tactics and techniques, which stand as `TA0006 - Credential Access`."""
    for kind, key in table:
        parts = [each.partition(" - ") for each in texts(document.get(key))]
        ids, names = [part[0].strip() for part in parts], [part[2].strip() for part in parts]
        for name, values in (("id", ids), ("name", names)):
            if known := [value for value in values if value]:
                fields[f"threat.{kind}.{name}"] = known


def _owns(document: Mapping[str, Json]) -> bool:
    keys = document.keys()
    return {"alert_id", "detection_timestamp", "endpoint_id"} <= keys or {"incident_id", "xdr_url"} <= keys


SOURCE: Final = JsonSource(
    name="panw_cortex_xdr",
    aliases=("cortex_xdr", "panw_cortex"),
    title="Palo Alto Cortex XDR: alerts and incidents",
    dataset="panw_cortex_xdr.alerts",
    owns=_owns,
    marks=((b'"alert_id"', b'"detection_timestamp"', b'"endpoint_id"'), (b'"incident_id"', b'"xdr_url"')),
    read=read,
    finish=finish,
)
