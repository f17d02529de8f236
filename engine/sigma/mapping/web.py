"""Web servers, proxies and firewalls of applications: the names of W3C's extended log format, which Sigma uses.

Sources: the W3C extended log file format; the Sigma taxonomy for `webserver` and `proxy`; ECS.
"""

from __future__ import annotations

from typing import Final

from engine.sigma.mapping.table import FieldTable, Names, table_of

W3C: Final[Names] = table_of("""
    c-ip              source.ip source.address
    cs-ip             source.ip source.address
    s-ip              destination.ip
    s-port            destination.port
    cs-method         http.request.method
    c-uri             url.original
    cs-uri            url.original
    c-uri-path        url.path
    c-uri-stem        url.path
    cs-uri-stem       url.path
    cs-uri-path       url.path
    c-uri-query       url.query
    cs-uri-query      url.query
    c-uri-extension   url.extension
    sc-status         http.response.status_code
    cs-bytes          http.request.bytes http.request.body.bytes
    sc-bytes          http.response.bytes http.response.body.bytes
    cs-user-agent     user_agent.original
    c-useragent       user_agent.original
    cs-useragent      user_agent.original
    User-Agent        user_agent.original
    cs-referer        http.request.referrer
    cs-referrer       http.request.referrer
    cs-username       user.name
    cs-host           url.domain destination.domain
    cs-cookie         iis.cookie http.request.cookie
    cs-version        http.version
    cs-content-type   http.request.mime_type http.response.mime_type
    r-dns             url.domain destination.domain
    dst_ip            destination.ip
    src_ip            source.ip source.address
    dst_port          destination.port
    src_port          source.port
""")
TABLES: Final = (
    FieldTable(datasets=("iis.access", "iis."), names=W3C, prefixes=("iis.access.", "iis.")),
    FieldTable(datasets=("nginx.access", "nginx."), names=W3C, prefixes=("nginx.access.", "nginx.")),
    FieldTable(datasets=("apache.access", "apache."), names=W3C, prefixes=("apache.access.", "apache.")),
    FieldTable(datasets=("squid.access", "squid."), names=W3C, prefixes=("squid.access.", "squid.")),
)
