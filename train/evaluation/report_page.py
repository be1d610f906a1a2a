"""The evaluation report: one HTML page that contains all its pictures, drawings and words.

    Path("report.html").write_text(report_page(examined), encoding="utf-8")

It shows photos of the sealed test beside the model's answers, so it is for the owner, not for
annotators. No script, nothing from another address; all text from strangers is escaped.
"""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from data_cards.wording import counted, percent, points
from train.evaluation.results import answers_told
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
        photo.image_id for _, taken in _mix_ups(photos)[:MOST_PAIRS] for photo in taken[:ON_A_SHELF]
    ]
    return list(dict.fromkeys([*errors, *pairs]))


def report_page(seen: Examined) -> str:
    """The whole page as text."""
    from jinja2 import Environment

    metrics = seen.metrics
    classes: Mapping[str, Any] = metrics["classes"]
    epochs: Sequence[Mapping[str, Any]] = metrics.get("epochs") or ()
    probe = metrics.get("probe")
    mix_ups = _mix_ups(seen.photos)[:MOST_PAIRS]

    def per_epoch(name: str, times: float = 1.0) -> list[tuple[float, float]]:
        return [(row["epoch"], times * row[name]) for row in epochs if row.get(name) is not None]

    page = Environment(autoescape=True)
    page.filters |= {"percent": _percent, "base64": lambda data: b64encode(data).decode()}
    return page.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        seen=seen,
        metrics=metrics,
        card=seen.certificate,
        made=seen.release,
        carved=Certificate.from_json(seen.certificate).carved,
        figures=FIGURES,
        errors=_errors(seen.photos)[:MOST_ERRORS],
        mix_ups=mix_ups,
        places={pair: number for number, (pair, _) in enumerate(mix_ups)},
        most_cells=MOST_CELLS,
        on_a_shelf=ON_A_SHELF,
        classes=sorted(
            classes.values(), key=lambda row: (row["recall"] is None, row["recall"] or 0.0)
        ),
        bins=[(said, right) for said, right, _ in metrics["calibration"]],
        title=lambda name: classes.get(name, {}).get("title", name),
        per_epoch=per_epoch,
        # What the frozen backbone came to, level with all epochs.
        probe=[(row["epoch"], probe["validation_accuracy"]) for row in epochs] if probe else (),
        zip=zip,
        counted=counted,
        points=points,
        answers=_answers(metrics),
        Curve=Curve,
        line_chart=lambda *said, **how: Markup(line_chart(*said, **how)),
        interval_bar=lambda *said: Markup(interval_bar(*said)),
    )


def _answers(metrics: Mapping[str, Any]) -> str:
    given = metrics.get("answers")
    said = answers_told(given) if given else ""
    return f"{said} {metrics.get('sure_promise') or ''}".strip()


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


def _percent(share: float | None) -> str:
    return "—" if share is None else percent(share)
