"""The report of an incident as one HTML page: drawings, tables, light and dark, for screen and paper.

Nothing is loaded, no script runs: the content security policy allows the page's own style sheet by its hash alone.
Written for WCAG 2.2 AA: landmarks, headings in order, names for every region, tables that scroll on narrow screens and
can be reached with the keyboard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cli.document import Column, Grid, Lines, Pairs, Report, Row, Section
from cli.formats.page import head, text
from cli.formats.report_drawing import Drawing
from cli.report_words import ReportWords

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--soft:#f2f2f2;--line:#6e6e6e;--mark:#0b3d91;
--edge:#767676}
@media (prefers-color-scheme:dark){:root{--ink:#f0f0f0;--paper:#16181c;--soft:#25282e;--line:#9a9a9a;--mark:#9ec3ff;
--edge:#a0a0a0}}
*{box-sizing:border-box}
html{font:100%/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
body{margin:0 auto;max-width:76rem;padding:1rem}
h1{font-size:1.6rem;line-height:1.25;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2rem 0 .5rem;border-bottom:2px solid var(--line);overflow-wrap:anywhere}
a{color:var(--mark)}
a:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--mark);outline-offset:2px}
.skip{position:absolute;left:-999rem}
.skip:focus{position:static}
nav ul{columns:16rem;padding-left:1.2rem}
nav li{padding:.15rem 0}
nav a{display:inline-block;vertical-align:top;min-height:1.6rem}
dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.3rem 1rem}
dt{font-weight:600}
dd,p{overflow-wrap:anywhere}
dd{margin:0}
.wide{overflow-x:auto;border:1px solid var(--line);border-radius:4px;margin:.5rem 0}
table{border-collapse:collapse;width:100%;min-width:44rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line);
overflow-wrap:anywhere;min-width:5.5rem}
thead th{background:var(--soft);overflow-wrap:normal}
.n{text-align:right;min-width:3rem}
.w{white-space:nowrap}
svg{display:block;min-width:44rem;width:100%;height:auto;padding:.5rem}
svg text{font-size:14px;fill:var(--ink)}
svg .head{font-weight:600}
.lane{stroke:var(--line);stroke-width:1}
.mark{fill:var(--mark);stroke:var(--mark);stroke-width:2}
.hollow{fill:var(--paper)}
.edge{stroke:var(--edge);fill:none}
.node{fill:var(--soft);stroke:var(--line)}
@media (max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}
@media print{:root{--ink:#000;--paper:#fff;--soft:#eee;--line:#555;--mark:#000;--edge:#555}
html{font-size:9.5pt}nav,.skip{display:none}body{max-width:none;padding:0}.wide{overflow:visible;border:0}
table,svg{min-width:0}tr,svg{break-inside:avoid}h2{break-after:avoid}}
@page{margin:15mm}
"""


def page(document: Report, drawings: Mapping[str, Drawing], words: ReportWords, *, made: str) -> Iterator[str]:
    """Yield the page in parts. `drawings` are by the heading of their section; `made` says when it was made."""
    title, kind = text(document.title), text(words.title)
    yield head(f"{words.title}: {document.title}", lang=document.lang, style=_STYLE)
    yield f'<a class="skip" href="#report">{text(words.skip)}</a>\n'
    yield f"<header>\n<p>{kind}</p>\n<h1>{title}</h1>\n</header>\n"
    yield f'<nav aria-label="{text(words.contents)}">\n<ul>\n'
    for number, section in enumerate(document.sections):
        yield f'<li><a href="#part{number}">{text(section.heading)}</a></li>\n'
    yield '</ul>\n</nav>\n<main id="report" tabindex="-1">\n'
    for number, section in enumerate(document.sections):
        yield from _section(section, f"part{number}", drawings.get(section.heading))
    yield f"</main>\n<footer>\n<p>{text(words.made)}: {text(made)}</p>\n</footer>\n</body>\n</html>\n"


def _section(section: Section, name: str, drawing: Drawing | None) -> Iterator[str]:
    yield f'<section>\n<h2 id="{name}">{text(section.heading)}</h2>\n'
    if drawing and drawing.svg:
        yield _wide(drawing.svg, f"{section.heading} (SVG)")
        yield f"<p>{text(drawing.caption)}</p>\n"
    match section.body:
        case Pairs(filled=pairs):
            yield "<dl>\n"
            yield from (f"<dt>{text(label)}</dt><dd>{text(value)}</dd>\n" for label, value in pairs)
            yield "</dl>\n"
        case Grid(columns=columns, rows=rows):
            yield _wide("".join(_table(columns, rows, name)), section.heading)
        case Lines(lines=lines):
            yield "".join(f"<p>{text(line)}</p>\n" for line in lines)
    yield "</section>\n"


def _wide(content: str, label: str) -> str:
    """Return content that may be wider than the screen, in a group that the keyboard can scroll."""
    return f'<div class="wide" role="group" tabindex="0" aria-label="{text(label)}">\n{content}</div>\n'


def _table(columns: Sequence[Column], rows: Iterable[Row], name: str) -> Iterator[str]:
    yield f'<table aria-labelledby="{name}">\n<thead><tr>'
    yield "".join(f'<th scope="col"{_kind(column)}>{text(column.heading)}</th>' for column in columns)
    yield "</tr></thead>\n<tbody>\n"
    for row in rows:
        yield "<tr>" + "".join(f"<td{_kind(column)}>{text(column.value(row))}</td>" for column in columns) + "</tr>\n"
    yield "</tbody>\n</table>\n"


def _kind(column: Column) -> str:
    if column.number:
        return ' class="n"'
    return ' class="w"' if column.whole else ""
