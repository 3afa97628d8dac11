"""Makes the pictures in `docs/` again, of the story beside this: `python -m tests.browser.pictures`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.browser import chromium, hosting, png, story

if TYPE_CHECKING:
    from tests.browser.chromium import Page

DOCS = story.ROOT / "docs"
_END = "document.querySelector('{}').getBoundingClientRect().bottom + 16"
_TOP = "document.querySelector('.card').getBoundingClientRect().top - 48"


def make(folder: Path, size: float = 1) -> None:
    """Write them into a folder, so many times as large as in `docs/`."""
    with TemporaryDirectory() as name, chromium.browser() as browser:
        repository = story.pull_request(Path(name))
        plan, comment = repository / "plan.html", repository / "comment.html"
        plan.write_text(story.plan(repository, "--format", "html"), "ascii")
        comment.write_text(hosting.page(story.comment(repository)), "utf-8")
        with browser.open(comment, width=1000) as page:
            _keep(page, folder / "comment.png", ".comment", scale=0.9 * size)
        with browser.open(plan, width=1000) as page:
            _keep(page, folder / "plan.png", ".card", scale=0.8 * size)
        with browser.open(plan, width=360, dark=True) as page:
            _keep(page, folder / "plan-on-a-phone.png", ".card", top=page.run(_TOP), scale=size)


def _keep(page: Page, file: Path, last: str, *, top: float = 0, scale: float = 1) -> None:
    """Keep a picture of a page down to the end of the first element of a kind."""
    file.write_bytes(png.small(page.picture(top=top, bottom=page.run(_END.format(last)), scale=scale)))


if __name__ == "__main__":
    make(DOCS)
