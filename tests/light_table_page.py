"""What a browser test reads off the light table's page, and what is on the disk behind it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from data_cards.annotations.decision import Decision
from data_cards.annotations.journal import Journal, known
from data_cards.annotations.ledger import fold, given_labels
from data_cards.dataset import open_dataset
from data_cards.rows import Label


def photo_on_screen(page: Page) -> str:
    """The image_id of the photo that lies before the annotator."""
    page.wait_for_selector("vitrine-light-table .mat img")
    return page.locator("vitrine-light-table .mat img").first.get_attribute("src").split("/")[-1].split("?")[0]


def wait_for_photo(page: Page, other_than: str) -> str:
    """The next photo, once it is on screen."""
    page.wait_for_function(
        """other => { const shown = document.querySelector("vitrine-light-table").shadowRoot.querySelector(".mat img");
                      return shown && !shown.src.includes(other) }""",
        arg=other_than,
        polling=50,  # and not by animation frames, of which a page that does not move may show none
    )
    return photo_on_screen(page)


def all_kept(page: Page) -> None:
    """Wait until the screen says that everything is on the disk."""
    page.wait_for_selector("vitrine-light-table .kept")


def labels_in(folder: Path) -> dict[str, Label]:
    """What the repository and the journal beside it add up to: the labels after a restart."""
    return fold(given_labels(open_dataset(str(folder)).photos()), decisions_in(folder))


def decisions_in(folder: Path) -> tuple[Decision, ...]:
    """Everything decided, on the disk or sent."""
    return known(open_dataset(str(folder)), Journal(folder.parent / "journal")).decisions


def progress(page: Page, done: int) -> None:
    """Wait until so many are done on this pile."""
    page.wait_for_function(
        """done => document.querySelector("vitrine-light-table").shadowRoot
                  .querySelector(".progress").textContent.startsWith(`${done} of `)""",
        arg=done,
        polling=50,
    )
