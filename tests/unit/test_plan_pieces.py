"""Whom an edit of a piece reaches in all organizations, and where a plan's error about a piece's value is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model import Definition, Origin
from reconciler.plan import Plan
from reconciler.plan.model import PieceEdit
from reconciler.plan.pieces import PieceReach, across, edits
from reconciler.plan.places import amount_at, error_at
from tests.unit.strategies import UUIDS

ONE = Definition(UUIDS[0], "One", "a.yaml", 1, 5, {"name": "One", "status": "active"}, extends="p.yaml")


@pytest.mark.parametrize(
    ("now", "before", "reached"),
    [
        ({"fields": {"name": "One"}}, {}, [(UUIDS[0], "One")]),
        ({"ignore": frozenset({"status"})}, {}, [(UUIDS[0], "One")]),
        ({"is_protected": True}, {}, [(UUIDS[0], "One")]),
        ({"owner": "bo"}, {}, []),
        ({"fields": {}}, {"extends": "q.yaml"}, []),
        ({"fields": {}}, {"id": UUIDS[1]}, []),
    ],
)
def test_edit_reaches_what_says_otherwise(
    now: dict[str, object], before: dict[str, object], reached: list[tuple[str, str]]
) -> None:
    base = replace(ONE, **before)  # type: ignore[arg-type] # of its own type each
    found = edits({base.id: base}, [replace(ONE, **now)], {"p.yaml"})  # type: ignore[arg-type] # as above
    assert found == (PieceEdit("p.yaml", 1, tuple(reached)),)


def test_reach_is_summed_over_organizations() -> None:
    plans = {
        "northwind": Plan(origin="o", pieces=(PieceEdit("p.yaml", 2, (("1", "A"), ("2", "B"))),)),
        "acme": Plan(origin="o", pieces=(PieceEdit("p.yaml", 1, (("3", "C"),)), PieceEdit("q.yaml", 1))),
        "initech": Plan(origin="o"),
    }
    found = across(plans)
    assert found == (PieceReach("p.yaml", 3, ("acme", "northwind")), PieceReach("q.yaml", 0, ()))
    assert found[0].summary == "changes 3 audiences in 2 organizations"


def test_error_stands_where_the_value_comes_from() -> None:
    path = ("config", "minScore")
    own = replace(ONE, places={("config",): (3, 2)})
    shared = replace(own, origins={path: (Origin("p.yaml", 4, 7),)})
    assert [
        (found.file, found.line, found.column, found.detail)
        for found in (error_at(one, path, "x", "is wrong", "Fix it") for one in (own, shared))
    ] == [("a.yaml", 3, 2, "Fix it"), ("p.yaml", 4, 7, "Fix it. It is extended by a.yaml")]
    assert [amount_at(one, path, "5") for one in (own, shared)] == [
        "5, which is live and left out here,",
        "5",
    ]
