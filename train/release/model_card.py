"""The card of a model folder, from the JSON files that training and evaluation left in it.

    text = model_folder_card(Path("out/model"), "you/paintings-vit")

Reads vitrine/release.json, metrics.json, rejection.json and certificate.json; what none of them
contains is shown as not measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_cards.dataset.cards import Measured, ModelCard, Told, model_card
from data_cards.dataset.collection import Collection, load_collection
from data_cards.dataset.markdown import escape
from data_cards.progress import spoken
from data_cards.wording import counted, whole_percent
from train.evaluation.results import answers_told, metrics_text
from train.inference.model_folder import OURS, read_json
from train.models.classifiers import CODE
from train.release.mirror_images import FILE as MIRROR_IMAGES
from train.release.mirror_images import told_on_card
from train.splits.certificate import NOTHING_MEASURED, WEAK, Certificate
from train.uncertainty.rejection import rejection_words

CHART = f"{OURS}/charts/rounds.svg"
REPORT = f"{OURS}/report.md"
REFERENCES = f"{OURS}/collection/references"
MOST_PICTURES = 6
FIGURES = {
    "top1": "first answer right (top-1)",
    "top3": "right among the first three (top-3)",
    "top5": "right among the first five (top-5)",
}
REFUSALS = {
    "known_refused": 'known things answered "none"',
    "none_refused": 'other things answered "none"',
    "right_and_given": "answered, and right first time",
}
ANSWERS = {
    "sure": 'answered "sure"',
    "probably": 'answered "probably"',
    "one_of": 'answered "one of these"',
    "sure_wrong": 'wrong among those answered "sure"',
    "right_sure": '"sure" among those answered rightly',
}


def model_folder_card(folder: Path, address: str) -> str:
    """README.md of a model folder. `address`: "user/name" on the Hub, or the folder while it is
    only here."""
    release = read_json(folder / OURS / "release.json")
    metrics = read_json(folder / OURS / "metrics.json")
    backbone = release.get("backbone") or {}
    things = load_collection(folder / OURS / "collection")
    return model_card(
        ModelCard(
            collection=things,
            address=address,
            dataset=str(release.get("dataset", "")),
            dataset_revision=str(release.get("dataset_revision", "")),
            dataset_versions=tuple(map(str, release.get("dataset_versions") or ())),
            backbone=str(backbone.get("name", "")),
            backbone_revision=str(backbone.get("revision", "")),
            backbone_origin=str(backbone.get("origin", "folder")),
            backbone_licence=str(backbone.get("licence", "")),
            photos=release.get("photos") or {},
            measured=measured(metrics),
            training=(
                *training(release),
                *told_on_card(read_json(folder / OURS / MIRROR_IMAGES)),
                *effort(release, metrics),
                *calibrated(read_json(folder / OURS / "calibration.json")),
                *promised(read_json(folder / OURS / "rejection.json")),
            ),
            certificate=promises(read_json(folder / OURS / "certificate.json")),
            rejection=rejection_words(read_json(folder / OURS / "rejection.json")),
            rounds=rounds_told(read_json(folder / OURS / "rounds.json")),
            chart=CHART if (folder / CHART).is_file() else "",
            opening=opening(metrics, read_json(folder / OURS / "rejection.json")),
            pictures=shown_pictures(folder, things),
            report=REPORT if (folder / REPORT).is_file() else "",
            right_at_once=next(iter(measured({"top1": metrics.get("top1")})), None),
            carries_code=(folder / CODE).is_file(),
        )
    )


def opening(metrics: Mapping[str, Any], rejection: Mapping[str, Any]) -> tuple[str, ...]:
    """The main figure, the worst one beside it, and how often each answer is given; empty if
    nothing was measured."""
    top1 = metrics.get("top1") or {}
    if not top1.get("n"):
        return ()
    first = (
        f"Of {counted(top1['n'], 'photo')} of the sealed test {whole_percent(top1['value'])} are "
        f"named right first time (95 % interval {whole_percent(top1['low'])} to "
        f"{whole_percent(top1['high'])})"
    )
    sentences = [f"{first}; {worst(metrics, rejection)}."]
    if metrics.get("answers"):
        sentences.append(answers_told(metrics["answers"]))
    return tuple(sentences)


def worst(metrics: Mapping[str, Any], rejection: Mapping[str, Any]) -> str:
    """The figure that disappoints most: strangers' objects that would be named, or the class that
    is found least often."""
    named = rejection.get("strangers_named")
    rows = [row for row in (metrics.get("classes") or {}).values() if row.get("n")]
    row = min(rows, key=lambda one: one.get("recall") or 0.0, default=None)
    found = (row.get("recall") or 0.0) if row else 1.0
    if named is not None and float(named) >= 1 - found:
        return f"of 100 photos of strangers' objects about {100 * float(named):.0f} would be named"
    if row is None:
        return "nothing is known about single classes"
    return (
        f"worst is “{row.get('title', '')}”, of which it finds {whole_percent(found)} of {row['n']}"
    )


def shown_pictures(folder: Path, things: Collection) -> tuple[tuple[str, str], ...]:
    """Reference pictures that may be shown to everybody: (path, title) of the first few, none of
    people, and none whose class or collection names no licence."""
    if things.is_about_people:
        return ()
    return tuple(
        (f"{REFERENCES}/{info.id}.jpg", info.title)
        for info in things.classes
        if (info.licence or things.licence) and (folder / REFERENCES / f"{info.id}.jpg").is_file()
    )[:MOST_PICTURES]


def report_text(metrics: Mapping[str, Any], title: str) -> str:
    """The report as a page of the Hub shows it: Markdown, the worst first."""
    rows = sorted(
        (row for row in (metrics.get("classes") or {}).values() if row.get("n")),
        key=lambda row: (row.get("recall") or 0.0, row.get("title", "")),
    )
    titles = {name: row.get("title", name) for name, row in (metrics.get("classes") or {}).items()}
    lines = [f"# {escape(title)}: the sealed test", "", metrics_text(metrics), ""]
    lines += ["## Class by class", "", "| class | photos | found |", "|---|---|---|"]
    lines += [
        f"| {escape(row.get('title', ''))} | {row['n']} | "
        f"{whole_percent(row.get('recall') or 0.0)} |"
        for row in rows
    ]
    pairs = metrics.get("mix_ups") or []
    if pairs:
        lines += [
            "",
            "## Taken for one another",
            "",
            "| it was | it said | photos |",
            "|---|---|---|",
        ]
    lines += [
        f"| {escape(titles.get(one['was'], one['was']))} "
        f"| {escape(titles.get(one['answered'], one['answered']))} | {one['photos']} |"
        for one in pairs
    ]
    return "\n".join(lines) + "\n"


def rounds_told(story: Mapping[str, Any]) -> tuple[Told, ...]:
    """Every round that was released, oldest first."""
    return tuple(
        Told(
            row["number"],
            str(row["at"])[:10],
            row["since"],
            row["top1"]["value"],
            row["top1"]["low"],
            row["top1"]["high"],
            row["top1"]["n"],
            row["bought"],
            row["number"] == story["served"],
        )
        for row in story.get("rounds", ())
        if row["top1"]["value"] is not None
    )


def measured(metrics: Mapping[str, Any]) -> tuple[Measured, ...]:
    """The shares that were measured, each {value, low, high, n}."""
    refusals = metrics.get("rejection") or {}
    shares = [(words, metrics.get(name)) for name, words in FIGURES.items()]
    shares += [(words, refusals.get(name)) for name, words in REFUSALS.items()]
    answers = metrics.get("answers") or {}
    shares += [(words, answers.get(name)) for name, words in ANSWERS.items()]
    return tuple(
        Measured(words, share["value"], share["low"], share["high"], share["n"])
        for words, share in shares
        if share
    )


def promises(certificate: Mapping[str, Any]) -> tuple[str, ...]:
    """What the split's certificate says, as sentences; none without a certificate."""
    if not certificate:
        return ()
    said = Certificate.from_json(certificate)
    if said.leaks == NOTHING_MEASURED:
        return (
            f"{NOTHING_MEASURED.capitalize()}: there is one picture of each thing, and it is "
            "learned from.",
        )
    lines = {
        f"No near-duplicate group is on both sides of the split; {said.leaks}.": said.leaks,
        f"{said.carved}.": said.carved,
        f"{WEAK}: {', '.join(said.weak)}. All their photos belong to one burst, so the test is a "
        "block of time in it, "
        "and easier than another visit would be.": said.weak,
        "Not tested, since all photos are one group: "
        f"{', '.join(said.kept_in_train)}.": said.kept_in_train,
        f"Not tested, because photos are missing: {', '.join(said.untested)}.": said.untested,
    }
    return tuple(line for line, holds in lines.items() if holds)


