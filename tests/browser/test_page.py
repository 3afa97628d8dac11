"""The pages in a real browser: what they ask for, whether all can be read, and by whom."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.plan.model import Reach
from reconciler.render import page
from tests.browser import chromium, pictures
from tests.unit import reviews
from tests.unit.strategies import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.chromium import Browser

pytestmark = pytest.mark.slow
AXE = (
    "axe-core@4.10.3"  # the audit's rules; fetched from the package index, as other slow tests' packages are
)
HOSTILE = (
    '</title></style></p></div><script>document.title="ran"</script><img src=//x.test onerror=alert(1)>\u202e'
)
# What sticks out of the window can be seen by nobody.
STICKING_OUT = """
    [...document.querySelectorAll("main *, header *, footer *")]
        .filter(one => !one.closest(".heard, svg") && one.getBoundingClientRect().right > innerWidth)
        .map(one => one.outerHTML.slice(0, 80))
"""
SMALLEST = """
    Math.min(...[...document.querySelectorAll("main *")]
        .filter(one => one.innerText).map(one => parseFloat(getComputedStyle(one).fontSize)))
"""
CASES = ("story", "forty", "hostile", "result")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if chromium.program() is None:
        pytest.skip("NO BROWSER: no Chromium here, so nobody looked at the HTML page. Install `chromium`")
    with chromium.browser() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return pages of each kind, as files."""
    folder = tmp_path_factory.mktemp("pages")
    swept = reviews.swept()
    counts = [Reach(5_049, 44_081, "2026-05-04"), Reach(193, 99, "2026-05-04"), Reach(unknown="no"), None]
    changes = tuple(replace(one, reach=reach) for one, reach in zip(swept.changes, counts, strict=True))
    hostile, result = reviews.outside(HOSTILE)
    documents = {
        "story": page.plan(replace(swept, changes=changes), RULES),
        "forty": page.plan(reviews.forty(), RULES),
        "hostile": page.plan(hostile, RULES),
        "result": page.result(reviews.in_part()),
        "hostile result": page.result(result),
    }
    files = {name: folder / f"{name}.html" for name in documents}
    for name, document in documents.items():
        files[name].write_text(document, "utf-8")
    return files


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the audit's script."""
    if shutil.which("npm") is None:
        pytest.skip("NO AUDIT: no npm here, so nobody audited the HTML page. Install `npm`")
    folder = tmp_path_factory.mktemp("axe")
    quick = ["--fetch-retries", "0", "--fetch-timeout", "20000", "--no-audit", "--no-fund"]
    command = ["npm", "install", "--no-save", "--ignore-scripts", "--silent", *quick, "--prefix", str(folder)]
    try:
        subprocess.run([*command, AXE], check=True, capture_output=True, timeout=60)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip(f"NO AUDIT: npm cannot fetch {AXE} here, so nobody audited the HTML page")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("name", [*CASES, "hostile result"])
def test_nothing_is_asked_for_or_blocked(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with browser.open(pages[name]) as shown:
        asked = [one["request"]["url"] for one in shown.events("Network.requestWillBeSent")]
        issues = shown.events("Audits.issueAdded")
        assert asked == [pages[name].as_uri()]
        assert [one["issue"]["code"] for one in issues] == []
        assert shown.events("Log.entryAdded") == []
        assert "ran" not in shown.run("document.title")
        assert shown.run("document.querySelectorAll('script, img, [onerror], [style]').length") == 0
        assert shown.run("getComputedStyle(document.querySelector('h1')).fontWeight") == "700", (
            "its own style"
        )


def test_policy_holds_against_what_is_put_in(
    browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.html"
    attack = '<script>document.title="ran"</script><img src="http://127.0.0.1:9/x"><p style="color:red">x</p>'
    broken.write_text(pages["story"].read_text("utf-8").replace("</body>", f"{attack}</body>"), "utf-8")
    with browser.open(broken) as shown:
        shown.run(
            "new Promise(done => setTimeout(done, 200))"
        )  # an issue is reported some time after its cause
        assert shown.run("document.title") != "ran"
        codes = [one["issue"]["code"] for one in shown.events("Audits.issueAdded")]
        assert codes.count("ContentSecurityPolicyIssue") >= 3


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_is_cut_off_at_any_width(
    browser: Browser, pages: dict[str, Path], name: str, width: int
) -> None:
    with browser.open(pages[name], width=width) as shown:
        shown.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert shown.run("document.documentElement.scrollWidth") <= width
        assert shown.run(STICKING_OUT) == []
        assert shown.run(SMALLEST) >= 12


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("look", ["light 1200", "dark 1200", "dark 360"])
def test_audit_finds_no_barrier(
    browser: Browser, pages: dict[str, Path], axe: str, name: str, look: str
) -> None:
    scheme, width = look.split()
    with browser.open(pages[name], dark=scheme == "dark", width=int(width)) as shown:
        shown.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
        shown.run(axe)
        found: dict[str, Any] = shown.run("axe.run()")
        failed = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]]
        assert failed == []
        assert {"color-contrast", "page-has-heading-one"} <= {one["id"] for one in found["passes"]}


def test_keyboard_reaches_every_link_and_detail(browser: Browser, pages: dict[str, Path]) -> None:
    with browser.open(pages["story"]) as shown:
        stops = shown.run("document.querySelectorAll('a, summary').length")
        seen = []
        for _ in range(stops):
            shown.press("Tab", 9)
            seen.append(shown.run("document.activeElement.outerHTML"))
            assert shown.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert len({*seen}) > 1
        assert shown.run("document.activeElement.tagName") == "SUMMARY"
        shown.press("Enter", 13, "\r")
        assert shown.run("document.activeElement.parentElement.open")


def test_paper_is_light_and_holds_everything(browser: Browser, pages: dict[str, Path]) -> None:
    with browser.open(pages["story"], dark=True, media="print") as shown:
        assert shown.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert shown.run("getComputedStyle(document.querySelector('.card')).breakInside") == "avoid"
        assert shown.pdf().startswith(b"%PDF")


@pytest.mark.usefixtures("browser")
def test_pictures_of_the_readme_can_be_made_again(tmp_path: Path) -> None:
    pictures.make(tmp_path, size=0.2)  # a small one takes a fraction of the time
    sizes = {file.name: file.stat().st_size for file in pictures.DOCS.glob("*.png")}
    assert sizes.keys() == {file.name for file in tmp_path.iterdir()}
    assert max(sizes.values()) < 150_000
