"""Chromium without a window, spoken to in the DevTools protocol over two pipes: no port, no driver."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--no-first-run", "--disable-extensions", "--disable-component-update", "--disable-sync"),
    *(
        "--disable-background-networking",
        "--force-color-profile=srgb",
        "--disable-lcd-text",
        "--remote-debugging-pipe",
    ),
)
_END = b"\0"


def program() -> str | None:
    """Return a Chromium of this machine, None where it has none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """Run a Chromium with a profile of its own."""
    to_browser, from_browser = _pipe(), _pipe()
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # The protocol is on the descriptors 3 and 4 of the browser, and no end of a pipe may be one of them.
        script = f'exec "$@" 3<&{to_browser[0]} 4>&{from_browser[1]}'
        arguments = [
            "bash",
            "-c",
            script,
            "bash",
            program() or "chromium",
            *FLAGS,
            f"--user-data-dir={profile}",
        ]
        process = subprocess.Popen(
            [*arguments, "about:blank"],
            pass_fds=(to_browser[0], from_browser[1]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser[0])
        os.close(from_browser[1])
        try:
            with os.fdopen(to_browser[1], "wb") as sink, os.fdopen(from_browser[0], "rb") as source:
                yield Browser(_Pipe(sink, source))
        finally:
            process.terminate()
            process.wait(10)


def _pipe() -> tuple[int, int]:
    """Return both ends of a pipe, out of the way of the descriptors that have a meaning."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


class _Pipe:
    def __init__(self, sink: Any, source: Any) -> None:
        self._sink, self._source, self._rest, self._last = sink, source, b"", 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return what a call returns; what else the browser says meanwhile is kept as events."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        self._sink.write(json.dumps(message | ({"sessionId": session} if session else {})).encode() + _END)
        self._sink.flush()
        while True:
            said = self.next()
            if said.get("id") == self._last:
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result
            self.events.append(said)

    def next(self) -> dict[str, Any]:
        while _END not in self._rest:
            more = self._source.read1(1 << 20)
            assert more, "the browser went away"
            self._rest += more
        found, _, self._rest = self._rest.partition(_END)
        said: dict[str, Any] = json.loads(found)
        return said


class Browser:
    """The browser, and what it saw of the pages that were opened."""

    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe

    def open(self, file: Path, *, width: int = 1200, dark: bool = False, media: str = "") -> Page:
        """Open a file in a new tab of a width in CSS pixels, and wait until it is loaded."""
        target = self._pipe.call("Target.createTarget", None, {"url": "about:blank"})["targetId"]
        attached = self._pipe.call("Target.attachToTarget", None, {"targetId": target, "flatten": True})
        page = Page(self._pipe, attached["sessionId"])
        for domain in ("Page", "Network", "Log", "Runtime", "Audits"):
            page.call(f"{domain}.enable")
        page.resize(width)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        page.call("Page.navigate", url=file.as_uri())
        page.wait_for("Page.loadEventFired")
        return page


class Page:
    """One tab."""

    def __init__(self, pipe: _Pipe, session: str) -> None:
        self._pipe, self._session = pipe, session

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.call("Page.close")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._pipe.call(method, self._session, parameters)

    def events(self, method: str) -> list[dict[str, Any]]:
        """Return what the browser said so far under a name."""
        mine = [one for one in self._pipe.events if one.get("sessionId") == self._session]
        return [one["params"] for one in mine if one["method"] == method]

    def wait_for(self, method: str) -> None:
        while not self.events(method):
            self._pipe.events.append(self._pipe.next())

    def resize(self, width: int, height: int = 900, scale: float = 1) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )

    def run(self, script: str) -> Any:
        """Return what an expression of JavaScript comes to; the page's policy does not hold for it."""
        said = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key, which types the text."""
        names = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **names)
        self.call("Input.dispatchKeyEvent", type="keyUp", **names)

    def picture(self, *, top: float = 0, bottom: float | None = None, scale: float = 1) -> bytes:
        """Return the page as a PNG, whole or from one height to another."""
        width, whole = self.run("[innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": top, "width": width, "height": (bottom or whole) - top, "scale": scale}
        data = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(data["data"])

    def pdf(self) -> bytes:
        return base64.b64decode(self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"])
