"""Reading a request's query and path: checked values, or a 400 that names the parameter."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NUMBER = re.compile(r"[0-9]{1,4}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
OFFSET = re.compile(r"[0-9]{1,9}")
MAX_TEXT = 100
CURSOR = re.compile(rb"after:([0-9]{1,15})")


def audience_id(request: Request) -> str:
    """Return the id in the path, in lower case; raises the 400."""
    value: str = request.path_params["id"].lower()
    if UUID.fullmatch(value) is None:
        raise HTTPException(400, "id must be a UUID.")
    return value


def limit(request: Request, *, default: int, maximum: int) -> int:
    """Return how many items a page may have; raises the 400."""
    value = request.query_params.get("limit", str(default))
    if NUMBER.fullmatch(value) is None or not 1 <= int(value) <= maximum:
        raise HTTPException(400, f"limit must be an integer from 1 to {maximum}.")
    return int(value)


def choice(request: Request, name: str, choices: Sequence[str]) -> str | None:
    """Return a parameter's value, None where it is absent; raises the 400."""
    value = request.query_params.get(name)
    if value is not None and value not in choices:
        raise HTTPException(400, f"{name} must be one of {', '.join(choices)}.")
    return value


def text(request: Request, name: str) -> str | None:
    """Return a parameter's text of at most 100 characters, None where it is absent; raises the 400."""
    value = request.query_params.get(name)
    if value is not None and len(value) > MAX_TEXT:
        raise HTTPException(400, f"{name} must be a text of at most {MAX_TEXT} characters.")
    return value


def offset(request: Request) -> int:
    """Return how many items come before the page; raises the 400."""
    value = request.query_params.get("offset", "0")
    if OFFSET.fullmatch(value) is None:
        raise HTTPException(400, "offset must be an integer from 0 on.")
    return int(value)


def day(request: Request) -> str | None:
    """Return the date that is asked for, None where it is absent; raises the 400."""
    value = request.query_params.get("date")
    if value is not None and DAY.fullmatch(value) is None:
        raise HTTPException(400, "date must be a date as 2026-05-04.")
    return value


def cursor_for(position: int) -> str:
    """Return the opaque text that stands for a position in the list."""
    return base64.urlsafe_b64encode(f"after:{position}".encode()).decode()


def position(value: str | None) -> int:
    """Return the position that a cursor stands for; 0, before the first, without one. Raises the 400."""
    if value is None:
        return 0
    try:
        found = CURSOR.fullmatch(base64.urlsafe_b64decode(value))
    except ValueError:
        found = None
    if found is None:
        raise HTTPException(400, "cursor must be the nextCursor of an earlier page.")
    return int(found[1])
