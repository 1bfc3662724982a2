"""The page's HTML: templates filled in, every text escaped, scripts that need no network."""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from study.page.data import finite
from study.summary.sections import Alert, Block, Bullets, Kind, Table, spans

TEMPLATES = Path(__file__).parent / "templates"

SCRIPTS = ("state.js", "tables.js", "figures.js", "network.js", "main.js")
"""The page's script, in its order."""

SYMBOLS = (
    "M-4,0A4,4,0,1,1,4,0A4,4,0,1,1,-4,0Z",
    "M-3.5,-3.5H3.5V3.5H-3.5Z",
    "M0,-5L5,0L0,5L-5,0Z",
    "M0,-4.5L4.5,4H-4.5Z",
    "M0,4.5L4.5,-4H-4.5Z",
    "M-1.5,-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5V-1.5H-1.5Z",
    "M-4,-2.5L-2.5,-4L0,-1.5L2.5,-4L4,-2.5L1.5,0L4,2.5L2.5,4L0,1.5L-2.5,4L-4,2.5L-1.5,0Z",
)
"""The markers of figures/style.py as paths of SVG: circle, square, diamond, triangles, plus, cross.
"""

POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
"""No connection of any kind; only the page's own scripts, by their digests.

Styles may be inline because Vega sets them on the marks of a figure. A style cannot connect
either, for it loads nothing but images that the page holds.
"""


def render(**content: Any) -> str:
    """The page, from the template page.html."""
    scripts = [runtime(), "\n".join(template(name) for name in SCRIPTS)]
    policy = POLICY.format(scripts=" ".join(map(_digest, scripts)))
    return (
        _environment()
        .get_template("page.html")
        .render(
            **content,
            scripts=[Markup(script) for script in scripts],
            style=Markup(template("page.css")),
            policy=policy,
        )
    )


def template(name: str) -> str:
    """The text of a file in the templates' folder."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


@cache
def runtime() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script without imports."""
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return str(script).replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _digest(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def script_json(content: Any) -> Markup:
    """JSON for a script element: no text in it can end the element or begin a comment."""
    text = json.dumps(finite(content), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["script_json"] = script_json
    found.filters["spans"] = lambda text: [(mark.name, span) for mark, span in spans(text)]
    found.globals["kind_of"] = kind_of
    found.globals |= {"number_kind": Kind.NUMBER, "code_kind": Kind.CODE, "symbols": SYMBOLS}
    return found


def kind_of(block: Block) -> str:
    """The name of a block's kind, by which the template renders it."""
    for kind in (Table, Bullets, Alert):
        if isinstance(block, kind):
            return kind.__name__
    return "paragraph"
