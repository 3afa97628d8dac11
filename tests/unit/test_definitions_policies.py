"""Policies in, rules or every problem at its place out."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler import schema
from reconciler.definitions import policies
from reconciler.render import diagnostics

HEAD = "id: one\nsentence: It has to be so.\nseverity: deny\nowners: ['@ana', ben]\n"
WHOLE = HEAD + "require:\n  properties:\n    status: {const: paused}\n"


def problems(text: str, *others: str) -> list[str]:
    files = {f"{nth}.yaml": one.encode() for nth, one in enumerate([text, *others])}
    return [diagnostics.diagnostic_line(one) for one in policies.parse(files, schema.rules()).diagnostics]


def required(condition: str) -> list[str]:
    return problems(f"{HEAD}require: {condition}\n")


def test_policy_is_read_with_its_place() -> None:
    (one,) = policies.parse({"a.yaml": f"# Ours\n{WHOLE}".encode()}, None).policies

    assert (one.file, one.line, one.owners, one.not_known) == ("a.yaml", 2, ("ana", "ben"), "warn")
    assert (one.sentence, one.when) == ("It has to be so", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0.yaml:1:1: the file is empty. Write the policy, or delete the file."),
        ("a: &b 1\n", "0.yaml:1:4"),
        ("- 1\n", "0.yaml:1:1: expected a mapping"),
        (WHOLE + "sentence: Twice\n", "0.yaml:8:1"),
        (WHOLE + "then: {}\n", '0.yaml:8:1: unknown key "then"'),
        (WHOLE.replace("deny", "forbid"), '0.yaml:3:11: severity: "forbid" is not one of "deny", "warn"'),
        (WHOLE.replace("id: one", "id: One two"), "0.yaml:1:5: id: an id has lower-case letters"),
        (WHOLE.replace("'@ana', ben", ""), "0.yaml:4:9: owners: the list is empty"),
        (WHOLE.replace("deny", "!!str deny"), "0.yaml:3:11: severity"),
        (WHOLE.replace("ben", "acme/team"), "0.yaml:4:18: owners.1: an owner is one person, by the name"),
        (HEAD, '0.yaml:1:1: "require" is missing'),
        (WHOLE + "#" * policies.MAX_BYTES, "0.yaml: is over 16 KiB, too large for a policy"),
        (HEAD + f"require: {{enum: [{'1, ' * 600}]}}\n", "0.yaml: has over 500 keys and values"),
    ],
)  # fmt: skip
def test_what_is_no_policy_is_named(text: str, said: str) -> None:
    assert any(said in one for one in problems(text)), problems(text)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("{maxmium: 3}", '0.yaml:5:11: require: unknown keyword "maxmium". Did you mean "maximum"?'),
        ("{$ref: 'https://example.com/x'}", '0.yaml:5:11: require: unknown keyword "$ref"'),
        ("{not: {$ref: '#'}}", 'unknown keyword "$ref"'),
        ("{properties: {name: {format: email}}}", 'unknown keyword "format"'),
        ("{properties: {staus: {const: paused}}}", 'sees no field "staus" here. Did you mean "status"?'),
        ("{not: {required: [ownr]}}", "0.yaml:5:28: require.not.required: a condition sees no"),
        ("{properties: {metadata: {required: [ownr]}}}", 'Did you mean "owner"?'),
        ("{properties: {config: {properties: {filters: {required: [gendre]}}}}}", 'mean "gender"'),
        ("{properties: {config: {required: [topics]}}}", 'no field "topics" here. Did you mean "topicIds"?'),
        ("{anyOf: [{properties: {reach: {required: [afer]}}}]}", 'Did you mean "after"?'),
        ("{properties: {name: {pattern: '(a+)+'}}}", "0.yaml:5:31: require.properties.name: the pattern"),
        ("{properties: {change: {properties: {fields: {items: {pattern: '('}}}}}}", "is not a regular"),
        ("{}", "require"),
        ("true", "expected a mapping"),
    ],
)  # fmt: skip
def test_rule_that_never_says_anything_is_refused(condition: str, said: str) -> None:
    assert any(said in one for one in required(condition)), required(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "{properties: {metadata: {properties: {labels: {required: [team]}}}}}",
        "{properties: {config: {properties: {topicIds: {contains: {const: 3}}}}}}",
        "{if: {required: [change]}, then: {properties: {change: {properties: {phase: {enum: [release]}}}}}}",
        "{oneOf: [{properties: {reach: {properties: {growth: {exclusiveMaximum: 1.5}}}}}]}",
    ],
)
def test_rule_over_what_there_is_is_taken(condition: str) -> None:
    assert required(condition) == []


def test_one_id_is_one_policy() -> None:
    assert problems(WHOLE, WHOLE) == [
        "1.yaml:1:1: the policy one is also in 0.yaml:1. Give it an id of its own."
    ]


def test_policies_are_bounded_in_number() -> None:
    many = [WHOLE.replace("id: one", f"id: a{nth}") for nth in range(policies.MAX_POLICIES)]

    assert problems(*many) == []
    assert problems(WHOLE, *many) == [
        "Error: 101 policies, and at most 100 are taken. Remove some, or put several into one."
    ]


def test_deep_condition_is_a_problem_of_the_file() -> None:
    deep: Any = "{not: " * 30 + "{const: 1}" + "}" * 30
    assert len(required(deep)) == 1
