"""The YAML language server of editors, from npm, spoken to over its standard input and output."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = "yaml-language-server@2.0.0"
SECONDS = 20
# No list of schemas from the network: what a file itself names is all that there is.
SETTINGS = {
    "yaml": {"schemaStore": {"enable": False}, "validate": True, "hover": True, "completion": True},
    "http": {"proxy": "", "proxyStrictSSL": False},
}


def install(folder: Path) -> str | None:
    """Install the server into a folder; return why it cannot be had, None where it is there."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "no npm here"
    quick = ["--fetch-retries", "0", "--fetch-timeout", "20000", "--no-audit", "--no-fund"]
    command = ["npm", "install", "--no-save", "--ignore-scripts", "--silent", *quick, "--prefix", str(folder)]
    try:
        subprocess.run([*command, PACKAGE], check=True, capture_output=True, timeout=90)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return f"npm cannot fetch {PACKAGE} here"
    return None


@contextmanager
def running(folder: Path, workspace: Path) -> Iterator[LanguageServer]:
    """Run the server that is installed in a folder, for the files of a workspace."""
    program = folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    command = ["node", str(program), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=workspace) as process:
        try:
            yield LanguageServer(process, workspace)
        finally:
            process.kill()


class LanguageServer:
    """One connection: requests that wait for their response, and what the server tells of files."""

    def __init__(self, process: subprocess.Popen[bytes], workspace: Path) -> None:
        self._process = process
        self._number = 0
        self._buffer = b""
        self._published: dict[str, list[dict[str, Any]]] = {}
        folder = {"uri": workspace.as_uri(), "name": "workspace"}
        documents: dict[str, Any] = {
            "completion": {"completionItem": {}},
            "hover": {},
            "publishDiagnostics": {},
        }
        capabilities = {"workspace": {"configuration": True}, "textDocument": documents}
        root = {"processId": None, "rootUri": folder["uri"], "workspaceFolders": [folder]}
        self.request("initialize", {**root, "capabilities": capabilities})
        self._send({"method": "initialized", "params": {}})

    def open(self, file: Path) -> Self:
        """Show a file to the server, and wait until it has been checked."""
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": file.read_text("utf-8")}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return self

    def diagnostics(self, file: Path) -> list[tuple[int, str]]:
        """Return the line and the message of all that the server underlines in a file."""
        deadline = time.monotonic() + SECONDS
        while file.as_uri() not in self._published:
            self._take(deadline)
        return [(one["range"]["start"]["line"] + 1, one["message"]) for one in self._published[file.as_uri()]]

    def completions(self, file: Path, behind: str) -> dict[str, str]:
        """Return what the server offers right behind a text of a file: each label and its explanation."""
        found = self.request("textDocument/completion", _position(file, behind))
        items = found["items"] if isinstance(found, dict) else found
        return {one["label"]: str(one.get("documentation", "")) for one in items}

    def hover(self, file: Path, behind: str) -> str:
        """Return what the server explains at the character before the end of a text of a file."""
        found = self.request("textDocument/hover", _position(file, behind, back=1))
        return str(found["contents"]["value"])

    def request(self, method: str, parameters: dict[str, Any]) -> Any:
        """Send a request and return its result."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": parameters})
        deadline = time.monotonic() + SECONDS
        while (message := self._take(deadline)).get("id") != self._number or "method" in message:
            pass
        assert "error" not in message, message
        return message["result"]

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _take(self, deadline: float) -> dict[str, Any]:
        """Return the next message, having answered it where it asks and kept it where it tells."""
        head = self._until(b"\r\n\r\n", deadline)
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        message: dict[str, Any] = json.loads(self._exactly(length, deadline))
        if message.get("method") == "workspace/configuration":
            sections = [one.get("section", "") for one in message["params"]["items"]]
            self._send({"id": message["id"], "result": [SETTINGS.get(section) for section in sections]})
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": None})
        elif message.get("method") == "textDocument/publishDiagnostics":
            self._published[message["params"]["uri"]] = message["params"]["diagnostics"]
        return message

    def _until(self, end: bytes, deadline: float) -> bytes:
        while end not in self._buffer:
            self._read(deadline)
        head, _, self._buffer = self._buffer.partition(end)
        return head

    def _exactly(self, length: int, deadline: float) -> bytes:
        while len(self._buffer) < length:
            self._read(deadline)
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return body

    def _read(self, deadline: float) -> None:
        stream = self._process.stdout
        assert stream is not None
        ready, _, _ = select.select([stream], [], [], max(deadline - time.monotonic(), 0))
        data = stream.read1(65536) if ready else b""  # type: ignore[attr-defined] # it is a BufferedReader
        assert data, "the language server is silent or gone"
        self._buffer += data


def _position(file: Path, behind: str, *, back: int = 0) -> dict[str, Any]:
    text = file.read_text("utf-8")
    before = text[: text.index(behind) + len(behind) - back]
    place = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
    return {"textDocument": {"uri": file.as_uri()}, "position": place}
