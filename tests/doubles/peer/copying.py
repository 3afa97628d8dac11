"""Copies of JSON data, several times cheaper than the standard library's of anything."""

from __future__ import annotations

from typing import Any, TypeVar, cast

_T = TypeVar("_T")


def copied(value: _T) -> _T:
    """Return the value with every dictionary and list in it anew; all else in JSON cannot be changed."""
    return cast("_T", _copied(value))


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
