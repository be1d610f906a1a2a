"""Gradio's own parts in Vitrine's colours: a theme from the same roles as
`docs/assets/colours.css`, and what hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio.themes import Base

SERIF = ("Iowan Old Style", "Palatino Linotype", "Palatino", "Georgia", "DejaVu Serif", "serif")
SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif")
LIGHT = {
    "paper": "#FAF7F1",
    "card": "#FFFFFF",
    "ink": "#1E1A15",
    "soft": "#6B6257",
    "line": "#E4DCCF",
    "accent": "#B4432A",
}
DARK = {
    "paper": "#171411",
    "card": "#211D19",
    "ink": "#F3EDE3",
    "soft": "#B5AA9B",
    "line": "#3A342D",
    "accent": "#EC8568",
}


def vitrine_theme() -> Base:
    """No web fonts, so that a page load asks nobody else for anything."""
    import gradio as gr

    roles = {
        "body_background_fill": "paper",
        "background_fill_primary": "paper",
        "background_fill_secondary": "paper",
        "block_background_fill": "card",
        "input_background_fill": "card",
        "body_text_color": "ink",
        "body_text_color_subdued": "soft",
        "block_border_color": "line",
        "border_color_primary": "line",
        "color_accent": "accent",
        "link_text_color": "accent",
    }
    colours = {name: LIGHT[role] for name, role in roles.items()}
    dark = {f"{name}_dark": DARK[role] for name, role in roles.items() if name != "color_accent"}
    theme = gr.themes.Base(font=SANS, font_mono=("ui-monospace", "Consolas", "monospace"))
    return theme.set(
        **colours, **dark, block_radius="14px", block_border_width="0px", block_shadow="none"
    )
