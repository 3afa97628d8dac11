"""What the audience schema says, held against the contract, and documents checked against the schemas."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from reconciler import schema
from reconciler.schema import messages, suggestions, validator
from tests.unit.strategies import UUIDS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
AUDIENCE = schema.load("audience")

SETS = (
    "companyIndustry",
    "seniority",
    "companySize",
    "department",
    "companyRevenueRange",
    "ageRange",
)
TEXTS = ("state", "gender", "isB2b", "jobTitle", "companyDomain", "companyName")
SWITCHES = (
    "hasBusinessEmail",
    "hasPersonalEmail",
    "hasLinkedin",
    "hasPhone",
    "role.isDecisionMaker",
    "role.isCeo",
    "role.isVp",
    "role.isFinance",
    "contact.hasBusinessEmail",
)
CATALOGUE = (
    "company.industries",
    "company.industryGroups",
    "company.revenueRanges",
    "company.names",
    "company.domains",
    "role.seniority",
    "role.departments",
    "jobTitle.include",
    "jobTitle.exclude",
    "jobTitle.exact",
)


def contract() -> dict[tuple[str, ...], str]:
    """Return every field of the PATCH page and its kind, as the contract's tables have them."""
    filters = (
        dict.fromkeys(SETS, "set")
        | dict.fromkeys(TEXTS, "string")
        | dict.fromkeys(SWITCHES, "boolean")
        | dict.fromkeys(CATALOGUE, "object")
    )
    parts = {"values": "set", "operator": "string", "mode": "string"}
    return {
        ("name",): "string",
        ("status",): "string",
        ("config",): "object",
        ("config", "topicIds"): "set",
        ("config", "minScore"): "integer",
        ("config", "maxScore"): "integer",
        ("config", "minTopicOverlap"): "integer",
        ("config", "filters"): "group",
        **{("config", "filters", key): kind for key, kind in filters.items()},
        **{("config", "filters", key, part): kind for key in CATALOGUE for part, kind in parts.items()},
        ("config", "sourceUrl"): "string",
        ("audienceSize",): "integer",
    }


