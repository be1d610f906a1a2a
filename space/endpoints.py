"""The named endpoints, with the type hints that Gradio's server reads. `space/api.py` answers."""

from typing import TYPE_CHECKING, Any

from space.api import Endpoints
from space.rate_limit import client_of
from space.routes import base_of
from space.settings import SpaceSettings

if TYPE_CHECKING:
    import gradio as gr

QUICK_AT_ONCE = 8  # none of these looks at a photo


def add_endpoints(server: "gr.Server", endpoints: Endpoints, settings: SpaceSettings) -> None:
    """The six endpoints of the API, with the queue's limits."""
    # Gradio reads the parameters' types from these hints, so they are real objects here, not text.
    import gradio as gr
    from gradio import FileData

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
        server.api(
            endpoint,
            name=endpoint.__name__,
            concurrency_id="recognizer",
            concurrency_limit=settings.at_once,
        )
    for quick in (classes, feedback, receipt):
        # A suggestion must not wait behind photos that are being looked at.
        server.api(
            quick, name=quick.__name__, concurrency_id="endpoints", concurrency_limit=QUICK_AT_ONCE
        )


def _base(request: "gr.Request | None", settings: SpaceSettings) -> str:
    """What the addresses of pictures begin with: the host that was asked."""
    return base_of(request.headers, settings) if request else ""


def _client(request: "gr.Request | None", settings: SpaceSettings) -> str:
    if request is None:
        return "unknown"
    return client_of(
        request.headers, request.client.host if request.client else "", settings.behind_proxy
    )
