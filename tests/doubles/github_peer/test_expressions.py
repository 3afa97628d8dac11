from __future__ import annotations

import math
from typing import Any

import pytest

from tests.doubles.github_peer import expressions
from tests.doubles.github_peer.tree import Scope
from tests.doubles.github_peer.values import Known, Unsupported, as_number, as_text, compare

pytestmark = pytest.mark.slow  # what tests use is the same on every Python

GITHUB = {
    "sha": "abc",
    "event": {"pull_request": {"number": 7, "draft": False, "labels": [{"name": "go"}]}, "Empty": None},
}
CONTEXTS = {
    "github": Known("github", GITHUB),
    "inputs": Known("inputs", {"digest": "sha256:1", "dry-run": "true"}),
    "steps": Known("steps", {"plan": {"outputs": {"changes": "true"}, "outcome": "success"}, "late": {}}),
    "env": {"A": "x"},
}
SCOPE = Scope(CONTEXTS)


def worth(source: str) -> str:
    return expressions.text(f"${{{{ {source} }}}}", SCOPE)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("github.sha", "abc"),
        ("GITHUB.sha".lower(), "abc"),
        ("github.SHA", "abc"),
        ("github['sha']", "abc"),
        ("github.event.pull_request.number", "7"),
        ("github.event.pull_request.labels[0].name", "go"),
        ("github.event.pull_request.labels[1].name", ""),
        ("github.event.empty.deeper", ""),
        ("github.event.gone", ""),
        ("inputs.dry-run", "true"),
        ("steps.plan.outputs.changes", "true"),
        ("steps.plan.outputs.none", ""),
        ("steps.late.outputs.changes", ""),
        ("env.B", ""),
        ("'it''s'", "it's"),
        ("'}}'", "}}"),
        ("null", ""),
        ("true", "true"),
        ("1.50", "1.5"),
        ("0x10", "16"),
        ("-2", "-2"),
        ("-0", "0"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("github.event", "Object"),
        ("github.event.pull_request.labels", "Array"),
        ("1 == 1 && 'yes' || 'no'", "yes"),
        ("'' && 'yes' || 'no'", "no"),
        ("'a' || 'b'", "a"),
        ("0 && 'a'", "0"),
        ("!true == false", "true"),
        ("!(true == false)", "true"),
        ("1 < 2 == true", "true"),
        ("format('{0}-{1}-{0}', 'a', 7)", "a-7-a"),
        ("format('{{{0}}}', 'a')", "{a}"),
        ("contains('Hello World', 'WORLD')", "true"),
        ("contains(github.event.pull_request.labels, 'go')", "false"),
        ("contains(fromJSON('[\"a\", \"b\"]'), 'B')", "true"),
        ("contains(github.event, 'x')", "false"),
        ("startsWith('refs/heads/main', 'REFS/heads/')", "true"),
        ("endsWith('a.yaml', '.yml')", "false"),
        ("join(fromJSON('[1, 2]'), '-')", "1-2"),
        ("join('a')", "a"),
        ("toJSON(github.event.pull_request.draft)", "false"),
        ('fromJSON(\'{"a": {"b": 3}}\').a.b', "3"),
    ],
)
def test_an_expression_is_worth(source: str, expected: str) -> None:
    assert worth(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("'Main' == 'main'", True),
        ("'b' > 'A'", True),
        ("1 == '1'", True),
        ("0 == ''", True),
        ("1 == 'x'", False),
        ("1 != 'x'", True),
        ("true == 'true'", False),
        ("true == 1", True),
        ("null == ''", True),
        ("null == 0", True),
        ("null <= null", True),
        ("null < null", False),
        ("2 >= 10", False),
        ("'2' >= 10", False),
        ("10 >= 2", True),
        ("github.event == github.event", True),
        ("github.event == fromJSON('{}')", False),
        ("github.event == ''", False),
        ("'Object' == github.event", False),
        ("github.event < 1", False),
        ("fromJSON('[]') == 0", False),
    ],
)
def test_values_compare_as_githubs_do(source: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert worth(source) == ("true" if expected else "false")


def test_what_is_no_number_equals_nothing() -> None:
    assert math.isnan(as_number("seven"))
    assert not compare(math.nan, "==", math.nan)
    assert (as_number(" 0o10 "), as_number(""), as_text(123456.789)) == (8, 0, "123456.789")
    assert expressions.condition("fromJSON('1') && !fromJSON('0') && !''", Scope({}, {"success": True}))
    assert not expressions.condition("fromJSON('NaN')", Scope({}, {"success": True}))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plan-${{ github.event.pull_request.number }}-${{ env.A }}", "plan-7-x"),
        ("no expression, $ { {", "no expression, $ { {"),
        (7, "7"),
        (1.5, "1.5"),
        (True, "true"),
        (None, ""),
    ],
)
def test_a_text_is_filled(template: Any, expected: str) -> None:
    assert expressions.text(template, SCOPE) == expected


