"""The nested form of a config's filters, read as the dotted one.

The vendor's second generation writes `{"role.isDecisionMaker": true}` and, for the same,
`{"role": {"isDecisionMaker": true}}`. The form of definitions is the dotted one, and it is what is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import ApiContractError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from reconciler.model import Json, Kind, Path, Rules

Filters = dict[str, "Json"]
_FILTERS = ("config", "filters")
_COMPANIONS = {"Mode": "mode", "Operator": "operator"}
_MEMO: dict[str, tuple[Rules, dict[str, Kind]]] = {}
_HINT = "Save its filters in the dashboard again, or report this to the vendor"


def dotted(config: Json, rules: Rules, where: str = "config") -> Json:
    """Return a config whose filters are all in the dotted form; `where` names it in an error.

    A list stands for `{"values": [...]}`, and `includeMode` and `includeOperator` for `mode` and `operator`
    of `include`. What of a group is not known stays in the group, untouched. What is no object comes back.
    Raises ApiContractError where one key is there in both forms: they may differ, and nobody knows which one
    the API goes by.
    """
    filters = config.get("filters") if isinstance(config, dict) else None
    if not isinstance(config, dict) or not isinstance(filters, dict):
        return config
    known = _known(rules)
    groups = {key.partition(".")[0] for key in known}
    result: Filters = {}
    for key, value in filters.items():
        if key in groups and isinstance(value, dict):
            _add(result, _dotted_group(key, value, known, filters, where), where)
        else:
            _add(result, [(key, value)], where)
    return {**config, "filters": result}


def applied(filters: Json, keys: Collection[str]) -> frozenset[str]:
    """Return which of the filters of a `dotted` config these catalogue keys name, besides the keys.

    What of a group is not known stays in the group, and is named where each filter in it is.
    """
    groups = {} if not isinstance(filters, dict) else filters
    return frozenset(keys) | {
        group
        for group, members in groups.items()
        if isinstance(members, dict) and members and all(f"{group}.{name}" in keys for name in _own(members))
    }


def _own(members: Filters) -> Iterator[str]:
    """Yield the names of a group's filters, without the modes and operators that stand beside them."""
    companions = {f"{name}{suffix}" for name in members for suffix in _COMPANIONS}
    return (name for name in members if name not in companions)


def is_group(path: Path, rules: Rules) -> bool:
    """Whether a path is that of a group in the nested form."""
    return path[:-1] == _FILTERS and any(key.startswith(f"{path[-1]}.") for key in _known(rules))


def _known(rules: Rules) -> dict[str, Kind]:
    """Return the kinds of the dotted keys, worked out once: all audiences have the same rules."""
    memo = _MEMO.get("known")
    if memo is None or memo[0] is not rules:
        filters = ((path, rule) for path, rule in rules.items() if path[:-1] == _FILTERS)
        memo = rules, {path[-1]: rule.kind for path, rule in filters if "." in path[-1]}
        _MEMO["known"] = memo
    return memo[1]


def _dotted_group(
    group: str, members: Filters, known: dict[str, Kind], beside: Collection[str], where: str
) -> Iterator[tuple[str, Json]]:
    """Yield the filters of a group, and at last the group with what is left of it."""
    left = dict(members)
    for name in members:
        key = f"{group}.{name}"
        value = left.pop(name) if key in known else None
        if value is not None and known[key] == "object" and isinstance(value, list | dict):
            companions = {part: left.pop(f"{name}{suffix}", None) for suffix, part in _COMPANIONS.items()}
            value = _whole(key, value, companions, where)
        if value is not None:
            yield key, value
    for name, suffix in ((name, suffix) for name in left for suffix in _COMPANIONS):
        if name.endswith(suffix) and (key := f"{group}.{name.removesuffix(suffix)}") in {*known} & {*beside}:
            raise _twice(key, where)
    if left:
        yield group, left


def _whole(key: str, value: list[Json] | Filters, companions: Filters, where: str) -> Filters:
    """Return a filter together with the mode and operator that stood beside it."""
    whole: Filters = {"values": value} if isinstance(value, list) else dict(value)
    for part, said in companions.items():
        if said is not None and whole.get(part) is not None:
            raise _twice(f"{key}.{part}", where)
        if said is not None:
            whole[part] = said
    return whole


def _add(result: Filters, items: Iterable[tuple[str, Json]], where: str) -> None:
    for key, value in items:
        if result.get(key) is not None and value is not None:
            raise _twice(key, where)
        if value is not None or key not in result:
            result[key] = value


def _twice(key: str, where: str) -> ApiContractError:
    return ApiContractError(f"{where}.filters: {key} is there in two forms at once", _HINT)
