"""Whose change is it? Held against an attribution that knows nothing of how the product's is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import Audience, Definition, Json
from reconciler.plan import Limits
from reconciler.plan.build import build
from tests.unit.strategies import RULES, normal, patient

if TYPE_CHECKING:
    from reconciler import plan

ID = "00000000-0000-4000-8000-000000000000"
ABSENT = object()
CARRIED_OVER = {"config.minScore", "config.maxScore", "config.minTopicOverlap", "config.sourceUrl"}
SETS = {"config.topicIds", "config.filters.seniority", "config.filters.role.seniority.values"}

VALUES: dict[str, list[Any]] = {
    "name": ["A", "B", "C"],
    "status": ["active", "paused", "draft"],
    "audienceSize": [10, 20],
    "config.topicIds": [[1], [2], [2, 1], [1, 2, 3]],
    "config.minScore": [70, 1, 80],
    "config.maxScore": [100, 90],
    "config.minTopicOverlap": [1, 2],
    "config.sourceUrl": ["https://a.example", "https://b.example"],
    "config.filters.seniority": [["vp"], ["cxo"], ["vp", "cxo"], ["cxo", "vp"]],
    "config.filters.state": ["Ohio", "Utah"],
    "config.filters.isB2b": ["y", "n"],
    "config.filters.hasPhone": [True, False],
    "config.filters.role.seniority.values": [["vp"], ["cxo", "vp"]],
}
OPTIONAL = [path for path in VALUES if path.startswith("config.") and path != "config.topicIds"]
IGNORABLE = [path for path in OPTIONAL if not path.endswith(".values")]


@dataclass(frozen=True)
class Side:
    """A definition or a live audience, flat: each field's value by its path."""

    fields: dict[str, Any]
    ignore: frozenset[str] = frozenset()

    def owns(self, path: str) -> bool:
        return any(path.partition(".")[0] == mine.partition(".")[0] for mine in self.fields)

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {}
        for path, value in self.fields.items():
            keys = path.split(".")
            if path.startswith("config.filters.role."):
                keys = ["config", "filters", "role.seniority", "values"]
            inner = document
            for key in keys[:-1]:
                inner = inner.setdefault(key, {})
            inner[keys[-1]] = value
        return document


@st.composite
def sides(draw: st.DrawFn, *, is_live: bool = False) -> Side:
    fields = {"name": draw(st.sampled_from(VALUES["name"]))}
    fields |= {
        key: draw(st.sampled_from(VALUES[key]))
        for key in ("status", "audienceSize")
        if is_live or draw(st.booleans())
    }
    ignore: frozenset[str] = frozenset()
    if is_live or draw(st.booleans()):
        chosen = ["config.topicIds", *draw(st.lists(st.sampled_from(OPTIONAL), unique=True))]
        fields |= {path: draw(st.sampled_from(VALUES[path])) for path in chosen}
        left = [path for path in IGNORABLE if path not in chosen]
        if left and not is_live:
            ignore = frozenset(draw(st.lists(st.sampled_from(left), max_size=2)))
    return Side(fields, ignore)


def wanted(side: Side, live: Side, path: str) -> object:
    """Return what a definition wants a field to be."""
    there = live.fields.get(path, ABSENT)
    if path in side.ignore:
        value = there
    elif path in side.fields:
        value = side.fields[path]
    elif path in CARRIED_OVER:
        value = there
    else:
        value = ABSENT
    return plain(path, value)


def plain(path: str, value: Any) -> object:
    if value is ABSENT:
        return ABSENT
    return frozenset(value) if path in SETS else value


def expected(base: Side | None, head: Side, live: Side) -> dict[str, str]:
    """Attribute each field that would change, one by one."""
    causes = {}
    for path in VALUES:
        now = plain(path, live.fields.get(path, ABSENT))
        if not head.owns(path) or wanted(head, live, path) == now:
            continue
        if base is None or not base.owns(path):
            causes[path] = "change"
            continue
        is_edited = wanted(base, live, path) != wanted(head, live, path)
        has_drifted = wanted(base, live, path) != now
        causes[path] = {(True, True): "both", (True, False): "change", (False, True): "drift"}[
            is_edited, has_drifted
        ]
    return causes


def definition(side: Side) -> Definition:
    name = str(side.fields["name"])
    return Definition(ID, name, "a.yaml", 2, 1, normal(side.document), ignore=side.ignore)


def planned(base: dict[str, Definition] | None, head: Side, live: Side) -> plan.Plan:
    return build(
        origin="https://api.example.com",
        definitions=[definition(head)],
        live={ID: Audience(ID, normal(live.document))},
        others=[],
        rules=RULES,
        limits=Limits(),
        active=1,
        base=base,
    )


@patient
@given(st.none() | sides(), sides(), sides(is_live=True))
def test_cause_agrees_with_an_independent_attribution(base: Side | None, head: Side, live: Side) -> None:
    before = {} if base is None else {ID: definition(base)}
    value = planned(before, head, live)
    found = {field.path: field.cause for change in value.changes for field in change.fields}

    assert found == expected(base, head, live)
    assert value.digest == planned(None, head, live).digest


@patient
@given(sides(), sides(is_live=True))
def test_branch_without_edits_has_only_drift(side: Side, live: Side) -> None:
    value = planned({ID: definition(side)}, side, live)

    assert {field.cause for change in value.changes for field in change.fields} <= {"drift"}


@patient
@given(sides(), sides())
def test_without_drift_every_field_is_a_change(base: Side, head: Side) -> None:
    missing: dict[str, Json] = {"name": "A", "status": "draft", "audienceSize": 10, "config.topicIds": [1]}
    live = Side({**missing, **base.fields})
    value = planned({ID: definition(base)}, head, live)

    assert {field.cause for change in value.changes for field in change.fields} <= {"change"}


def test_new_config_owns_all_that_it_removes() -> None:
    head = Side({"name": "A", "config.topicIds": [1]})
    live = Side({"name": "A", "config.topicIds": [1], "config.filters.state": "Ohio", "config.minScore": 80})
    value = planned({ID: definition(Side({"name": "A"}))}, head, live)

    assert [(field.path, field.cause) for change in value.changes for field in change.fields] == [
        ("config.filters.state", "change"),
    ]