@pytest.mark.parametrize(
    "source",
    [
        "secrets.KEY",
        "false && secrets.KEY",
        "matrix.python",
        "github.nothing",
        "inputs.nothing",
        "steps.plam.outputs.changes",
        "hashFiles('x')",
        "success()",
        "always",
        "nothing",
        "",
        "1 +",
        "1 2",
        "(1",
        ")",
        "== 1",
        "github.",
        "github.'sha'",
        "github[1",
        "github.*",
        "'open",
        "1 = 1",
        "1.2.3",
        "12px",
        "contains('a')",
        "contains('a' 'b')",
        "format()",
        "format('{0}')",
        "format('{')",
        "fromJSON('{')",
        "Infinity",
    ],
)
def test_what_is_not_known_is_refused(source: str) -> None:
    with pytest.raises(Unsupported):
        worth(source)


@pytest.mark.parametrize("template", ["${{ github.sha", "${{ 'a }}", "x ${{ 1 }} ${{ 2 }"])
def test_an_expression_that_is_not_closed_is_refused(template: str) -> None:
    with pytest.raises(Unsupported, match="not closed"):
        expressions.text(template, SCOPE)


@pytest.mark.parametrize(
    ("source", "status", "expected"),
    [
        (None, "success", True),
        (None, "failure", False),
        ("", "cancelled", False),
        ("true", "failure", False),
        ("always()", "failure", True),
        ("${{ always() }}", "cancelled", True),
        ("failure()", "failure", True),
        ("failure()", "success", False),
        ("Failure() || cancelled()", "cancelled", True),
        ("!cancelled()", "failure", True),
        ("always() && github.sha == 'abd'", "failure", False),
        ("github.sha == 'abc'", "success", True),
        ("${{ github.sha == 'abc' }}", "success", True),
        ("success() && steps.plan.outcome == 'success'", "success", True),
        (False, "success", False),
    ],
)
def test_condition_without_a_status_function_requires_success(
    source: Any,
    status: str,
    expected: bool,  # noqa: FBT001 - a table's column
) -> None:
    functions = {name: name == status for name in ("success", "failure", "cancelled")} | {"always": True}
    assert expressions.condition(source, Scope(CONTEXTS, functions)) is expected


@pytest.mark.parametrize("source", ["${{ github.sha }} == 'x'", "!${{ true }}", "${{ true }} && ${{ true }}"])
def test_a_condition_with_text_outside_is_refused(source: str) -> None:
    with pytest.raises(Unsupported, match="always true"):
        expressions.condition(source, Scope(CONTEXTS, {"success": True}))


def test_a_switch_is_true_or_false() -> None:
    assert expressions.truth("${{ inputs.dry-run }}", SCOPE)
    assert not expressions.truth("false", SCOPE)
    with pytest.raises(Unsupported, match="neither"):
        expressions.truth("${{ github.sha }}", SCOPE)
