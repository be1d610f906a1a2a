"""The evaluation report: one HTML page that carries its pictures, drawings and words in itself.

    Path("report.html").write_text(report_page(examined), encoding="utf-8")

It shows photos of the sealed test beside what the model said of them: for the owner, not for
whoever decides labels. No script, nothing from another address; whatever strangers wrote is
escaped.
"""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from data_cards.wording import counted, percent
from train.evaluation.svg import Curve, interval_bar, line_chart
from train.splits.certificate import Certificate

TEMPLATE = Path(__file__).parent / "templates" / "report.html"
MOST_CELLS = 30  # classes; a larger table of confusions cannot be read, the worst pairs can
ON_A_SHELF = 6
MOST_ERRORS = 24
MOST_PAIRS = 20
FIGURES = {
    "top1": "the first answer is right",
    "top3": "the truth is among the first three",
    "top5": "the truth is among the first five",
}


@dataclass(frozen=True)
class AskedPhoto:
    """A test photo and what the model said: class ids, the `chance` of its answer, whether it
    was answered "none"."""

    image_id: str
    truth: str
    answered: str
    chance: float
    refused: bool

    @property
    def wrong(self) -> bool:
        """Whether another class was likelier than the true one."""
        return self.answered != self.truth


@dataclass(frozen=True)
class Examined:
    """All that the page is made from. `pictures`: small JPEGs by image_id, empty where photos
    must not be shown."""

    title: str
    metrics: Mapping[str, Any]
    certificate: Mapping[str, Any]
    release: Mapping[str, Any]
    photos: Sequence[AskedPhoto] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    why_no_pictures: str = ""


def shown_photos(photos: Sequence[AskedPhoto]) -> list[str]:
    """image_ids of the photos that the page shows: the most confident errors, and a few of each
    mix-up."""
    errors = [photo.image_id for photo in _errors(photos)[:MOST_ERRORS]]
    pairs = [
        photo.image_id
        for _, image_cache in _mix_ups(photos)[:MOST_PAIRS]
        for photo in image_cache[:ON_A_SHELF]
    ]
    return list(dict.fromkeys([*errors, *pairs]))


def report_page(seen: Examined) -> str:
    """The whole page as text."""
    tested = [
        _figures,
        _leaks,
        _previous,
        _confident_errors,
        _mixed_up,
        _classes,
        _confidence,
        _refusals,
        _training,
    ]
    parts = [part(seen) for part in (tested if seen.metrics["n"] else (_unmeasured, _training))]
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    made = seen.release
    words = (
        f"Tested on {counted(seen.metrics['n'], 'photo')} that nothing was chosen by, of dataset "
        f"revision {str(made.get('dataset_revision', ''))[:12]}; model made "
        f"{str(made.get('made_at', ''))[:10]}."
    )
    return template.substitute(
        title=escape(seen.title), words=escape(words), body="\n".join(filter(None, parts))
    )


def _unmeasured(_: Examined) -> str:
    return _section(
        "How often it is right",
        "<p>Nobody knows: no photo is left for a test. Add a second photo of some "
        "things, taken at another time.</p>",
    )


def _figures(seen: Examined) -> str:
    rows = []
    for name, words in FIGURES.items():
        share = seen.metrics[name]
        rows.append(
            f"<tr><th>{_percent(share['value'])}</th><td>{words}</td><td class='wide'>"
            f"{interval_bar(share['value'], share['low'], share['high'])}</td>"
            f"<td class='soft'>{_percent(share['low'])} to {_percent(share['high'])}</td></tr>"
        )
    return _section(
        "How often it is right",
        f"<table class='figures'>{''.join(rows)}</table>"
        "<p class='soft'>The band is the 95 % interval: what the true figure may be, given so many "
        "photos.</p>",
    )


def _leaks(seen: Examined) -> str:
    card = seen.certificate
    at = (
        f" Photos count as near-copies from an agreement of {card['threshold']:g} on."
        if card.get("threshold")
        else ""
    )
    weak = card.get("weak") or ()
    told = (
        f"<p class='warn'>{escape(str(card.get('strength', '')))}: {escape(', '.join(weak))}</p>"
        if weak
        else ""
    )
    carved = Certificate.from_json(card).carved
    told += f"<p>{escape(carved)}.</p>" if carved else ""
    removed = card.get("leaks_removed", 0)
    gone = f" {removed} training photos were left out for having one." if removed else ""
    return _section(
        "Was the test kept apart?",
        f"<p>{escape(str(card.get('leaks', 'Not known.')))}.{gone}{escape(at)} "
        f"Seed {card.get('seed', 0)}.</p>{told}",
    )


