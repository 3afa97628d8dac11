"""What becomes of an audience that is stored: by the contract, or as a server has it that knows better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .bodies import filter_keys, strip
from .copying import copied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .entries import Audience
    from .faults import Fault

_DEFAULTS = {"minScore": 70, "maxScore": 100, "minTopicOverlap": 1}
_LARGEST = 99  # of a score in the second generation


def patched(audience: Audience, patch: Mapping[str, Any], *, merge_config: bool) -> Audience:
    """Give the audience that a PATCH makes of this one."""
    result = {**copied(audience), **copied(dict(patch))}
    if merge_config and "config" in patch:
        result["config"] = _merged(audience.get("config"), patch["config"])
    return result


def bent(patch: Mapping[str, Any], faults: Iterable[Fault]) -> dict[str, Any]:
    """Give the fields of a PATCH as these faults have them stored."""
    result = dict(patch)
    for fault in faults:
        if fault.kind in _BENDING:
            result |= {name: _BENDING[fault.kind](name, value, fault) for name, value in result.items()}
    return result


def altered(audience: Audience, faults: Iterable[Fault], generation: int) -> Audience:
    """Give the audience as a server has it that fills defaults, or keeps sets in an order of its own."""
    kinds, config = {fault.kind for fault in faults}, audience.get("config")
    if "filled_defaults" in kinds and isinstance(config, dict):
        config = _with_defaults(config, generation)
    if "reordered" in kinds:
        config = _reversed(config)
    return {**audience, "config": config} if "config" in audience else audience


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return copied(new)
    return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}


def _with_defaults(config: Audience, generation: int) -> Audience:
    defaults = _DEFAULTS if generation == 1 else {**_DEFAULTS, "maxScore": _LARGEST}
    return config | {key: value for key, value in defaults.items() if config.get(key) is None}


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(inner) for key, inner in value.items()}
    return value[::-1] if isinstance(value, list) else value


def _normalised(name: str, value: Any, _fault: Fault) -> Any:
    if name == "config" and value.get("filters"):
        return _reversed({**value, "filters": _lower(value["filters"])})
    return _lower(value) if name == "name" else value


def _lower(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lower(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_lower(inner) for inner in value]
    return value.lower() if isinstance(value, str) else value


def _stripped(name: str, value: Any, fault: Fault) -> Any:
    if name != "config" or not value.get("filters"):
        return value
    dropped = fault.keys or filter_keys(value["filters"])[:1]
    return {**value, "filters": strip(value["filters"], lambda key: key not in dropped)}


def _clamped(name: str, value: Any, fault: Fault) -> Any:
    if name != "config" or value.get("minScore") is None:
        return value
    return {**value, "minScore": max(value["minScore"], fault.least)}


_BENDING: Mapping[str, Callable[[str, Any, Fault], Any]] = {
    "normalised": _normalised,
    "echo": _normalised,
    "stripped": _stripped,
    "clamped": _clamped,
}
