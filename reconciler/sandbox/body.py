"""Reading a request's body: JSON of a sensible size, or a refusal that says why not."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, NoReturn

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

MAX_PROBLEMS = 10
MAX_BODY_BYTES = 1 << 20


async def read_json(request: Request) -> object:
    """Return the value in the body; raises the 4xx that says what is wrong with it."""
    raw = await _read(request)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise HTTPException(415, "Send the body as content-type: application/json.")
    if len(raw) > MAX_BODY_BYTES:
        raise HTTPException(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
    return _parsed(raw)


def require_none(problems: Iterable[str]) -> None:
    """Raise the 400 that names the first problems, where there are any."""
    found = list(islice(problems, MAX_PROBLEMS))
    if found:
        raise HTTPException(400, f"{'; '.join(found)}.")


async def _read(request: Request) -> bytes:
    """Read to the end whatever the size: a client that is cut off while it sends never sees the response."""
    kept = bytearray()
    async for chunk in request.stream():
        kept += chunk[: MAX_BODY_BYTES + 1 - len(kept)]
    return bytes(kept)


def _parsed(raw: bytes) -> object:
    try:
        value: object = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        # What cannot be written out again cannot be stored: lone surrogates, and numbers without end.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "The body is not valid JSON.") from error
    return value


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)