def _previous(seen: Examined) -> str:
    before = seen.metrics.get("previous")
    if not before or before["top1"]["value"] is None:
        return ""
    now = seen.metrics["top1"]["value"] or 0.0
    then = before["top1"]["value"]
    same = (
        "Both answered the same test."
        if before.get("same_test")
        else "The tests differ, so the figures cannot be compared photo by photo."
    )
    return _section(
        "Against the round before",
        f"<p>{_percent(then)} then, {_percent(now)} now "
        f"({100 * (now - then):+.1f} points). {same}</p>",
    )


def _confident_errors(seen: Examined) -> str:
    errors = _errors(seen.photos)
    if not errors:
        return _section("Most confident errors", "<p>None: every test photo was named rightly.</p>")
    cells = "".join(
        _photo(
            seen,
            photo,
            f"{_percent(photo.chance)} <em>{_title(seen, photo.answered)}</em><br>"
            f"labelled <em>{_title(seen, photo.truth)}</em>",
        )
        for photo in errors[:MOST_ERRORS]
    )
    return _section(
        "Most confident errors",
        "<p>Where the model is sure and wrong. A wrong label looks the same: look "
        f"at the label first.</p><div class='shelf'>{cells}</div>{_pictures_missing(seen)}",
    )


def _mixed_up(seen: Examined) -> str:
    pairs = _mix_ups(seen.photos)
    if not pairs:
        return ""
    rows = "".join(
        f"<details id='mix-{n}'{' open' if n < 3 else ''}><summary><b>{len(image_cache)}</b> of "
        f"<em>{_title(seen, was)}</em> "
        f"taken for <em>{_title(seen, said)}</em></summary><div class='shelf'>"
        + "".join(_photo(seen, photo, _percent(photo.chance)) for photo in image_cache[:ON_A_SHELF])
        + (
            f"<p class='soft'>and {len(image_cache) - ON_A_SHELF} more</p>"
            if len(image_cache) > ON_A_SHELF
            else ""
        )
        + "</div></details>"
        for n, ((was, said), image_cache) in enumerate(pairs[:MOST_PAIRS])
    )
    return _section(
        "What was taken for what", _table_of_confusions(seen, [pair for pair, _ in pairs]) + rows
    )


def _table_of_confusions(seen: Examined, pairs: Sequence[tuple[str, str]]) -> str:
    names = list(seen.metrics["classes"])
    table = seen.metrics["confusion"]
    if len(names) > MOST_CELLS:
        return ""
    place = {pair: n for n, pair in enumerate(pairs[:MOST_PAIRS])}
    head = "".join(f"<th><span>{_title(seen, name)}</span></th>" for name in names)
    rows = []
    for was, counts in zip(names, table, strict=True):
        cells = []
        for said, count in zip(names, counts, strict=True):
            inside = (
                f"<a href='#mix-{place[was, said]}'>{count}</a>"
                if (was, said) in place
                else str(count or "")
            )
            style = "right" if was == said and count else "wrong" if count else ""
            cells.append(
                f"<td class='{style}' "
                f"style='--share:{count / max(1, sum(counts)):.2f}'>{inside}</td>"
            )
        rows.append(f"<tr><th>{_title(seen, was)}</th>{''.join(cells)}</tr>")
    return (
        "<div class='scroll'><table class='confusion'><tr><td class='soft'>was ↓ answered "
        f"→</td>{head}</tr>"
        f"{''.join(rows)}</table></div>"
    )


def _classes(seen: Examined) -> str:
    rows = sorted(
        seen.metrics["classes"].items(),
        key=lambda row: (row[1]["recall"] is None, row[1]["recall"] or 0.0),
    )
    told = "".join(
        f"<tr><th>{escape(str(row['title']))}</th><td>{row['n']}</td><td>{_percent(row['recall'])}</td>"
        f"<td>{_percent(row['precision'])}</td></tr>"
        for _, row in rows
    )
    head = "<tr><th>class</th><th>test photos</th><th>found</th><th>right</th></tr>"
    return _section(
        "Class by class",
        "<p class='soft'>The weakest first. Found: of its photos, how many got its name; "
        "right: of photos that got it, how many were it.</p>"
        f"<div class='scroll'><table class='classes'>{head}{told}</table></div>",
    )


def _confidence(seen: Examined) -> str:
    bins = [(said, right) for said, right, _ in seen.metrics["calibration"]]
    if not bins:
        return ""
    curves = seen.metrics.get("curves") or {}
    answered = [(float(x), float(y)) for x, y in curves.get("answered", ())]
    return _section(
        "Does 97 % mean 97 %?",
        "<div class='pair'>"
        + line_chart(
            [Curve("right, by what it says", bins)],
            "it says",
            "it is right",
            shares=True,
            diagonal=True,
        )
        + line_chart(
            [Curve("right, if only the surest are answered", answered, "sure")],
            "share of photos answered",
            "right",
            shares=True,
        )
        + f"</div><p>On average its confidence is {100 * (seen.metrics['ece'] or 0):.1f} points "
        "off.</p>",
    )


