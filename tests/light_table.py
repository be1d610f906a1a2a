"""A small dataset for the light table's tests: drawn squares in three classes, some under a wrong label.

    python -m tests.light_table FOLDER plain|gradio PORT      serves it (the browser tests start and kill this)
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from PIL import Image, ImageDraw

from curation.light_table.tab import light_table_router, light_table_tab
from curation.light_table.table import open_table
from data_cards.annotations.journal import Journal
from data_cards.collection import ClassInfo, Collection
from data_cards.dataset import Changes, Dataset, create_dataset, open_dataset
from data_cards.photo import image_id
from data_cards.rows import Finding, Label, Photo, Source, Split, findings_file, images_file, labels_file, splits_file

COLOURS = {"harbour": "#23415c", "harbour-study": "#40647a", "red-grid": "#b4432a"}
COLLECTION = Collection(
    "squares",
    "Room 12",
    (
        ClassInfo("harbour", "Harbour at Low Moon", summary="A night harbour with a red quay."),
        ClassInfo("harbour-study", "Harbour, First Study", summary="Upright, no quay."),
        ClassInfo("red-grid", "Red <b>Grid</b>", aliases=("grid",)),
    ),
)


def drawn(colour: str, number: int) -> bytes:
    """A photo that is unlike every other one."""
    image = Image.new("RGB", (120, 90), colour)
    ImageDraw.Draw(image).rectangle([number % 100, 10, number % 100 + 8, 30 + number // 100], fill="#e8c770")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def photos_of(count: int) -> list[tuple[Photo, bytes, str]]:
    """(photo, bytes, true class): classes in turn, every photo labelled "harbour" by its folder."""
    made = []
    for number in range(count):
        truth = list(COLOURS)[number % 3]
        data = drawn(COLOURS[truth], number)
        source = Source(path=f"harbour/{number}.png", given_label="harbour", added_at="2026-03-03T10:00:00Z")
        made.append((Photo(image_id(data), 120, 90, (source,)), data, truth))
    return made


def doubt(photo: Photo, truth: str, score: float) -> Finding:
    """What a scan would say about a photo whose label is wrong."""
    reason = f"The model gives this label 2 %. Four of its five nearest photos are *{COLLECTION.title_of(truth)}*."
    return Finding(photo.image_id, "label", score, reason, "harbour", truth, (), "01SCAN", "model-1")


def small_dataset(folder: Path, count: int = 12, sealed: int = 0) -> Dataset:
    """`count` photos, those whose class is wrong doubted (the later the less), the first `sealed` of these in the test,
    and one pair of near-duplicates."""
    photos = photos_of(count)
    wrong = [(photo, truth) for photo, _, truth in photos if truth != "harbour"]
    findings = [doubt(photo, truth, 0.99 - place / 1000) for place, (photo, truth) in enumerate(wrong)]
    first, last = photos[0][0].image_id, photos[3][0].image_id
    same = "The same shot, saved twice."
    findings.append(Finding(last, "near_duplicate", 0.9, same, related=(first,), scan_id="01SCAN"))
    test = {photo.image_id for photo, _ in wrong[:sealed]}
    splits = [Split(p.image_id, p.image_id, "test" if p.image_id in test else "train") for p, _, _ in photos]
    files = dict(
        [
            images_file([(photo, data) for photo, data, _ in photos]),
            labels_file(Label(photo.image_id, "harbour", "labelled") for photo, _, _ in photos),
            splits_file(splits),
            findings_file("01SCAN", findings),
        ]
    )
    dataset = create_dataset(str(folder), COLLECTION, {"harbour": jpeg("#23415c")})
    return dataset.update("Begin", lambda _: Changes(add=files))


def jpeg(colour: str) -> bytes:
    """A plain reference picture."""
    out = io.BytesIO()
    Image.new("RGB", (200, 150), colour).save(out, "JPEG")
    return out.getvalue()


class TellingOpinions:
    """A model that knows the truth, for tests that look for it on the screen."""

    def __init__(self, dataset: Dataset) -> None:
        """It needs none."""

    def best(self, image_id: str) -> list[tuple[str, float]]:
        """The same three chances for every photo."""
        return [("harbour-study", 0.94), ("harbour", 0.02), ("red-grid", 0.01)]

    def nearest(self, image_id: str, class_id: str, count: int) -> list[str]:
        """Nothing."""
        return []


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Light table</title><link rel="icon" href="data:,">
<body style="margin: 0"><vitrine-light-table></vitrine-light-table>
<script type="module">
  import { mount } from "./light-table/static/light_table.js";
  mount(document.querySelector("vitrine-light-table"));
</script></body></html>"""


def app_over(folder: Path, gradio: bool) -> FastAPI:
    """The light table over a dataset that is there already, everybody signed in as ann; in a Gradio tab, or on a page
    of its own, which is up sooner."""
    table = open_table(open_dataset(str(folder)), Journal(folder.parent / "journal"), TellingOpinions)
    app = FastAPI()
    app.include_router(light_table_router(table, lambda request: "ann"))
    if not gradio:
        app.add_api_route("/", lambda: HTMLResponse(PAGE))
        return app
    import gradio as gr

    with gr.Blocks(fill_width=True) as page:
        with gr.Tab("Light table"):
            light_table_tab()
        with gr.Tab("Ask"):
            gr.Textbox(label="elsewhere")
    css = ".gradio-container, .tabitem { padding: 0 !important }"
    return gr.mount_gradio_app(app, page, path="/", css=css)


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app_over(Path(sys.argv[1]), sys.argv[2] == "gradio"), port=int(sys.argv[3]), log_level="warning")