def subschemas(field: dict[str, Any], path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema of a value inside a schema: of properties, of items, and of keys of one's own."""
    for key, value in field.get("properties", {}).items():
        yield f"{path}.{key}", value
        yield from subschemas(value, f"{path}.{key}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(field.get(keyword), dict):
            yield f"{path}.{keyword}", field[keyword]
            yield from subschemas(field[keyword], f"{path}.{keyword}")


def property_paths(field: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in field.get("properties", {}).items():
        yield (*path, key)
        yield from property_paths(value, (*path, key))


# --- What the audience schema says


def test_search_for_values_finds_all() -> None:
    found = [path for path, _ in subschemas(AUDIENCE)]
    assert len(found) == len(set(found)) == json.dumps(AUDIENCE).count('"type"') - 1
    assert {"$.id", "$.metadata.labels.additionalProperties", "$.config.topicIds.items"} < set(found)
    assert "$.config.filters.role.seniority.values.items" in found


@pytest.mark.parametrize("word", ["title", "description"])
def test_every_value_has_title_and_description(word: str) -> None:
    said = {path: field.get(word, "") for path, field in subschemas(AUDIENCE)}
    assert [path for path, text in said.items() if not re.fullmatch(r"\S(.*\S)?", text)] == []
    if word == "description":
        assert [path for path, text in said.items() if not text.endswith(".")] == []


def test_examples_are_valid() -> None:
    checked = 0
    for _, field in subschemas(AUDIENCE):
        for example in field.get("examples", []):
            Draft202012Validator(field).validate(example)
            checked += 1
    assert checked > 20


def test_schemas_are_valid_schemas() -> None:
    for name in ("audience", "plan", "apply-result", "diagnostics"):
        Draft202012Validator.check_schema(
            json.loads((ROOT / f"schemas/{name}.schema.json").read_text("utf-8"))
        )


def test_own_keywords_are_explained_in_the_schema() -> None:
    own = set(re.findall(r'"(x-\w+)":', json.dumps(AUDIENCE)))
    assert own == set(re.findall(r"(x-\w+):", AUDIENCE["$comment"]))


def test_every_object_refuses_unknown_keys() -> None:
    objects = {path: field for path, field in subschemas(AUDIENCE) if field["type"] == "object"}
    assert AUDIENCE["additionalProperties"] is False
    assert [path for path, field in objects.items() if field["additionalProperties"] is not False] == [
        "$.metadata.labels",
        "$.metadata.overrides",
    ]


# --- What the code reads from it


def test_writable_fields_are_those_of_the_contract() -> None:
    assert {path: rule.kind for path, rule in schema.rules().items()} == contract()


def test_first_generation_has_sixteen_filters() -> None:
    filters = {path[2] for path in schema.rules() if len(path) == 3}
    assert len({key for key in filters if "." not in key}) == 16
    assert {key for key in filters if "." in key} == {key for key in CATALOGUE + SWITCHES if "." in key}
    generations = {path[2]: rule.generation for path, rule in schema.rules().items() if len(path) == 3}
    assert generations == {key: 2 if "." in key else 1 for key in filters}


def test_set_members_are_integers_or_text() -> None:
    items = {path: rule.items for path, rule in schema.rules().items() if rule.kind == "set"}
    assert {path for path, kind in items.items() if kind == "integer"} == {("config", "topicIds")}
    assert set(items.values()) == {"integer", "string"}


def test_no_field_has_a_default() -> None:
    """The API documents none for a PATCH."""
    config = AUDIENCE["properties"]["config"]["properties"]

    assert [key for key, field in config.items() if "default" in field] == []


def test_bounds_are_the_union_of_generations() -> None:
    config = AUDIENCE["properties"]["config"]["properties"]
    bounded = {key: field for key, field in config.items() if "x-bounds" in field}

    assert set(bounded) == {"topicIds", "minScore", "maxScore", "minTopicOverlap"}
    for field in bounded.values():
        first, second = field["x-bounds"]["1"], field["x-bounds"]["2"]
        assert {key: field[key] for key in first} == {
            key: (min if key.startswith("min") else max)(first[key], second[key]) for key in first
        }


def test_scalars_are_carried_over_one_is_volatile() -> None:
    rules = schema.rules()
    assert [path[-1] for path, rule in rules.items() if rule.is_carried_over] == [
        "minScore",
        "maxScore",
        "minTopicOverlap",
        "sourceUrl",
    ]
    assert [path for path, rule in rules.items() if rule.is_volatile] == [("audienceSize",)]


def test_raising_gives_the_direction_of_reach() -> None:
    raising = {path: rule.raising for path, rule in schema.rules().items() if rule.raising is not None}
    assert raising == {
        ("config", "minScore"): "narrower",
        ("config", "maxScore"): "wider",
        ("config", "minTopicOverlap"): "narrower",
        ("config", "filters", "jobTitle.exclude", "values"): "narrower",
    }


def test_fields_and_values_have_plain_words() -> None:
    rules = schema.rules()
    assert all(rule.label for rule in rules.values())
    for path in (("config", "filters", "seniority"), ("config", "filters", "role.seniority", "values")):
        assert rules[path].label == "job levels"
        assert rules[path].words["vp"] == "vice presidents"


def test_local_fields_are_never_sent() -> None:
    assert {path[0] for path in schema.rules()} == set(AUDIENCE["properties"]) - {
        "id",
        "extends",
        "metadata",
        "lifecycle",
    }


# --- The code knows no field by name

# Each with the reason why it is no knowledge of the API's fields.
ALLOWED = {
    "id": "what a definition and its live audience are matched by",
    "name": "what people call an audience in every output",
    "description": "a keyword of JSON Schema, which a field of the metadata is called too",
    "metadata": "for people: it comes with a change, and is never sent",
    "owner": "for people",
    "labels": "for people",
    "overrides": "for policies",
    "lifecycle": "for the reconciler itself",
    "ignore": "for the reconciler itself",
    "protect": "for the reconciler itself",
    "lifecycle.ignore": "for the reconciler itself",
    "extends": "for the reconciler itself",
}
FIELDS = {word for path in property_paths(AUDIENCE) for word in (*path, ".".join(path))}
MODULES = [*(ROOT / "reconciler" / "schema").glob("*.py"), ROOT / "reconciler/diff.py"]
MODULES += [
    ROOT / f"reconciler/definitions/{name}.py"
    for name in ("extending", "files", "load", "pieces", "problems")
]


def field_names(source: str) -> set[str]:
    """Return the fields that a module's literals name, but for those in docstrings.

    In a sentence only what is no English word counts: `minScore` and `config.filters`, not `name`.
    """
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]
    named = {text for text in texts if text in FIELDS}
    words = {word for text in texts for word in re.findall(r"\w+(?:\.\w+)*", text)}
    return named | {word for word in words & FIELDS if "." in word or not word.islower()}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('value["minScore"]', {"minScore"}),
        ('"config" in value', {"config"}),
        ('("config", "filters", "state")', {"config", "filters", "state"}),
        ('f"a sentence on topicIds, {x} and config.filters.state"', {"topicIds", "config.filters.state"}),
        ('"a mapping of keys to values, in this state"', set()),
        ('def f():\n    """Fix config.minScore."""', set()),
        ('value["role.seniority"]', {"role.seniority"}),
        ("document.values", set()),
    ],
)
def test_search_for_field_names_finds_them(source: str, found: set[str]) -> None:
    assert field_names(source) == found