def _refusals(seen: Examined) -> str:
    said = seen.metrics["rejection"]
    curves = seen.metrics.get("curves") or {}
    known = said["known_refused"]
    other = said["none_refused"]
    lines = [
        f"<p>{_percent(known['value'])} of {known['n']} photos of known things are answered “none "
        "of these”.</p>"
    ]
    if other["n"]:
        lines.append(
            f"<p>So are {_percent(other['value'])} of {other['n']} photos of other things, as they "
            "should "
            "be.</p>"
        )
    lines.append(f"<p class='soft'>{escape(said['promise'])}</p>" if said.get("promise") else "")
    points = [(float(x), float(y)) for x, y in curves.get("refusals", ())]
    lines.append(
        line_chart(
            [Curve("other things answered “none”, for every line that could be drawn", points)],
            "known things refused",
            "other things refused",
            shares=True,
            diagonal=True,
        )
    )
    return _section("When it says “none of these”", "".join(lines))


def _training(seen: Examined) -> str:
    epochs = seen.metrics.get("epochs") or ()
    rows = "".join(
        f"<tr><th>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>"
        for name, value in (seen.release.get("training") or {}).items()
    )
    best = seen.metrics.get("best_epoch")
    charts = line_chart(
        [
            Curve("training, visitor-like views", _per_epoch(epochs, "loss"), "soft"),
            Curve("validation", _per_epoch(epochs, "validation_loss")),
        ],
        "epoch",
        "loss",
        mark=best,
    )
    charts += line_chart(
        [
            Curve("training, visitor-like views", _per_epoch(epochs, "accuracy"), "soft"),
            Curve("validation", _per_epoch(epochs, "validation_accuracy")),
            Curve("probe, before", _probe(seen), "sure"),
        ],
        "epoch",
        "right",
        right=True,
        mark=best,
    )
    rates = [(epoch, 1e6 * rate) for epoch, rate in _per_epoch(epochs, "learning_rate")]
    charts += line_chart(
        [Curve("uppermost block, at an epoch's end", rates, "sure")],
        "epoch",
        "learning rate, millionths",
        mark=best,
    )
    pair = f"<div class='pair'>{charts}</div>" if epochs else ""
    return _section("How it learned", f"{pair}<table class='told'>{rows}</table>")


def _probe(seen: Examined) -> list[tuple[float, float]]:
    """What the frozen backbone came to, level with all epochs."""
    probe = seen.metrics.get("probe")
    epochs = seen.metrics.get("epochs") or ()
    return [(row["epoch"], probe["validation_accuracy"]) for row in epochs] if probe else []


def _per_epoch(epochs: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    return [(row["epoch"], float(row[name])) for row in epochs if row.get(name) is not None]


def _errors(photos: Sequence[AskedPhoto]) -> list[AskedPhoto]:
    return sorted(
        (photo for photo in photos if photo.wrong),
        key=lambda photo: (-photo.chance, photo.image_id),
    )


def _mix_ups(photos: Sequence[AskedPhoto]) -> list[tuple[tuple[str, str], list[AskedPhoto]]]:
    found: dict[tuple[str, str], list[AskedPhoto]] = defaultdict(list)
    for photo in _errors(photos):
        found[photo.truth, photo.answered].append(photo)
    return sorted(found.items(), key=lambda row: (-len(row[1]), row[0]))


def _photo(seen: Examined, photo: AskedPhoto, words: str) -> str:
    data = seen.pictures.get(photo.image_id)
    picture = (
        f"<img alt='' src='data:image/jpeg;base64,{b64encode(data).decode()}'>"
        if data
        else "<p class='gap'></p>"
    )
    none = "<br><span class='soft'>answered “none”</span>" if photo.refused else ""
    name = escape(photo.image_id)
    return (
        "<figure class='photo' "
        f"title='{name}'>{picture}<figcaption>{words}{none}</figcaption></figure>"
    )


def _pictures_missing(seen: Examined) -> str:
    return f"<p class='soft'>{escape(seen.why_no_pictures)}</p>" if seen.why_no_pictures else ""


def _title(seen: Examined, class_id: str) -> str:
    return escape(str(seen.metrics["classes"].get(class_id, {}).get("title", class_id)))


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _percent(share: float | None) -> str:
    return "—" if share is None else percent(share)
