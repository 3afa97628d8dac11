"""The filters of a config: dotted or nested, of one generation, known to it or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.sandbox import catalogue, constraints

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.sandbox.constraints import Constraint
    from reconciler.sandbox.record import Config, Generation

FIRST: Mapping[str, Constraint] = {
    "companyIndustry": constraints.TEXTS,
    "seniority": constraints.TEXTS,
    "companySize": constraints.TEXTS,
    "department": constraints.TEXTS,
    "state": constraints.TEXT,
    "companyRevenueRange": constraints.TEXTS,
    "ageRange": constraints.TEXTS,
    "gender": constraints.TEXT,
    "isB2b": constraints.one_of("y", "n"),
    "jobTitle": constraints.text(0, 200),
    "hasBusinessEmail": constraints.BOOLEAN,
    "hasPersonalEmail": constraints.BOOLEAN,
    "hasLinkedin": constraints.BOOLEAN,
    "hasPhone": constraints.BOOLEAN,
    "companyDomain": constraints.text(0, 255),
    "companyName": constraints.text(0, 255),
}
# The shape of a number range's value is not documented.
DOTTED: Mapping[catalogue.Kind, Constraint] = {
    "multi_select": constraints.TERMS,
    "text_terms": constraints.TERMS,
    "boolean": constraints.BOOLEAN,
    "number_range": constraints.OBJECT,
}
NESTED: Mapping[catalogue.Kind, Constraint] = {
    **DOTTED,
    "multi_select": constraints.NESTED_TERMS,
    "text_terms": constraints.NESTED_TERMS,
}
# Beside `include` the nested form has `includeMode`.
MODE = "Mode"


class Leaf(NamedTuple):
    """One filter: its catalogue key, and the one or two keys that lead to it."""

    path: tuple[str, ...]
    value: object

    @property
    def key(self) -> str:
        return ".".join(self.path)


def leaves(filters: Mapping[str, Any], generation: Generation) -> Iterator[Leaf]:
    """Yield every filter, whether the second generation's are dotted or nested."""
    for key, value in filters.items():
        if generation != 1 and key in catalogue.GROUPS and isinstance(value, dict):
            yield from (Leaf((key, name), inner) for name, inner in value.items())
        else:
            yield Leaf((key,), value)


def constraint(leaf: Leaf, generation: Generation) -> Constraint | None:
    """Return what the filter's value must be; None for a filter that the generation does not know."""
    if generation == 1:
        return FIRST.get(leaf.key)
    is_nested = len(leaf.path) > 1
    known = catalogue.SECOND.get(leaf.key)
    if known is not None:
        return (NESTED if is_nested else DOTTED)[known.kind]
    owner = catalogue.SECOND.get(leaf.key.removesuffix(MODE))
    is_mode = is_nested and owner is not None and owner.kind in {"multi_select", "text_terms"}
    return constraints.TEXT if is_mode else None


def without_unknown(filters: Mapping[str, Any], generation: Generation) -> dict[str, Any]:
    """Return the filters that the generation knows, each in the form in which it was."""
    kept: dict[str, Any] = {}
    for leaf in leaves(filters, generation):
        if constraint(leaf, generation) is not None:
            place = kept if len(leaf.path) == 1 else kept.setdefault(leaf.path[0], {})
            place[leaf.path[-1]] = leaf.value
    return kept


def applied(config: Config, generation: Generation) -> dict[str, Any]:
    """Return the filters of the config that its generation's catalogue has, by their keys, sorted."""
    known = catalogue.FILTERS[generation]
    found = leaves(config.get("filters") or {}, generation)
    return dict(sorted((leaf.key, leaf.value) for leaf in found if leaf.key in known))