def test_code_knows_no_field_by_name() -> None:
    found = {module.name: field_names(module.read_text("utf-8")) for module in MODULES}
    assert {"load.py", "diff.py", "messages.py", "validator.py"} < set(found)
    assert {name: names - set(ALLOWED) for name, names in found.items() if names - set(ALLOWED)} == {}
    assert set().union(*found.values()) == set(ALLOWED)


# --- Documents against the schemas


def said(value: Any, name: schema.SchemaName = "audience") -> list[tuple[str, str]]:
    return [(problem.code, problem.path) for problem in schema.check(value, name)]


def audience(**fields: Any) -> dict[str, Any]:
    return {"id": UUIDS[0], "name": "x", **fields}


def test_problem_has_its_place() -> None:
    (found,) = schema.check(audience(config={"topicIds": [1, "2"]}), "audience")
    assert (found.place, found.path, found.at_key) == (("config", "topicIds", 1), "config.topicIds.1", False)
    (found,) = schema.check(audience(config={"topicIds": [1], "minscore": 70}), "audience")
    assert (found.place, found.path, found.at_key) == (("config", "minscore"), "config", True)
    (found,) = schema.check({"id": UUIDS[0]}, "audience")
    assert (found.place, found.path, found.at_key) == ((), "", False)


@pytest.mark.parametrize(
    ("document", "code", "path", "summary", "detail"),
    [
        (
            {"digest": 5},
            "wrong-type",
            "digest",
            "expected text or null, found the number 5",
            "Write text or null",
        ),
        ({"complete": None}, "no-value", "complete", "a value is missing", "Write one"),
        ({"format_version": "2.0"}, "invalid", "format_version", '"2.0" is not as', "See the schema"),
        ({"changes": [{"patch": {}}]}, "invalid", "changes.0.patch", "a mapping is not as", "See the schema"),
        (
            {"changes": [{"fields": []}]},
            "too-few-items",
            "changes.0.fields",
            "the list is empty",
            "List at least",
        ),
        ({"summary": {"managed": -1}}, "out-of-range", "summary.managed", "-1 is under", "Write 0 or more"),
        (
            {"diagnostics": [{"severity": "eror"}]},
            "unknown-value",
            "diagnostics.0.severity",
            '"eror"',
            '"error"?',
        ),
        ({"summary": []}, "wrong-type", "summary", "expected a mapping", "Write {managed: …, "),
    ],
)
def test_saved_plan_is_checked_with_same_words(
    document: dict[str, Any], code: str, path: str, summary: str, detail: str
) -> None:
    (found,) = [problem for problem in schema.check(document, "plan") if problem.path == path]
    assert found.code == code
    assert found.summary.startswith(summary)
    assert detail in found.detail


