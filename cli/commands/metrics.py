"""`kulla serve-metrics`: figures for Prometheus under /metrics, and /health, on a local address."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated

import typer

from cli.figures import down, figures
from cli.group import single_app
from cli.options import command
from cli.session import Session
from engine.errors import ConfigurationError, StoreError

app = single_app()


@command(app, "serve-metrics")
def serve_metrics(
    session: Session,
    *,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port; 0 picks one.")] = 9108,
) -> None:
    """Serve figures for Prometheus until interrupted; without encryption or log-in, so locally by default."""
    try:
        server = ThreadingHTTPServer((host, port), _handler(session))
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen ({error.strerror})", where=f"{host}:{port}", hint="name another --port"
        ) from error
    with server:
        session.say(f"figures at http://{host}:{server.server_address[1]}/metrics; Ctrl-C ends it")
        server.serve_forever(poll_interval=0.5)


def exposed(session: Session) -> tuple[int, str]:
    """Return a status and the figures; a store that does not answer is a figure too."""
    from engine.runs.metrics import exposition

    try:
        with session.open_store() as store:
            return 200, exposition(figures(session, store))
    except StoreError:
        return 200, exposition(down())


def _handler(session: Session) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "kulla"
        sys_version = ""
        timeout = 10

        def do_GET(self) -> None:
            from engine.runs.metrics import CONTENT_TYPE

            if self.path not in {"/metrics", "/health"}:
                self.send_error(404)
                return
            status, text = exposed(session)
            if self.path == "/health":
                up = "kulla_up 1\n" in text
                status, text = (200, "ok\n") if up else (503, "the store does not answer\n")
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the base class's name
            session.detail(format % args)

    return Handler
