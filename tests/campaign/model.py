"""What a definition means for a live audience, written a second time: steps, phases, effect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]

# What the peer fills in where it is told to; nothing in the product knows these values.
DEFAULTS = {"minScore": 70, "maxScore": 100, "minTopicOverlap": 1}
LARGEST = 99  # of a score in the second generation
CARRIED_OVER = (*DEFAULTS, "sourceUrl")
MANAGED = ("name", "status", "config", "audienceSize")
COMPARED = ("name", "status", "config")  # the size moves by itself
PHASES = ("release", "change", "activate")
UNKNOWN = "x_"  # how every key begins that the vendor added and nobody knows
EMPTY: tuple[Any, ...] = (None, "", [])  # what is as good as no filter
GROUPS = ("company", "role", "jobTitle", "contact")  # of filters in the nested form


@dataclass(frozen=True, slots=True)
class Step:
    """One PATCH: its phase, its fields, and the audience that it is planned upon."""

    phase: str
    patch: Document
    before: Mapping[str, Any]


def encode(patch: Mapping[str, Any]) -> bytes:
    """Give the bytes that a PATCH with these fields has, with what nobody knows in its one order."""
    return json.dumps(_with_ordered_unknown(patch), sort_keys=True).encode()


def spelled(body: bytes) -> bytes:
    """Give a PATCH's bytes in the same way; any but the canonical ones stay as they are."""
    document = json.loads(body)
    return encode(document) if json.dumps(document, sort_keys=True).encode() == body else body


def _with_ordered_unknown(value: Any) -> Any:
    # Lists in there mean what nobody knows, so that they are sent in whatever order they were read last.
    if not isinstance(value, Mapping):
        return value
    return {
        key: ordered(part) if key.startswith(UNKNOWN) else _with_ordered_unknown(part)
        for key, part in value.items()
    }


def is_odd(audience: Mapping[str, Any], definition: Mapping[str, Any]) -> bool:
    """Tell whether a field that a definition sets has a type that the contract does not have."""
    return any(_is_odd_field(audience, name) for name in COMPARED if name in definition)


def _is_odd_field(audience: Mapping[str, Any], name: str) -> bool:
    value = audience.get(name)
    if name in {"name", "status"}:
        return not isinstance(value, str | None)
    if name != "config" or value is None:
        return False
    if not isinstance(value, dict):
        return True
    topics, score = value.get("topicIds", []), value.get("minScore")
    return not (isinstance(topics, list) and (score is None or isinstance(score, int)))


def same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Tell whether two audiences say the same in every field that is written."""
    if one is None or other is None:
        return one is other
    return all(_meaning(one, name) == _meaning(other, name) for name in COMPARED)


def holds(audience: Mapping[str, Any] | None, patch: Mapping[str, Any]) -> bool:
    """Tell whether an audience has the fields that a PATCH asked for; what the API adds is its own."""
    if audience is None or is_odd(audience, patch):
        return False
    given = dict(audience)
    if "config" in patch:
        given["config"] = _known(audience.get("config") or {}, patch["config"])
    return all(_meaning(given, name) == _meaning(patch, name) for name in patch)


def steps_for(definition: Mapping[str, Any], audience: Mapping[str, Any]) -> tuple[Step, ...]:
    """Give the PATCH calls that this audience needs: nobody starts before his config is as defined."""
    patch = patch_for(definition, audience)
    if patch is None:
        return ()
    phase = _phase_of(patch, audience)
    if phase != "activate" or "config" not in patch:
        return (Step(phase, patch, audience),)
    first = {name: value for name, value in patch.items() if name != "status"}
    second = {"status": patch["status"]}
    return Step("change", first, audience), Step("activate", second, {**audience, **first})


def patch_for(definition: Mapping[str, Any], audience: Mapping[str, Any]) -> Document | None:
    """Give all that this audience needs, as if it were one PATCH; None where it is as defined."""
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
        wanted["config"] = _config(wanted["config"], present(audience.get("config") or {}), ignored)
    return {name: _ordered_known(value) for name, value in wanted.items()}


def _phase_of(patch: Mapping[str, Any], audience: Mapping[str, Any]) -> str:
    if "status" not in patch or "active" not in {patch["status"], audience["status"]}:
        return "change"
    return "activate" if patch["status"] == "active" else "release"


def stored(audience: Mapping[str, Any], patch: Mapping[str, Any], *, merges: bool) -> Document:
    """Give what a server makes of a PATCH that keeps the contract."""
    result = {**deepcopy(dict(audience)), **deepcopy(dict(patch))}
    if merges and "config" in patch:
        result["config"] = _merged(audience.get("config"), patch["config"])
    return result


def filled(audience: Document, generation: int) -> Document:
    """Give the audience as a server shows it that fills in what its config leaves out."""
    defaults = DEFAULTS if generation == 1 else {**DEFAULTS, "maxScore": LARGEST}
    return {**audience, "config": {**defaults, **present(audience["config"])}}


def writable(audience: Mapping[str, Any] | None) -> Document | None:
    return None if audience is None else {name: audience.get(name) for name in MANAGED}


def ordered(value: Any) -> Any:
    """Give the value with each list in the one order of a set."""
    if isinstance(value, Mapping):
        return {key: ordered(part) for key, part in value.items()}
    return sorted(value, key=_place) if isinstance(value, list) else value


def _ordered_known(value: Any, name: str = "") -> Any:
    if name.startswith(UNKNOWN):
        return value
    if isinstance(value, Mapping):
        return {key: _ordered_known(part, key) for key, part in value.items()}
    return ordered(value)


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
    value = None if _is_odd_field(audience, name) else audience.get(name)
    if name == "config" and value is not None:
        value = present(value)
    return json.dumps(ordered(value), sort_keys=True)


def present(config: Document) -> Document:
    """Give a config in its one form: no nulls, no filter that says nothing, and none nested."""
    parts = {key: part for key, part in config.items() if part is not None}
    if filters := {key: value for key, value in flat(parts.pop("filters", {})).items() if value not in EMPTY}:
        parts["filters"] = filters
    return parts


def flat(filters: Document) -> Document:
    """Give filters in the dotted form."""
    result: Document = {}
    for key, value in filters.items():
        if key in GROUPS and isinstance(value, dict):
            result |= _unnested(key, value)
        else:
            result[key] = value
    return result


def _unnested(group: str, parts: Document) -> Document:
    terms: Document = {
        key: {"values": part} if isinstance(part, list) else part for key, part in parts.items()
    }
    modes = {key: terms.pop(key) for key in [*terms] if key.endswith("Mode")}
    for key, mode in modes.items():
        terms[key.removesuffix("Mode")]["mode"] = mode
    return {f"{group}.{key}": value for key, value in terms.items()}


def _known(found: Document, asked: Document) -> Document:
    """Leave out what nobody asked for and a server may add: unknown keys, and scalars that are left out."""
    kept = {
        key: value
        for key, value in found.items()
        if key in asked or not (key.startswith(UNKNOWN) or key in CARRIED_OVER)
    }
    inner = kept.get("filters")
    if isinstance(inner, dict):
        kept["filters"] = _known(flat(inner), asked.get("filters") or {})
    return kept


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return deepcopy(new)
    return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