def test_no_message_depends_on_the_librarys_wording() -> None:
    plan_schema = schema.load("plan")
    wrong: Any = {
        "format_version": "2",
        "digest": 5,
        "changes": [{"patch": {}, "fields": [], "unchanged": -1}],
    }
    found = [error for error in validator.errors(wrong, plan_schema, 100) if error.validator != "required"]
    before = [one.summary for one in messages.problems(found, plan_schema)]
    for error in found:
        error.message = "in other words"
    assert [one.summary for one in messages.problems(found, plan_schema)] == before
    assert len(before) == 5


def test_check_stops_after_so_many_problems() -> None:
    hostile: Any = {"changes": [{}] * 100_000}

    assert len(schema.check(hostile, "plan", max_problems=3)) == 3
    assert len(schema.check(hostile, "plan")) == schema.MAX_PROBLEMS


def test_missing_key_without_description_is_only_named() -> None:
    found = {problem.summary: problem.detail for problem in schema.check({}, "diagnostics")}
    assert found['"valid" is missing'] == 'Add "valid"'


@pytest.mark.parametrize(
    ("value", "fix"),
    [
        (117805, "Write a list: [117805]"),
        ("117805, 117890", "Write a list: [117805, 117890]"),
        *((value, "Write a list: [one, two]") for value in (True, "", 1.5, "9" * 61)),
        ({}, "Write a list: [one, two]"),
    ],
)
def test_fix_for_what_should_be_a_list(value: Any, fix: str) -> None:
    (found,) = schema.check(audience(config={"topicIds": value}), "audience")
    assert (found.code, found.detail) == ("wrong-type", fix)


def test_other_types_are_not_integers() -> None:
    values: list[Any] = [True, False, 70.0, "70", [], {}]
    for value in values:
        assert said(audience(audienceSize=value)) == [("wrong-type", "audienceSize")]


@pytest.mark.parametrize("value", [None, True, 5, [], {}, "a text"])
def test_any_json_value_can_be_checked(value: Any) -> None:
    assert [problem.place for problem in schema.check(value, "audience")][:1] == [()]


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"minScore": 200, "maxScore": 50}, [("out-of-range", "config.minScore")]),
        ({"minScore": True, "maxScore": 50}, [("wrong-type", "config.minScore")]),
        ({"minScore": 50, "maxScore": "40"}, [("wrong-type", "config.maxScore")]),
        ({"topicIds": [], "minTopicOverlap": 5}, [("too-few-items", "config.topicIds")]),
        ({"topicIds": "5", "minTopicOverlap": 5}, [("wrong-type", "config.topicIds")]),
        (
            {"topicIds": ["1"], "minTopicOverlap": 2},
            [("out-of-order", "config.minTopicOverlap"), ("wrong-type", "config.topicIds.0")],
        ),
    ],
)
def test_invalid_value_is_not_compared(config: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert sorted(said(audience(config={"topicIds": [1], **config}))) == sorted(found)


def test_score_left_out_is_not_compared() -> None:
    assert said(audience(config={"topicIds": [1], "maxScore": 69})) == []


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com",
        "HTTP://EXAMPLE.COM:80/a/b?c=d&e=%C3%A9#f",
        "https://user:word@example.com/",
        "https://[2001:db8::1]:8443/",
        "ftp://example.com/~a,b;c='d'(e)!*",
    ],
)
def test_web_address_is_accepted(uri: str) -> None:
    assert said(audience(config={"topicIds": [1], "sourceUrl": uri})) == []


