"""`kulla config`: every setting with the place its value comes from, and a check of the files."""

from __future__ import annotations

from cli.config import unknown_variables, user_file
from cli.document import Column, Listing
from cli.formats.cells import cell
from cli.group import sub_app
from cli.options import Format, Output, command
from cli.output import target
from cli.session import Session
from cli.settings_table import settings_table
from engine.errors import ConfigurationError

app = sub_app("Settings, and where each value comes from.")
_COLUMNS = (
    Column(field="setting", heading="Setting", whole=True),
    Column(field="value", heading="Value"),
    Column(field="from", heading="From"),
    Column(field="purpose", heading="What for"),
)


@command(app, "show")
def show(session: Session, fmt: Format = None, output: Output = None) -> None:
    """Print every setting: its value, where it comes from (flag, variable, file:line, default), what it is for.

    The order of authority is flag, KULLA_* variable, kulla.toml in the working directory, kulla.toml in the user's
    configuration folder, default.
    """
    out = target(session, fmt, output)
    origins = session.settings.origins
    rows = [
        {
            "setting": item.key,
            "value": cell(origins[item.key].value if item.key != "home" else str(session.settings.home)),
            "from": origins[item.key].place,
            "variable": item.variable,
            "purpose": item.purpose,
        }
        for item in settings_table()
    ]
    fields = ("setting", "value", "from", "variable", "purpose")
    out.write(Listing(name="settings", title="Settings", columns=_COLUMNS, rows=rows, fields=fields))
    session.hint("kulla config check")


@command(app, "check")
def check(session: Session) -> None:
    """Check kulla.toml and the KULLA_* variables: every setting as the command reads it that uses it, files included.

    Variables that nothing reads are told as well. Nothing is sent or connected to.
    """
    from cli.settings_check import problems

    settings = session.settings
    files = ", ".join(str(path) for path in settings.files) or f"no kulla.toml (looked here and at {user_file()})"
    for name in unknown_variables(session.environ):
        session.issue(ConfigurationError("no setting reads this variable", where=name, hint="kulla config show"))
    if settings.home.exists() and not settings.home.is_dir():
        raise ConfigurationError("the home is no folder", where=str(settings.home), hint="set KULLA_HOME to a folder")
    if found := list(problems(session)):
        for problem in found[:-1]:
            session.issue(problem)
        raise found[-1]
    session.say(f"settings are valid: {files}")
    session.hint("kulla config show")
