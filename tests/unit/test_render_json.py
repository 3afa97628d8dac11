from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from reconciler import plan, schema
from reconciler.errors import Diagnostic
from reconciler.plan import ApplyResult
from reconciler.render import json_output as render
from tests.doubles.oracles.runner_commands import commands
from tests.unit import reviews
from tests.unit.strategies import hostile, patient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.schema import SchemaName

CASES = ["one_filter", "swap", "forty", "nothing", "missing", "partial_plan", "swept"]
RESULTS = ["applied", "in_part", "refused", "interrupted"]
FOUND = [
    Diagnostic("error", "unknown-key", "s", "d", "a.yaml", 2, 3, "config.x"),
    Diagnostic("warning", "odd", "s"),
]


def undocumented(value: Any, node: Any, root: Any, path: str = "") -> Iterator[str]:
    """Yield every key of a document that its schema does not name."""
    if "$ref" in node:
        node = root["$defs"][node["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        for item in value:
            yield from undocumented(item, node.get("items", {}), root, path)
    elif isinstance(value, dict) and "properties" in node:
        for key, part in value.items():
            if key in node["properties"]:
                yield from undocumented(part, node["properties"][key], root, f"{path}.{key}")
            else:
                yield f"{path}.{key}"


def read(document: str, name: SchemaName) -> Any:
    """Return a document that is valid, documented to the last key, and the only thing in its text."""
    value = json.loads(document)
    assert document.endswith("}\n")
    assert schema.check(value, name) == ()
    root = schema.load(name)
    assert list(undocumented(value, root, root)) == []
    return value


class TestPlan:
    @pytest.mark.parametrize("case", CASES)
    def test_is_what_its_schema_says(self, case: str) -> None:
        value = getattr(reviews, case)()
        assert plan.from_document(read(render.plan(value), "plan")) == value

    @pytest.mark.parametrize("case", CASES)
    def test_saved_plan_round_trips_to_the_byte(self, case: str) -> None:
        document = render.plan(getattr(reviews, case)())
        assert render.plan(plan.from_document(json.loads(document))) == document

    @pytest.mark.parametrize("case", ["swap", "missing"])
    def test_reads_as_kept(self, case: str) -> None:
        document = render.plan(getattr(reviews, case)())
        assert document == reviews.expected(f"plan-{case}.json", document)

    def test_has_the_shape_that_scripts_rely_on(self) -> None:
        organization = reviews.Organization()
        both = {"status": "paused", "config": reviews.config(seniority=["director", "vp"], state="Ohio")}
        organization.add("X", both, {"status": "active", "config": reviews.config(seniority=["vp"])})
        organization.add("Gone", {}, None)
        document = read(render.plan(organization.plan(unmanaged=1)), "plan")
        (change,) = document["changes"]
        assert {
            key: document[key] for key in ("format_version", "errored", "complete", "origin", "summary")
        } == {
            "format_version": "1.0",
            "errored": True,
            "complete": False,
            "origin": "https://api.example.com",
            "summary": {
                "managed": 2,
                "update": 1,
                "unchanged": 0,
                "missing": 1,
                "unmanaged": 1,
                "activate": 0,
                "pause": 1,
            },
        }
        assert change["fields"] == [
            {"path": "status", "before": "active", "after": "paused"},
            {
                "path": "config.filters.seniority",
                "before": ["vp"],
                "after": ["director", "vp"],
                "added": ["director"],
                "removed": [],
            },
            {"path": "config.filters.state", "after": "Ohio"},
        ]
        assert change["patch"] == both
        assert (change["id"], change["name"], change["phase"]) == (reviews.identity(0), "X", "release")
        assert (change["file"], change["line"]) == ("audiences.d/00.yaml", 2)
        assert change["before"]["status"] == "active"
        assert document["missing"] == [{"id": reviews.identity(1), "file": "audiences.d/01.yaml", "line": 2}]
        assert [set(one) for one in document["unmanaged"]] == [{"id", "name", "status"}]

    def test_only_an_approvable_plan_has_a_digest(self) -> None:
        assert json.loads(render.plan(reviews.swap()))["digest"].startswith("sha256:")
        assert json.loads(render.plan(reviews.missing()))["digest"] is None


class TestResult:
    @pytest.mark.parametrize("case", RESULTS)
    def test_is_what_its_schema_says(self, case: str) -> None:
        value = getattr(reviews, case)()
        document = render.result(value)
        assert plan.result_from_document(read(document, "apply-result")) == value
        assert render.result(plan.result_from_document(json.loads(document))) == document

    def test_reads_as_kept(self) -> None:
        document = render.result(reviews.in_part())
        assert document == reviews.expected("result-in-part.json", document)

    def test_result_without_an_apply_has_whole_shape(self) -> None:
        document = read(render.result(ApplyResult(diagnostics=(FOUND[0],))), "apply-result")
        assert document == {
            "format_version": "1.0",
            "errored": True,
            "interrupted": False,
            "digest": None,
            "summary": dict.fromkeys(plan.result.OUTCOMES, 0),
            "results": [],
            "diagnostics": [diagnostic(FOUND[0])],
        }


def diagnostic(one: Diagnostic) -> dict[str, Any]:
    return {
        "severity": one.severity,
        "code": one.code,
        "summary": one.summary,
        "detail": one.detail,
        "file": one.file,
        "line": one.line,
        "column": one.column,
        "path": one.path,
    }


class TestDiagnostics:
    def test_are_counted_and_listed_in_order(self) -> None:
        assert read(render.diagnostics(FOUND), "diagnostics") == {
            "format_version": "1.0",
            "valid": False,
            "error_count": 1,
            "warning_count": 1,
            "diagnostics": [
                diagnostic(FOUND[0]),
                {"severity": "warning", "code": "odd", "summary": "s", "detail": ""},
            ],
        }

    def test_warnings_alone_are_valid(self) -> None:
        assert read(render.diagnostics(FOUND[1:]), "diagnostics")["valid"] is True


@patient
@given(hostile)
def test_text_from_outside_is_data(outside: str) -> None:
    value, result = reviews.outside(outside)
    for document in (render.plan(value), render.result(result)):
        assert document.isascii()
        assert commands(document) == []
        assert json.loads(document)["diagnostics"][0]["summary"] == outside


def test_the_schemas_say_the_same_of_a_diagnostic() -> None:
    names: list[SchemaName] = ["plan", "apply-result", "diagnostics"]
    one, *others = [schema.load(name)["$defs"]["diagnostic"] for name in names]
    assert others == [one, one]


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("plan", render.plan(reviews.swap())),
        ("apply-result", render.result(reviews.in_part())),
        ("diagnostics", render.diagnostics(FOUND)),
    ],
    ids=["plan", "apply-result", "diagnostics"],
)
def test_schema_requires_every_key_and_its_major(name: SchemaName, document: str) -> None:
    good = json.loads(document)
    for version in ("2.0", "1", "1.", "0.1", "1.0.0", 1.0):
        assert schema.check({**good, "format_version": version}, name) != ()
    for key in good:
        assert schema.check({other: part for other, part in good.items() if other != key}, name) != ()
