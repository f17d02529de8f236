"""A small X-Road security server for these tests: not the real one, which does not run here.

It answers getSecurityServerOperationalData as the protocol (PR-OPMON 1.6, chapter 2) says: records of whole seconds, no
newer than an offset, at most so many and then all of the last second, `nextRecordsFrom` where there is more.
"""

from __future__ import annotations

import gzip
import json
import ssl
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.serving import Serving

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
OM = "{http://x-road.eu/xsd/op-monitoring.xsd}"
XROAD = "{http://x-road.eu/xsd/xroad.xsd}"
ID = "{http://x-road.eu/xsd/identifiers}"
_BOUNDARY = "xroadQk2b=.:x"
OFFSET = 60  # seconds

Record = dict[str, object]


def record(second: int, number: int, **more: object) -> Record:
    """Return a record that the server received in a second, each its own."""
    begun = second * 1000 + number
    return {
        "monitoringDataTs": second,
        "securityServerType": "Client",
        "requestInTs": begun,
        "responseOutTs": begun + 20,
        "clientXRoadInstance": "AL",
        "clientMemberClass": "GOV",
        "clientMemberCode": "1001",
        "clientSubsystemCode": "portal",
        "serviceCode": "getPerson",
        "messageId": f"message-{second}-{number}",
        "succeeded": True,
        **more,
    }


class SecurityServer(Serving):
    """Serves `records` in plain HTTP, or TLS with certificates of clients; `second` is what its clock says."""

    def __init__(self, records: list[Record], *, most: int = 10, tls: tuple[Path, Path, Path] | None = None) -> None:
        self.records, self.most = records, most
        self.second = 1_700_000_000
        self.windows: list[tuple[int, int]] = []
        self.headers: list[str] = []
        self.instead: Callable[[], tuple[int, str, bytes] | None] = lambda: None
        super().__init__(_handler(self))
        if tls is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tls[2])
            context.load_cert_chain(tls[0], tls[1])
            context.verify_mode = ssl.CERT_REQUIRED
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def answer(self, body: bytes) -> tuple[int, str, bytes]:
        """Return status, content type and body of the answer to a question."""
        told = self.instead()
        if told is not None:
            return told
        root = ET.fromstring(body)  # noqa: S314 - what the test itself has asked
        criteria = root.find(f"{SOAP}Body/{OM}getSecurityServerOperationalData/{OM}searchCriteria")
        service = root.findtext(f"{SOAP}Header/{XROAD}service/{ID}serviceCode")
        assert criteria is not None
        assert service == "getSecurityServerOperationalData"
        self.headers = [element.text or "" for element in root.iter() if element.tag.startswith(ID)]
        first = int(criteria.findtext(f"{OM}recordsFrom") or "")
        last = int(criteria.findtext(f"{OM}recordsTo") or "")
        self.windows.append((first, last))
        available = self.second - OFFSET
        if first >= available or last < first:
            return fault("Client.InvalidRequest", "Records are not available")
        return self._found(first, last, available)

    def _found(self, first: int, last: int, available: int) -> tuple[int, str, bytes]:
        following = None
        if last >= available:
            last, following = available - 1, available
        wanted = [one for one in self.records if first <= int(str(one["monitoringDataTs"])) <= last]
        wanted.sort(key=lambda one: int(str(one["monitoringDataTs"])))
        if len(wanted) >= self.most:
            end = int(str(wanted[self.most - 1]["monitoringDataTs"]))
            rest = [one for one in wanted if int(str(one["monitoringDataTs"])) > end]
            wanted = [one for one in wanted if int(str(one["monitoringDataTs"])) <= end]
            following = end + 1 if rest else following
        return multipart(len(wanted), gzip.compress(json.dumps({"records": wanted}).encode()), following)


def multipart(count: int, payload: bytes, following: int | None, *, prologue: str = "") -> tuple[int, str, bytes]:
    """Return an answer of a SOAP message and an attachment."""
    more = f"<om:nextRecordsFrom>{following}</om:nextRecordsFrom>" if following is not None else ""
    soap = (
        f'<?xml version="1.0" encoding="utf-8"?>{prologue}<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP[1:-1]}"'
        f' xmlns:om="{OM[1:-1]}"><SOAP-ENV:Header/><SOAP-ENV:Body><om:getSecurityServerOperationalDataResponse>'
        f"<om:recordsCount>{count}</om:recordsCount><om:records>cid:operational-monitoring-data.json.gz</om:records>"
        f"{more}</om:getSecurityServerOperationalDataResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
    body = (
        f"--{_BOUNDARY}\r\ncontent-type:text/xml\r\n\r\n{soap}\r\n--{_BOUNDARY}\r\ncontent-type:application/gzip\r\n"
        "content-transfer-encoding: binary\r\ncontent-id: <operational-monitoring-data.json.gz>\r\n\r\n"
    ).encode()
    kind = f'multipart/related; type="text/xml"; charset=UTF-8; boundary="{_BOUNDARY}"'
    return 200, kind, body + payload + f"\r\n--{_BOUNDARY}--".encode()


def fault(code: str, text: str) -> tuple[int, str, bytes]:
    """Return a SOAP fault."""
    inside = f"<faultcode>{code}</faultcode><faultstring>{text}</faultstring>"
    soap = f'<S:Envelope xmlns:S="{SOAP[1:-1]}"><S:Body><S:Fault>{inside}</S:Fault></S:Body></S:Envelope>'
    return 500, "text/xml;charset=UTF-8", soap.encode()


def _handler(server: SecurityServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, kind, body = server.answer(self.rfile.read(int(self.headers.get("content-length", 0))))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the base class's name
            del format, args

    return Handler
