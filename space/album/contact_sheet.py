"""A page that shows what a model says of an album, class by class, before or after it is written.

One HTML file with small pictures inside; no script, and nothing from another address.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from data_cards.errors import BadPhoto
from data_cards.wording import counted, percent
from space.album.report import AlbumReport, Change

SHOWN = 60  # photos of a class
MOST_PICTURES = 2000  # of all classes, but one of each; of 6 kB each that is a page of 12 MB
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;
color:#222;background:#faf9f7}h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.5rem}
ul{list-style:none;padding:0;display:grid;gap:1rem;
grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr))}
img{width:100%;aspect-ratio:1;object-fit:cover;border-radius:6px;background:#ddd;display:block}
li{font-size:.82rem;overflow-wrap:anywhere}li b{display:block;margin-top:.3rem}
.soft{color:#666}.new{color:#0a6640}@media(prefers-color-scheme:dark){body{background:#181715;
color:#eee}.soft{color:#aaa}.new{color:#7fd6a8}}
"""


def contact_sheet(report: AlbumReport, model: str, picture: Callable[[str], bytes]) -> str:
    """The page. `picture`: a small JPEG of a photo by its name; raises BadPhoto."""
    groups: dict[str, list[Change]] = defaultdict(list)
    for change in report.changes:
        groups[change.answer.tags.title].append(change)
    parts = [_head(report, model)]
    each = max(1, min(SHOWN, MOST_PICTURES // max(1, len(groups))))
    for title in sorted(groups, key=lambda name: (not name, -len(groups[name]), name)):
        parts.append(_group(title, groups[title], each, picture))
    parts.append(_left(report.left))
    body = Markup("\n").join(parts)
    return str(
        Markup(
            '<!DOCTYPE html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            "<title>What these photos show</title><style>{}</style><body>{}</body></html>"
        ).format(Markup(STYLE), body)
    )


def _head(report: AlbumReport, model: str) -> Markup:
    return Markup('<h1>What these photos show</h1><p>{}</p><p class="soft">Model: {}</p>').format(
        report.sentence, model
    )


def _group(
    title: str, changes: Sequence[Change], each: int, picture: Callable[[str], bytes]
) -> Markup:
    """One class, the least sure photos first. What most of them get is said once, above them."""
    least_sure = sorted(changes, key=lambda change: change.answer.confidence)
    usual = Counter(_told(change) for change in changes).most_common(1)[0][0]
    cells = Markup("").join(_cell(change, usual, picture) for change in least_sure[:each])
    more = len(changes) - each
    rest = Markup('<p class="soft">and {} more</p>').format(more) if more > 0 else Markup("")
    name = title or "Nothing that the model is sure of"
    head = Markup("<h2>{} <span class=soft>{}</span></h2>").format(
        name, counted(len(changes), "photo")
    )
    gets = Markup("<p class=new>{}</p>").format(" · ".join(usual)) if usual else Markup("")
    return head + gets + Markup("<ul>{}</ul>").format(cells) + rest


def _cell(change: Change, usual: Sequence[str], picture: Callable[[str], bytes]) -> Markup:
    try:
        shown = Markup('<img alt="" src="data:image/jpeg;base64,{}">').format(
            b64encode(picture(change.photo)).decode()
        )
    except (BadPhoto, OSError):
        shown = Markup('<img alt="">')
    sure = percent(change.answer.confidence) if change.answer.tags.title else ""
    told = _told(change)
    own = Markup("<br>").join(map(escape, told)) if told else "stays as it is"
    extra = Markup("<div class=new>{}</div>").format(own) if told != usual else Markup("")
    return Markup("<li>{}<b>{}</b><span class=soft>{}</span>{}</li>").format(
        shown, change.photo, sure, extra
    )


def _told(change: Change) -> tuple[str, ...]:
    """The tags that are new, and those left out because people's words win."""
    new = [word for word in change.after.keywords if word not in change.now.keywords]
    gone = [word for word in change.now.keywords if word not in change.after.keywords]
    lines = [f"+ {word}" for word in new] + [f"− {word}" for word in gone]
    if change.after.title != change.now.title:
        lines.append(f"title: {change.after.title}" if change.after.title else "− its title")
    if change.after.location != change.now.location:
        lines.append("with its place" if change.after.location else "− its place")
    if change.is_change and not lines:
        lines.append("elsewhere in the tree of keywords")
    return tuple(lines)


def _left(left: Sequence[tuple[str, str]]) -> Markup:
    if not left:
        return Markup("")
    rows = Markup("").join(Markup("<p>{}: {}</p>").format(name, why) for name, why in left)
    return Markup("<h2>Left alone</h2>{}").format(rows)
