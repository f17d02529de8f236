"""E-services of a government: X-Road, sign-on services, the signing gateway.

Sigma's taxonomy has no names for them: rules speak ECS and the names that the collectors give what ECS lacks. Sources:
X-Road's operational monitoring protocol (PR-OPMON) and audit log events (SPEC-AL); Keycloak's server administration
guide; the statistics logs of TARA and GovSSO; SiGa's event log.
"""

from __future__ import annotations

from typing import Final

from engine.sigma.mapping.table import FieldTable, words

_COMMON: Final = words("""
    @timestamp message error.code error.message event.action event.category event.code event.outcome event.reason
    event.type host.name log.level organization.id service.id service.name source.ip url.path
    user.email user.id user.name
""")


def _table(module: str, own: str = "", *open_parts: str) -> FieldTable:
    """Return the table of a module: ECS names, `own` names of the module, and parts that its vendor leaves open."""
    return FieldTable(
        datasets=(f"{module}.",),
        names={},
        prefixes=(f"{module}.",),
        own=_COMMON | words(own),
        open_parts={part: (part,) for part in open_parts},
    )


TABLES: Final = (
    _table(
        "xroad",
        """
        http.request.bytes http.request.method http.response.bytes http.response.status_code
        xroad.client.instance xroad.client.member_class xroad.client.member_code xroad.client.subsystem
        xroad.conversation_id xroad.issue xroad.message_id xroad.role xroad.service.code xroad.service.instance
        xroad.service.member_class xroad.service.member_code xroad.service.subsystem xroad.service.type
        xroad.messagelog.archived xroad.messagelog.missing_before xroad.messagelog.timestamped
        """,
        "xroad.audit.data.",
    ),
    _table(
        "keycloak",
        """
        keycloak.admin.operation keycloak.admin.representation keycloak.admin.resource.path
        keycloak.admin.resource.type keycloak.client.id keycloak.event_type keycloak.realm.id keycloak.realm.name
        user.target.id
        """,
        "keycloak.login.",
    ),
    _table("tara", "", "tara.authentication.", "tara.client.", "tara.institution."),
    _table("govsso", "govsso.session.id", "govsso.authentication.", "govsso.client.", "govsso.institution."),
    _table("siga", "", "siga."),
    _table("cas"),
    _table("lemonldap"),
    _table("shibboleth"),
)