def training(release: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(name, value) of the settings that a release names."""
    return tuple((str(name), str(value)) for name, value in (release.get("training") or {}).items())


def effort(release: Mapping[str, Any], metrics: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """How long the training took, and on what."""
    # A training that was resumed knows all of its epochs, but only the last start of the rest.
    epochs = [float(epoch.get("seconds") or 0.0) for epoch in metrics.get("epochs") or ()]
    seconds = max([float((metrics.get("seconds") or {}).get("train") or 0.0), *epochs])
    return (
        (
            (
                "trained in",
                f"{spoken(seconds)} on {release.get('machine') or 'a machine that was not noted'}",
            ),
        )
        if seconds
        else ()
    )


def calibrated(calibration: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """How far confidence was from the truth before and after the temperature, on the photos it
    was fitted on."""
    before = calibration.get("ece_before")
    after = calibration.get("ece_after")
    if before is None or after is None:
        return ()
    return (
        (
            "calibration error",
            f"{100 * before:.1f} points before calibration, {100 * after:.1f} after (expected "
            f"calibration error on {counted(calibration.get('n', 0), 'photo')} it was fitted on)",
        ),
    )


def promised(rejection: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """When it says "sure", and what that rests on; nothing of an older release."""
    words = str(rejection.get("sure_words") or "")
    return (("sure", words),) if words else ()
