"""Makes the pictures in `docs/` again, of the story beside this: `python -m tests.browser.pictures`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser import chromium, story

DOCS = story.ROOT / "docs"
_END_OF_CARD = "document.querySelectorAll('.card')[{}].getBoundingClientRect().bottom"


def main() -> None:
    """Write them."""
    with TemporaryDirectory() as name, chromium.browser() as browser:
        file = story.pull_request(Path(name)) / "plan.html"
        file.write_text(story.plan(file.parent, "--format", "html"), "ascii")
        with browser.open(file, width=1000) as page:
            picture = page.picture(bottom=page.run(_END_OF_CARD.format(0)) + 16, scale=0.8)
            (DOCS / "plan.png").write_bytes(picture)
        with browser.open(file, width=360, dark=True) as page:
            top = page.run("document.querySelector('.card').getBoundingClientRect().top") - 48
            picture = page.picture(top=top, bottom=page.run(_END_OF_CARD.format(0)) + 16, scale=1)
            (DOCS / "plan-on-a-phone.png").write_bytes(picture)


if __name__ == "__main__":
    main()
