"""How a message names what stands in a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import Json

Place = tuple[str | int, ...]

MAX_LENGTH = 60  # characters of a key or a value that a message shows


def clip(text: str) -> str:
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"


def shown(value: Json) -> str:
    """Return a value as a message names it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{clip(value)}"'
    if isinstance(value, int | float):
        return f"the number {clip(str(value))}"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else "a mapping"


def one_of(values: Sequence[Json]) -> str:
    return f"one of {', '.join(map(shown, values))}"


def dotted(place: Place) -> str:
    """Return a place as people read it, such as `config.topicIds.2`."""
    return ".".join(clip(str(step)) for step in place)