@pytest.mark.parametrize(
    "uri",
    [
        *(
            "",
            " ",
            "example.com",
            "www.example.com/a",
            "/a",
            "//example.com",
            "https:",
            "https://",
            "https:///a",
        ),
        *(
            "https://exa mple.com",
            "https://example.com/a b",
            "https://example.com/größe",
            "https://example.com\n",
        ),
        *("https://example.com/%zz", "https://example.com/<a>", "https://example.com/{a}", "https://[::1"),
        *("https://:80/", "https://example.com:port", "https://example.com:99999", "1https://example.com"),
        *("mailto:a@example.com", "urn:uuid:x", "javascript:alert(1)"),
    ],
)
def test_other_text_is_not_a_web_address(uri: str) -> None:
    found = said(audience(config={"topicIds": [1], "sourceUrl": uri}))
    assert found == [("not-a-uri", "config.sourceUrl")]


@pytest.mark.parametrize(
    "identity",
    [
        *(
            "",
            "x",
            UUIDS[0][:-1],
            UUIDS[0] + "0",
            UUIDS[0].replace("-", ""),
            f"{{{UUIDS[0]}}}",
            UUIDS[0] + "\n",
        ),
        *(
            f"urn:uuid:{UUIDS[0]}",
            f" {UUIDS[0]}",
            UUIDS[0].replace("0", "g", 1),
            UUIDS[0].replace("0", "\u0660", 1),
        ),
    ],
)
def test_other_text_is_not_a_uuid(identity: str) -> None:
    assert said(audience(id=identity)) == [("not-a-uuid", "id")]


@pytest.mark.parametrize(
    "identity", [UUIDS[0], "6FB81599-f601-4AFE-b3ff-e8a211cae27d", "f" * 8 + UUIDS[0][8:]]
)
def test_uuid_is_accepted(identity: str) -> None:
    assert said(audience(id=identity)) == []


# --- Suggestions


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("active", "active"),
        ("ACTVE", "active"),
        ("state", "config.filters.state"),
        ("filters.state", "config.filters.state"),
        ("seniority", "role.seniority"),
        ("a.b.c", None),
        ("", None),
        ("z" * 60, "z" * 65),
        ("z" * 61, None),
    ],
)
def test_nearest_known_word_is_suggested(word: str, expected: str | None) -> None:
    known = [
        "active",
        "paused",
        "config.filters.state",
        "config.filters.seniority",
        "role.seniority",
        "z" * 65,
    ]
    assert suggestions.Suggestions().nearest(word, known) == expected


def test_dotted_word_prefers_a_dotted_one() -> None:
    known = ["companyIndustry", "company.industries"]
    assert suggestions.Suggestions().nearest("company.industry", known) == "company.industries"
    assert suggestions.Suggestions().nearest("companyIndustries", known) == "companyIndustry"


@pytest.mark.parametrize(
    ("status", "suggested"),
    [
        *((word, "active") for word in ("actve", "Active", "activ", "ACTIVE", "actived")),
        *((word, "paused") for word in ("pause", "pasued", "Paused.")),
        *((word, "draft") for word in ("drafts", "drfat")),
        *((word, None) for word in ("inactive", "archived", "live", "deactivated", "stopped", "")),
    ],
)
def test_status_is_suggested_only_where_meant(status: str, suggested: str | None) -> None:
    (found,) = schema.check(audience(status=status), "audience")
    listed = 'Write one of "active", "paused", "draft"'
    assert found.detail == (f'Did you mean "{suggested}"?' if suggested else listed)


def test_first_fifty_unknown_keys_get_suggestions() -> None:
    keys = {f"senority{number}": 1 for number in range(60)}
    wrong = {"topicIds": ["a"] * 100, "filters": keys}
    found = [problem for problem in schema.check(audience(config=wrong), "audience") if problem.at_key]
    assert [problem.detail for problem in found[:50]] == ['Did you mean "seniority"?'] * 50
    assert {problem.detail for problem in found[50:]} == {
        "Remove it, or see the schema for the filters that there are"
    }
