"""What a definition means for a live audience, written a second time: patch, phase, effect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

Document = dict[str, Any]

# What the peer fills in where it is told to; nothing in the product knows these values.
DEFAULTS = {"minScore": 70, "maxScore": 100, "minTopicOverlap": 1}
CARRIED_OVER = (*DEFAULTS, "sourceUrl")
MANAGED = ("name", "status", "config", "audienceSize")
COMPARED = ("name", "status", "config")  # the size moves by itself
PHASES = ("release", "change", "activate")
UNKNOWN = "x_"  # how every key begins that the vendor added and nobody knows


def encode(patch: Mapping[str, Any]) -> bytes:
    """Give the bytes that a PATCH with these fields has."""
    return json.dumps(patch, sort_keys=True).encode()


def same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Tell whether two audiences say the same in every field that is written."""
    if one is None or other is None:
        return one is other
    return all(_meaning(one, name) == _meaning(other, name) for name in COMPARED)


def holds(audience: Mapping[str, Any] | None, patch: Mapping[str, Any]) -> bool:
    """Tell whether an audience has the fields that a PATCH asked for; what the API adds is its own."""
    if audience is None:
        return False
    given = {**audience, "config": _known(audience.get("config") or {}, patch.get("config") or {})}
    return all(_meaning(given, name) == _meaning(patch, name) for name in patch)


def patch_for(definition: Mapping[str, Any], audience: Mapping[str, Any]) -> Document | None:
    """Give the PATCH that this audience needs, None where it is as defined."""
    wanted = desired(definition, audience)
    moved = {
        name: value for name, value in wanted.items() if _meaning(wanted, name) != _meaning(audience, name)
    }
    return moved or None


def desired(definition: Mapping[str, Any], audience: Mapping[str, Any]) -> Document:
    """Give the managed fields as they should be, sets in their canonical order."""
    wanted = {name: definition[name] for name in MANAGED if name in definition}
    if "config" in wanted:
        ignored = definition.get("lifecycle", {}).get("ignore", ())
        wanted["config"] = _config(wanted["config"], _present(audience.get("config") or {}), ignored)
    return {name: ordered(value) for name, value in wanted.items()}


def phase_of(patch: Mapping[str, Any], audience: Mapping[str, Any]) -> str:
    if "status" not in patch or "active" not in {patch["status"], audience["status"]}:
        return "change"
    return "activate" if patch["status"] == "active" else "release"


def stored(audience: Mapping[str, Any], patch: Mapping[str, Any], *, merges: bool) -> Document:
    """Give what a server makes of a PATCH that keeps the contract."""
    result = {**deepcopy(dict(audience)), **deepcopy(dict(patch))}
    if merges and "config" in patch:
        result["config"] = _merged(audience.get("config"), patch["config"])
    return result


def writable(audience: Mapping[str, Any] | None) -> Document | None:
    return None if audience is None else {name: audience.get(name) for name in MANAGED}


def ordered(value: Any) -> Any:
    """Give the value with each list in the one order of a set."""
    if isinstance(value, Mapping):
        return {key: ordered(part) for key, part in value.items()}
    return sorted(value, key=_place) if isinstance(value, list) else value


def _place(item: Any) -> tuple[bool, int, str]:
    return isinstance(item, str), item if isinstance(item, int) else 0, json.dumps(item)


def _config(wanted: Document, live: Document, ignored: list[str]) -> Document:
    chosen = {key: value for key, value in live.items() if key not in {"topicIds", "filters"}}
    chosen |= {key: value for key, value in wanted.items() if key != "filters"}
    filters = _filters(wanted.get("filters", {}), live.get("filters", {}), ignored)
    return {**chosen, "filters": filters} if filters else chosen


def _filters(wanted: Document, live: Document, ignored: list[str]) -> Document:
    kept = [key for key in live if key.startswith(UNKNOWN) or f"config.filters.{key}" in ignored]
    return {**wanted, **{key: live[key] for key in kept}}


def _meaning(audience: Mapping[str, Any], name: str) -> str:
    """Give a field's one spelling: nulls and empty filters are as good as absent."""
    value = audience.get(name)
    if name == "config" and value is not None:
        value = _present(value)
    return json.dumps(ordered(value), sort_keys=True)


def _present(config: Document) -> Document:
    parts = {
        key: _present(part) if key == "filters" else part for key, part in config.items() if part is not None
    }
    return {key: part for key, part in parts.items() if key != "filters" or part}


def _known(found: Document, asked: Document) -> Document:
    """Leave out what nobody asked for and a server may add: unknown keys, and scalars that are left out."""
    kept = {
        key: value
        for key, value in found.items()
        if key in asked or not (key.startswith(UNKNOWN) or key in CARRIED_OVER)
    }
    inner = kept.get("filters")
    if isinstance(inner, dict):
        kept["filters"] = _known(inner, asked.get("filters") or {})
    return kept


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return deepcopy(new)
    return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
