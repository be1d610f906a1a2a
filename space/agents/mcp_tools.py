"""The recognizer for language models: three tools over the Model Context Protocol, at /mcp.

    VITRINE_MCP=1, or `space serve --mcp`        Client("https://you-show.hf.space/mcp/")

`name_photo` keeps what visitors get: sure, one of some, or none of these, with the card of the
class. A photo comes as base64; no address is fetched. Gradio has MCP too, but asks for an older
pydantic than ours, and would offer every endpoint with files of its own.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from data_cards.errors import BadPhoto
from space.api import Endpoints, refusal

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer
    from starlette.applications import Starlette

INSTRUCTIONS = (
    "Names what a photo shows, out of one collection. An answer is “sure”, “one_of” (the "
    "candidates are listed, do not pick one for the user) or “none” (nothing of the collection is "
    "in the photo; say so). `classes` lists everything that can be named."
)
NOT_BASE64 = "The photo is not base64. Send the bytes of a JPEG, PNG, WebP or HEIC file as base64."
MOST_CLASSES = 200  # cards in one answer; more is asked for by `start`


def mcp_server(endpoints: Endpoints, title: str) -> MCPServer:
    """The tools, answering as `endpoints` does."""
    from mcp.server.mcpserver import MCPServer

    server: Any = MCPServer(name="vitrine", title=title, instructions=INSTRUCTIONS)

    @server.tool()
    def name_photo(photo: str, top_k: int = 3) -> dict[str, Any]:
        """Name the thing in a photo (base64). `answer` is sure, one_of or none; `candidates` have
        calibrated confidences; `card` says what is known of the class."""
        return dict(_with_photo(photo, lambda data: endpoints.name(data, top_k)))

    @server.tool()
    def similar(photo: str, k: int = 8) -> dict[str, Any]:
        """The labelled photos that look most like a photo (base64), best first."""
        found = _with_photo(photo, lambda data: endpoints.like(data, k))
        return found if isinstance(found, dict) else {"photos": found}

    @server.tool()
    def classes(start: int = 0) -> dict[str, Any]:
        """Everything that can be named, with its card; `more` is where the next part starts."""
        found = endpoints.classes()
        if isinstance(found, dict):
            return found
        first = max(0, start)
        part = found[first : first + MOST_CLASSES]
        end = first + len(part)
        return {"classes": part, "more": end if end < len(found) else None}

    made: MCPServer = server
    return made


def mcp_app(server: MCPServer, most_bytes: int) -> Starlette:
    """The app that answers at /mcp/. Requests are independent of each other; space/request_guard.py
    decides who may call."""
    from mcp.server.transport_security import TransportSecuritySettings

    return server.streamable_http_app(
        streamable_http_path="/",
        json_response=True,
        stateless_http=True,
        max_request_body_size=most_bytes,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )


def _with_photo(text: str, ask: Callable[[bytes], Any]) -> Any:
    try:
        data = base64.b64decode(text.partition(",")[2] or text, validate=True)
    except (binascii.Error, ValueError):
        return refusal(BadPhoto(NOT_BASE64))
    return ask(data)
