"""Which Elastic Common Schema fields are not plain text, and which hold lists.

Facts of ECS 9.5.0-dev. Made by reading its list of fields (`fields.csv`: one row a field with `Field`, `Type` and
`Normalization`) and writing down the names of every type but text, sorted; the object types (`object`, `nested`,
`flattened`, `geo_point`) count as text, for the store keeps their leaves under names of their own. The same set of
`entity` fields is reused in fifteen places, so it is written once. A test compares the tables with the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

Kind = Literal["text", "long", "float", "date", "boolean"]

_ENTITY_PLACES = (
    "entity",
    "entity.target",
    "cloud.entity",
    "cloud.origin.entity",
    "cloud.target.entity",
    "host.entity",
    "host.target.entity",
    "orchestrator.entity",
    "service.entity",
    "service.origin.entity",
    "service.target.entity",
    "user.entity",
    "user.changes.entity",
    "user.effective.entity",
    "user.target.entity",
)
_RELATIONSHIPS = tuple(
    f"relationships.{verb}.{thing}"
    for verb in ("administers", "depends_on", "owns", "supervises")
    for thing in (
        *("entity.id", "host.id", "host.name", "service.id", "service.name"),
        *("user.domain", "user.email", "user.id", "user.name"),
    )
)


def _names(written: str, *more: str) -> frozenset[str]:
    return frozenset((*written.split(), *more))


def _entity(*names: str) -> Iterator[str]:
    return (f"{place}.{name}" for place in _ENTITY_PLACES for name in names)


# Whole numbers (ECS `long`, `integer`).
LONG: frozenset[str] = _names(
    """
    client.as.number client.bytes client.nat.port client.packets client.port container.disk.read.bytes
    container.disk.write.bytes container.network.egress.bytes container.network.ingress.bytes destination.as.number
    destination.bytes destination.nat.port destination.packets destination.port dll.pe.go_imports_names_entropy
    dll.pe.go_imports_names_var_entropy dll.pe.imports_names_entropy dll.pe.imports_names_var_entropy
    dll.pe.sections.entropy dll.pe.sections.physical_size dll.pe.sections.var_entropy dll.pe.sections.virtual_size
    dns.answers.ttl email.attachments.file.size event.duration event.sequence event.severity
    file.elf.go_imports_names_entropy file.elf.go_imports_names_var_entropy file.elf.header.entrypoint
    file.elf.imports_names_entropy file.elf.imports_names_var_entropy file.elf.sections.chi2 file.elf.sections.entropy
    file.elf.sections.physical_size file.elf.sections.var_entropy file.elf.sections.virtual_address
    file.elf.sections.virtual_size file.macho.go_imports_names_entropy file.macho.go_imports_names_var_entropy
    file.macho.imports_names_entropy file.macho.imports_names_var_entropy file.macho.sections.entropy
    file.macho.sections.physical_size file.macho.sections.var_entropy file.macho.sections.virtual_size
    file.pe.go_imports_names_entropy file.pe.go_imports_names_var_entropy file.pe.imports_names_entropy
    file.pe.imports_names_var_entropy file.pe.sections.entropy file.pe.sections.physical_size
    file.pe.sections.var_entropy file.pe.sections.virtual_size file.size file.x509.public_key_exponent
    file.x509.public_key_size gen_ai.request.choice.count gen_ai.request.max_tokens gen_ai.request.seed
    gen_ai.usage.input_tokens gen_ai.usage.output_tokens host.disk.read.bytes host.disk.write.bytes
    host.network.egress.bytes host.network.egress.packets host.network.ingress.bytes host.network.ingress.packets
    host.target.disk.read.bytes host.target.disk.write.bytes host.target.network.egress.bytes
    host.target.network.egress.packets host.target.network.ingress.bytes host.target.network.ingress.packets
    host.target.uptime host.uptime http.request.body.bytes http.request.bytes http.response.body.bytes
    http.response.bytes http.response.status_code log.origin.file.line log.syslog.facility.code log.syslog.priority
    log.syslog.severity.code network.bytes network.packets package.size process.args_count
    process.elf.go_imports_names_entropy process.elf.go_imports_names_var_entropy process.elf.header.entrypoint
    process.elf.imports_names_entropy process.elf.imports_names_var_entropy process.elf.sections.chi2
    process.elf.sections.entropy process.elf.sections.physical_size process.elf.sections.var_entropy
    process.elf.sections.virtual_address process.elf.sections.virtual_size process.entry_leader.args_count
    process.entry_leader.parent.pid process.entry_leader.parent.session_leader.pid
    process.entry_leader.parent.session_leader.vpid process.entry_leader.parent.vpid process.entry_leader.pid
    process.entry_leader.tty.char_device.major process.entry_leader.tty.char_device.minor process.entry_leader.vpid
    process.exit_code process.group_leader.args_count process.group_leader.pid
    process.group_leader.tty.char_device.major process.group_leader.tty.char_device.minor process.group_leader.vpid
    process.io.bytes_skipped.length process.io.bytes_skipped.offset process.io.total_bytes_captured
    process.io.total_bytes_skipped process.macho.go_imports_names_entropy process.macho.go_imports_names_var_entropy
    process.macho.imports_names_entropy process.macho.imports_names_var_entropy process.macho.sections.entropy
    process.macho.sections.physical_size process.macho.sections.var_entropy process.macho.sections.virtual_size
    process.parent.args_count process.parent.elf.go_imports_names_entropy
    process.parent.elf.go_imports_names_var_entropy process.parent.elf.header.entrypoint
    process.parent.elf.imports_names_entropy process.parent.elf.imports_names_var_entropy
    process.parent.elf.sections.chi2 process.parent.elf.sections.entropy process.parent.elf.sections.physical_size
    process.parent.elf.sections.var_entropy process.parent.elf.sections.virtual_address
    process.parent.elf.sections.virtual_size process.parent.exit_code process.parent.group_leader.pid
    process.parent.group_leader.vpid process.parent.macho.go_imports_names_entropy
    process.parent.macho.go_imports_names_var_entropy process.parent.macho.imports_names_entropy
    process.parent.macho.imports_names_var_entropy process.parent.macho.sections.entropy
    process.parent.macho.sections.physical_size process.parent.macho.sections.var_entropy
    process.parent.macho.sections.virtual_size process.parent.pe.go_imports_names_entropy
    process.parent.pe.go_imports_names_var_entropy process.parent.pe.imports_names_entropy
    process.parent.pe.imports_names_var_entropy process.parent.pe.sections.entropy
    process.parent.pe.sections.physical_size process.parent.pe.sections.var_entropy
    process.parent.pe.sections.virtual_size process.parent.pid process.parent.thread.id
    process.parent.tty.char_device.major process.parent.tty.char_device.minor process.parent.uptime
    process.parent.vpid process.pe.go_imports_names_entropy process.pe.go_imports_names_var_entropy
    process.pe.imports_names_entropy process.pe.imports_names_var_entropy process.pe.sections.entropy
    process.pe.sections.physical_size process.pe.sections.var_entropy process.pe.sections.virtual_size process.pid
    process.previous.args_count process.session_leader.args_count process.session_leader.parent.pid
    process.session_leader.parent.session_leader.pid process.session_leader.parent.session_leader.vpid
    process.session_leader.parent.vpid process.session_leader.pid process.session_leader.tty.char_device.major
    process.session_leader.tty.char_device.minor process.session_leader.vpid process.thread.id
    process.tty.char_device.major process.tty.char_device.minor process.tty.columns process.tty.rows process.uptime
    process.vpid server.as.number server.bytes server.nat.port server.packets server.port source.as.number
    source.bytes source.nat.port source.packets source.port threat.enrichments.indicator.as.number
    threat.enrichments.indicator.file.elf.go_imports_names_entropy
    threat.enrichments.indicator.file.elf.go_imports_names_var_entropy
    threat.enrichments.indicator.file.elf.header.entrypoint
    threat.enrichments.indicator.file.elf.imports_names_entropy
    threat.enrichments.indicator.file.elf.imports_names_var_entropy
    threat.enrichments.indicator.file.elf.sections.chi2 threat.enrichments.indicator.file.elf.sections.entropy
    threat.enrichments.indicator.file.elf.sections.physical_size
    threat.enrichments.indicator.file.elf.sections.var_entropy
    threat.enrichments.indicator.file.elf.sections.virtual_address
    threat.enrichments.indicator.file.elf.sections.virtual_size
    threat.enrichments.indicator.file.pe.go_imports_names_entropy
    threat.enrichments.indicator.file.pe.go_imports_names_var_entropy
    threat.enrichments.indicator.file.pe.imports_names_entropy
    threat.enrichments.indicator.file.pe.imports_names_var_entropy
    threat.enrichments.indicator.file.pe.sections.entropy threat.enrichments.indicator.file.pe.sections.physical_size
    threat.enrichments.indicator.file.pe.sections.var_entropy
    threat.enrichments.indicator.file.pe.sections.virtual_size threat.enrichments.indicator.file.size
    threat.enrichments.indicator.file.x509.public_key_exponent threat.enrichments.indicator.file.x509.public_key_size
    threat.enrichments.indicator.port threat.enrichments.indicator.scanner_stats
    threat.enrichments.indicator.sightings threat.enrichments.indicator.url.port
    threat.enrichments.indicator.x509.public_key_exponent threat.enrichments.indicator.x509.public_key_size
    threat.indicator.as.number threat.indicator.file.elf.go_imports_names_entropy
    threat.indicator.file.elf.go_imports_names_var_entropy threat.indicator.file.elf.header.entrypoint
    threat.indicator.file.elf.imports_names_entropy threat.indicator.file.elf.imports_names_var_entropy
    threat.indicator.file.elf.sections.chi2 threat.indicator.file.elf.sections.entropy
    threat.indicator.file.elf.sections.physical_size threat.indicator.file.elf.sections.var_entropy
    threat.indicator.file.elf.sections.virtual_address threat.indicator.file.elf.sections.virtual_size
    threat.indicator.file.pe.go_imports_names_entropy threat.indicator.file.pe.go_imports_names_var_entropy
    threat.indicator.file.pe.imports_names_entropy threat.indicator.file.pe.imports_names_var_entropy
    threat.indicator.file.pe.sections.entropy threat.indicator.file.pe.sections.physical_size
    threat.indicator.file.pe.sections.var_entropy threat.indicator.file.pe.sections.virtual_size
    threat.indicator.file.size threat.indicator.file.x509.public_key_exponent
    threat.indicator.file.x509.public_key_size threat.indicator.port threat.indicator.scanner_stats
    threat.indicator.sightings threat.indicator.url.port threat.indicator.x509.public_key_exponent
    threat.indicator.x509.public_key_size tls.client.x509.public_key_exponent tls.client.x509.public_key_size
    tls.server.x509.public_key_exponent tls.server.x509.public_key_size url.port volume.size
    """,
)

# Numbers with a fraction (ECS `float`, `double`, `scaled_float`).
FLOAT: frozenset[str] = _names(
    """
    container.cpu.usage container.memory.usage event.risk_score event.risk_score_norm gen_ai.request.frequency_penalty
    gen_ai.request.presence_penalty gen_ai.request.temperature gen_ai.request.top_k gen_ai.request.top_p
    host.cpu.usage host.risk.calculated_score host.risk.calculated_score_norm host.risk.static_score
    host.risk.static_score_norm host.target.cpu.usage host.target.risk.calculated_score
    host.target.risk.calculated_score_norm host.target.risk.static_score host.target.risk.static_score_norm
    user.changes.risk.calculated_score user.changes.risk.calculated_score_norm user.changes.risk.static_score
    user.changes.risk.static_score_norm user.effective.risk.calculated_score user.effective.risk.calculated_score_norm
    user.effective.risk.static_score user.effective.risk.static_score_norm user.risk.calculated_score
    user.risk.calculated_score_norm user.risk.static_score user.risk.static_score_norm
    user.target.risk.calculated_score user.target.risk.calculated_score_norm user.target.risk.static_score
    user.target.risk.static_score_norm vulnerability.score.base vulnerability.score.environmental
    vulnerability.score.temporal
    """,
)

# Instants (ECS `date`).
DATE: frozenset[str] = _names(
    """
    @timestamp dll.code_signature.timestamp email.delivery_timestamp email.origination_timestamp event.created
    event.end event.ingested event.start file.accessed file.code_signature.timestamp file.created file.ctime
    file.elf.creation_date file.mtime file.x509.not_after file.x509.not_before package.installed
    process.code_signature.timestamp process.elf.creation_date process.end
    process.entry_leader.parent.session_leader.start process.entry_leader.parent.start process.entry_leader.start
    process.group_leader.start process.parent.code_signature.timestamp process.parent.elf.creation_date
    process.parent.end process.parent.group_leader.start process.parent.start
    process.session_leader.parent.session_leader.start process.session_leader.parent.start
    process.session_leader.start process.start threat.enrichments.indicator.file.accessed
    threat.enrichments.indicator.file.code_signature.timestamp threat.enrichments.indicator.file.created
    threat.enrichments.indicator.file.ctime threat.enrichments.indicator.file.elf.creation_date
    threat.enrichments.indicator.file.mtime threat.enrichments.indicator.file.x509.not_after
    threat.enrichments.indicator.file.x509.not_before threat.enrichments.indicator.first_seen
    threat.enrichments.indicator.last_seen threat.enrichments.indicator.modified_at
    threat.enrichments.indicator.x509.not_after threat.enrichments.indicator.x509.not_before
    threat.enrichments.matched.occurred threat.indicator.file.accessed threat.indicator.file.code_signature.timestamp
    threat.indicator.file.created threat.indicator.file.ctime threat.indicator.file.elf.creation_date
    threat.indicator.file.mtime threat.indicator.file.x509.not_after threat.indicator.file.x509.not_before
    threat.indicator.first_seen threat.indicator.last_seen threat.indicator.modified_at
    threat.indicator.x509.not_after threat.indicator.x509.not_before tls.client.not_after tls.client.not_before
    tls.client.x509.not_after tls.client.x509.not_before tls.server.not_after tls.server.not_before
    tls.server.x509.not_after tls.server.x509.not_before
    """,
    *_entity("last_seen_timestamp", "lifecycle.last_activity"),
)

# True or false (ECS `boolean`).
BOOLEAN: frozenset[str] = _names(
    """
    container.security_context.privileged dll.code_signature.exists dll.code_signature.trusted
    dll.code_signature.valid dll.pe.go_stripped faas.coldstart file.code_signature.exists file.code_signature.trusted
    file.code_signature.valid file.elf.go_stripped file.macho.go_stripped file.pe.go_stripped
    process.code_signature.exists process.code_signature.trusted process.code_signature.valid process.elf.go_stripped
    process.entry_leader.interactive process.entry_leader.same_as_process process.group_leader.interactive
    process.group_leader.same_as_process process.interactive process.io.max_bytes_per_process_exceeded
    process.macho.go_stripped process.parent.code_signature.exists process.parent.code_signature.trusted
    process.parent.code_signature.valid process.parent.elf.go_stripped process.parent.interactive
    process.parent.macho.go_stripped process.parent.pe.go_stripped process.pe.go_stripped
    process.session_leader.interactive process.session_leader.same_as_process
    threat.enrichments.indicator.file.code_signature.exists threat.enrichments.indicator.file.code_signature.trusted
    threat.enrichments.indicator.file.code_signature.valid threat.enrichments.indicator.file.elf.go_stripped
    threat.enrichments.indicator.file.pe.go_stripped threat.indicator.file.code_signature.exists
    threat.indicator.file.code_signature.trusted threat.indicator.file.code_signature.valid
    threat.indicator.file.elf.go_stripped threat.indicator.file.pe.go_stripped tls.established tls.resumed
    volume.removable volume.writable
    """,
    *_entity("attributes.managed", "attributes.mfa_enabled"),
)

# Addresses (ECS `ip`), kept as text.
IP: frozenset[str] = _names(
    """
    client.ip client.nat.ip destination.ip destination.nat.ip dns.resolved_ip host.ip host.target.ip
    network.forwarded_ip observer.ip orchestrator.resource.ip process.entry_leader.entry_meta.source.ip related.ip
    server.ip server.nat.ip source.ip source.nat.ip threat.enrichments.indicator.ip threat.indicator.ip
    """,
)

# Fields that hold a list, of any type but text in the store (ECS normalisation `array`).
ARRAY: frozenset[str] = _names(
    """
    client.user.roles container.image.hash.all container.image.tag destination.user.roles dll.pe.imports
    dll.pe.sections dns.answers dns.header_flags dns.resolved_ip email.attachments email.bcc.address email.cc.address
    email.from.address email.reply_to.address email.to.address event.category event.type file.attributes
    file.elf.exports file.elf.imports file.elf.sections file.elf.segments file.elf.shared_libraries file.macho.imports
    file.macho.sections file.pe.imports file.pe.sections file.x509.alternative_names file.x509.issuer.common_name
    file.x509.issuer.country file.x509.issuer.locality file.x509.issuer.organization
    file.x509.issuer.organizational_unit file.x509.issuer.state_or_province file.x509.subject.common_name
    file.x509.subject.country file.x509.subject.locality file.x509.subject.organization
    file.x509.subject.organizational_unit file.x509.subject.state_or_province host.ip host.mac host.target.ip
    host.target.mac observer.ip observer.mac orchestrator.resource.annotation orchestrator.resource.ip
    orchestrator.resource.label process.args process.elf.exports process.elf.imports process.elf.sections
    process.elf.segments process.elf.shared_libraries process.entry_leader.args process.env_vars
    process.group_leader.args process.io.bytes_skipped process.macho.imports process.macho.sections
    process.parent.args process.parent.elf.exports process.parent.elf.imports process.parent.elf.sections
    process.parent.elf.segments process.parent.elf.shared_libraries process.parent.macho.imports
    process.parent.macho.sections process.parent.pe.imports process.parent.pe.sections
    process.parent.thread.capabilities.effective process.parent.thread.capabilities.permitted process.pe.imports
    process.pe.sections process.previous.args process.session_leader.args process.thread.capabilities.effective
    process.thread.capabilities.permitted registry.data.strings related.hash related.hosts related.ip related.user
    rule.author server.user.roles service.node.roles service.origin.node.roles service.target.node.roles
    source.user.roles tags threat.enrichments threat.enrichments.indicator.file.attributes
    threat.enrichments.indicator.file.elf.exports threat.enrichments.indicator.file.elf.imports
    threat.enrichments.indicator.file.elf.sections threat.enrichments.indicator.file.elf.segments
    threat.enrichments.indicator.file.elf.shared_libraries threat.enrichments.indicator.file.pe.imports
    threat.enrichments.indicator.file.pe.sections threat.enrichments.indicator.file.x509.alternative_names
    threat.enrichments.indicator.file.x509.issuer.common_name threat.enrichments.indicator.file.x509.issuer.country
    threat.enrichments.indicator.file.x509.issuer.locality threat.enrichments.indicator.file.x509.issuer.organization
    threat.enrichments.indicator.file.x509.issuer.organizational_unit
    threat.enrichments.indicator.file.x509.issuer.state_or_province
    threat.enrichments.indicator.file.x509.subject.common_name threat.enrichments.indicator.file.x509.subject.country
    threat.enrichments.indicator.file.x509.subject.locality
    threat.enrichments.indicator.file.x509.subject.organization
    threat.enrichments.indicator.file.x509.subject.organizational_unit
    threat.enrichments.indicator.file.x509.subject.state_or_province
    threat.enrichments.indicator.registry.data.strings threat.enrichments.indicator.x509.alternative_names
    threat.enrichments.indicator.x509.issuer.common_name threat.enrichments.indicator.x509.issuer.country
    threat.enrichments.indicator.x509.issuer.locality threat.enrichments.indicator.x509.issuer.organization
    threat.enrichments.indicator.x509.issuer.organizational_unit
    threat.enrichments.indicator.x509.issuer.state_or_province threat.enrichments.indicator.x509.subject.common_name
    threat.enrichments.indicator.x509.subject.country threat.enrichments.indicator.x509.subject.locality
    threat.enrichments.indicator.x509.subject.organization
    threat.enrichments.indicator.x509.subject.organizational_unit
    threat.enrichments.indicator.x509.subject.state_or_province threat.group.alias threat.indicator.file.attributes
    threat.indicator.file.elf.exports threat.indicator.file.elf.imports threat.indicator.file.elf.sections
    threat.indicator.file.elf.segments threat.indicator.file.elf.shared_libraries threat.indicator.file.pe.imports
    threat.indicator.file.pe.sections threat.indicator.file.x509.alternative_names
    threat.indicator.file.x509.issuer.common_name threat.indicator.file.x509.issuer.country
    threat.indicator.file.x509.issuer.locality threat.indicator.file.x509.issuer.organization
    threat.indicator.file.x509.issuer.organizational_unit threat.indicator.file.x509.issuer.state_or_province
    threat.indicator.file.x509.subject.common_name threat.indicator.file.x509.subject.country
    threat.indicator.file.x509.subject.locality threat.indicator.file.x509.subject.organization
    threat.indicator.file.x509.subject.organizational_unit threat.indicator.file.x509.subject.state_or_province
    threat.indicator.id threat.indicator.registry.data.strings threat.indicator.x509.alternative_names
    threat.indicator.x509.issuer.common_name threat.indicator.x509.issuer.country
    threat.indicator.x509.issuer.locality threat.indicator.x509.issuer.organization
    threat.indicator.x509.issuer.organizational_unit threat.indicator.x509.issuer.state_or_province
    threat.indicator.x509.subject.common_name threat.indicator.x509.subject.country
    threat.indicator.x509.subject.locality threat.indicator.x509.subject.organization
    threat.indicator.x509.subject.organizational_unit threat.indicator.x509.subject.state_or_province
    threat.software.alias threat.software.platforms threat.tactic.id threat.tactic.name threat.tactic.reference
    threat.technique.id threat.technique.name threat.technique.reference threat.technique.subtechnique.id
    threat.technique.subtechnique.name threat.technique.subtechnique.reference tls.client.certificate_chain
    tls.client.supported_ciphers tls.client.x509.alternative_names tls.client.x509.issuer.common_name
    tls.client.x509.issuer.country tls.client.x509.issuer.locality tls.client.x509.issuer.organization
    tls.client.x509.issuer.organizational_unit tls.client.x509.issuer.state_or_province
    tls.client.x509.subject.common_name tls.client.x509.subject.country tls.client.x509.subject.locality
    tls.client.x509.subject.organization tls.client.x509.subject.organizational_unit
    tls.client.x509.subject.state_or_province tls.server.certificate_chain tls.server.x509.alternative_names
    tls.server.x509.issuer.common_name tls.server.x509.issuer.country tls.server.x509.issuer.locality
    tls.server.x509.issuer.organization tls.server.x509.issuer.organizational_unit
    tls.server.x509.issuer.state_or_province tls.server.x509.subject.common_name tls.server.x509.subject.country
    tls.server.x509.subject.locality tls.server.x509.subject.organization tls.server.x509.subject.organizational_unit
    tls.server.x509.subject.state_or_province user.changes.roles user.effective.roles user.roles user.target.roles
    vulnerability.category
    """,
    *_entity(*_RELATIONSHIPS, "attributes.known_redirects", "attributes.permissions", "type"),
)

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(LONG, "long"),
    **dict.fromkeys(FLOAT, "float"),
    **dict.fromkeys(DATE, "date"),
    **dict.fromkeys(BOOLEAN, "boolean"),
}


def kind_of(name: str) -> Kind:
    """Return the type under which the field called `name` is kept: text unless ECS says otherwise."""
    return _KINDS.get(name, "text")
