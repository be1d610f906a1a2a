"""The page: two tabs, *Ask* and *Light table*, and the named endpoints. No logic here.

Both tabs are shells; what they show is drawn by their own modules (`docs/assets/ask.js`, which
GitHub Pages uses as well, and `curation/light_table/static/`), so nothing a visitor or an owner
wrote passes through HTML.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from data_cards.installed_files import page_assets
from space.api import Endpoints
from space.rate_limit import client_of
from space.settings import SpaceSettings
from space.theme import vitrine_theme

if TYPE_CHECKING:
    import gradio as gr

ASK = '<vitrine-ask data-start="Getting ready…"></vitrine-ask>'
ASK_SCRIPT = (
    'import(new URL("vitrine/ask.js", document.baseURI).href).then((page) => page.mount(element));'
)
HEAD = (
    '<link rel="stylesheet" href="vitrine/colours.css"><link rel="stylesheet" '
    'href="vitrine/frame.css">'
    '<meta name="color-scheme" content="light dark">'
)
SECONDS_KEPT = 600


def build_page(
    endpoints: Endpoints, settings: SpaceSettings, light_table: Callable[[], None] | None
) -> "gr.Blocks":
    """The Blocks with both tabs (one where there is no dataset to curate) and the endpoints."""
    import gradio as gr

    # Uploads are deleted after ten minutes: long enough for a slow queue and for "Again".
    with gr.Blocks(
        title="Vitrine", analytics_enabled=False, fill_width=True, delete_cache=(60, SECONDS_KEPT)
    ) as page:
        with gr.Tabs(elem_id="rooms"):
            with gr.Tab("Ask", id="ask"):
                gr.HTML(
                    ASK,
                    js_on_load=ASK_SCRIPT,
                    elem_id="ask",
                    apply_default_css=False,
                    padding=False,
                )
            if light_table is not None:
                with gr.Tab("Light table", id="light-table"):
                    light_table()
        _endpoints(endpoints, settings)
    page.queue(
        api_open=False, max_size=settings.waiting_room, default_concurrency_limit=settings.at_once
    )
    # For a dashboard that is not served here, Gradio 6.31 would put up to 10,000 events into a
    # pandas table after every answer.
    page._queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize
    page._queue.ANALYTICS_MAX_EVENTS = 100
    return page


def page_options(settings: SpaceSettings) -> dict[str, Any]:
    """How the page is mounted."""
    return {
        "path": "/",
        "server_name": settings.host,
        "server_port": settings.port,
        "show_error": False,
        "max_file_size": settings.most_photo_bytes,
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "mcp_server": False,
        "enable_monitoring": False,
        "theme": vitrine_theme(),
        "head": HEAD,
        "favicon_path": page_assets() / "icon.svg",
    }


def _endpoints(endpoints: Endpoints, settings: SpaceSettings) -> None:
    # Gradio reads the parameters' types from these hints, so they are real objects here, not text.
    import gradio as gr
    from gradio import FileData
    from gradio.events import api

    def predict(image: FileData, top_k: int = 3, request: gr.Request = None) -> dict[str, Any]:  # type: ignore[assignment]
        """Name the thing in a photo: sure, one of these, or none of them."""
        return endpoints.predict(image, top_k, base=_base(request, settings))

    def predict_batch(images: list[FileData], request: gr.Request = None) -> list[dict[str, Any]]:  # type: ignore[assignment]
        """The same for several photos: one answer each, in order."""
        return endpoints.predict_batch(images, base=_base(request, settings))

    def similar(image: FileData, k: int = 8, request: gr.Request = None) -> list[dict[str, Any]]:  # type: ignore[assignment]
        """The labelled photos that look most like this one."""
        return endpoints.similar(image, k, base=_base(request, settings))

    def classes(request: gr.Request = None) -> list[dict[str, Any]]:  # type: ignore[assignment]
        """Everything that can be named, with its card."""
        return endpoints.classes(base=_base(request, settings))

    def feedback(
        prediction_id: str,
        label: str,
        consent: bool = False,
        request: gr.Request = None,  # type: ignore[assignment]
    ) -> dict[str, Any]:
        """Say what an answer should have been: a class id, "none" or "unknown"."""
        return endpoints.feedback(prediction_id, label, consent, client=_client(request, settings))

    def receipt(receipt: str) -> dict[str, Any]:
        """What became of a suggestion."""
        return endpoints.receipt(receipt)

    for endpoint in (predict, predict_batch, similar):
        api(endpoint, api_name=endpoint.__name__, concurrency_id="recognizer")
    for quick in (classes, feedback, receipt):
        # A suggestion must not wait behind photos that are being looked at.
        api(quick, api_name=quick.__name__, concurrency_id="desk", concurrency_limit=8)


def _base(request: "gr.Request | None", settings: SpaceSettings) -> str:
    """What the addresses of pictures begin with: the host that was asked."""
    if request is None:
        return ""
    headers = request.headers
    scheme = (
        headers.get("x-forwarded-proto", "http").split(",")[0] if settings.behind_proxy else "http"
    )
    return f"{scheme}://{headers.get('host', '')}"


def _client(request: "gr.Request | None", settings: SpaceSettings) -> str:
    if request is None:
        return "unknown"
    return client_of(
        request.headers, request.client.host if request.client else "", settings.behind_proxy
    )
