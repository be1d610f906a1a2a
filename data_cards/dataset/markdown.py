"""Strangers' words inside Markdown.

escape("<b>")        &lt;b&gt;
"""

from __future__ import annotations

import re

MARKUP = re.compile(r"([\\`*_{}\[\]()#|~!$])")


def escape(text: str) -> str:
    """One line of plain text for Markdown: no markup, no HTML, no line break survives.

    >>> escape("<b>*A* | [x](y)")
    '&lt;b&gt;\\\\*A\\\\* \\\\| \\\\[x\\\\]\\\\(y\\\\)'
    """
    line = (
        " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )
    return MARKUP.sub(r"\\\1", line)
