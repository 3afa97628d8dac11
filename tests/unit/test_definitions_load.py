"""Definition files in, desired audiences or every diagnostic out; a file in `definitions/` is a test."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from reconciler import definitions, schema
from reconciler.definitions.yaml import reader
from reconciler.definitions.yaml.source import MAX_BYTES
from reconciler.render import diagnostics
from tests.unit.strategies import UUIDS
from tests.unit.test_schema import CATALOGUE, SETS, SWITCHES

if TYPE_CHECKING:
    from reconciler.errors import Diagnostic
    from reconciler.model import Definition, Fields

EXAMPLES = Path(__file__).parent / "definitions"
VALID = sorted((EXAMPLES / "valid").iterdir())
INVALID = sorted((EXAMPLES / "invalid").glob("*.yaml"))
HEAD = f"id: {UUIDS[0]}\nname: Finance chiefs\n"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(content: str | bytes, name: str = "a.yaml") -> str:
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def load(content: str | bytes) -> definitions.Definitions:
    return definitions.load([write(content)])


def problems(content: str | bytes) -> list[str]:
    return lines(load(content).diagnostics)


def lines(found: tuple[Diagnostic, ...]) -> list[str]:
    return [diagnostics.diagnostic_line(diagnostic) for diagnostic in found]


def definition(content: str | bytes) -> Definition:
    loaded = load(content)
    assert lines(loaded.diagnostics) == []
    (found,) = loaded.definitions
    return found


def audience(**fields: Any) -> dict[str, Any]:
    return {"id": UUIDS[0], "name": "x", **fields}


# --- The files that are tests


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.name)
def test_valid_definition_is_valid_in_editors_too(file: Path) -> None:
    loaded = definitions.load([str(file)])
    assert lines(loaded.diagnostics) == []
    assert not loaded.has_errors
    assert [one.file for one in loaded.definitions] == [str(file)]
    document, _ = reader.read(file.read_bytes(), file.name)
    assert document is not None
    Draft202012Validator(schema.load("audience")).validate(document.value)


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.name)
def test_invalid_definition_has_its_expected_problems(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    loaded = definitions.load([file.name])
    assert loaded.definitions == ()
    assert loaded.has_errors
    expected = file.with_suffix(".expected").read_text("utf-8").splitlines()
    assert diagnostics.diagnostics(loaded.diagnostics).splitlines() == expected


def test_each_invalid_definition_has_expected_problems() -> None:
    names = {file.stem for file in INVALID}
    assert {file.stem for file in (EXAMPLES / "invalid").glob("*.expected")} == names
    assert len(list((EXAMPLES / "invalid").iterdir())) == 2 * len(names)


# --- The contract, field by field

MOST = list(range(1, 251))
NO_TEXT: list[Any] = [5, 1.5, True, [], ["a"], {}]
NO_NUMBER: list[Any] = [1.0, 70.0, True, False, "70", [], {}, 1e300]


def text_of(most: int | None = None) -> dict[str, list[Any]]:
    """Return what a text of 1 to so many characters may be, and what it must not be."""
    longest = ["x" * most, "é" * most, "\U0001f600" * most] if most else ["x" * 10_000]
    too_long = ["x" * (most + 1)] if most else []
    return {
        "ok": ["x", " ", "0", *longest],
        "too-short": [""],
        "too-long": too_long,
        "wrong-type": NO_TEXT,
        "no-value": [None],
    }


def number_of(least: int, most: int | None = None) -> dict[str, list[Any]]:
    over = [] if most is None else [most + 1, 10**17]
    highest = 10**17 if most is None else most
    return {
        "ok": [least, least + 1, highest],
        "out-of-range": [least - 1, -(10**17), *over],
        "wrong-type": NO_NUMBER,
        "no-value": [None],
    }


def one_of(*words: str) -> dict[str, list[Any]]:
    return {
        "ok": list(words),
        "unknown-value": ["", words[0].upper(), f" {words[0]}", "x"],
        "wrong-type": NO_TEXT,
        "no-value": [None],
    }


SET: dict[str, list[Any]] = {
    "ok": [["a"], ["a", "A", "a "], [str(number) for number in range(500)]],
    "too-few-items": [[]],
    "repeated-item": [["a", "b", "a"]],
    "wrong-type": ["a", 5, True, {}, {"a": "b"}],
    "no-value": [None],
}
SWITCH: dict[str, list[Any]] = {
    "ok": [True, False],
    "wrong-type": ["true", "yes", "", 0, 1, [], {}],
    "no-value": [None],
}
ENTRY: dict[str, list[Any]] = {
    "ok": [{"values": ["a"]}, {"values": ["a", "b"], "operator": "contains", "mode": "any"}],
    "missing-key": [{}],
    "wrong-type": [["a"], "a", True, 5],
    "no-value": [None],
}
BOUNDS: dict[str, dict[str, list[Any]]] = {
    "name": text_of(255),
    "status": one_of("active", "paused", "draft"),
    "audienceSize": number_of(0),
    "config": {
        "ok": [{"topicIds": [1]}],
        "missing-key": [{}],
        "wrong-type": [[], "a", 5],
        "no-value": [None],
    },
    "config.topicIds": {
        "ok": [[1], MOST, [117805, 102391]],
        "too-few-items": [[]],
        "too-many-items": [[*MOST, 251]],
        "repeated-item": [[1, 2, 1]],
        "wrong-type": [117805, "117805", True, {}],
        "no-value": [None],
    },
    "config.minScore": number_of(0, 100),
    "config.maxScore": number_of(1, 100),
    "config.minTopicOverlap": number_of(1, 250),
    "config.sourceUrl": {
        "ok": ["https://example.com/pricing?a=b#c"],
        "not-a-uri": ["", "example.com", "https://", "https://exa mple.com"],
        "wrong-type": NO_TEXT,
        "no-value": [None],
    },
    "config.filters": {"ok": [{}], "wrong-type": [[], "a", True, 5], "no-value": [None]},
    "config.filters.state": text_of(),
    "config.filters.gender": text_of(),
    "config.filters.isB2b": one_of("y", "n"),
    "config.filters.jobTitle": text_of(200),
    "config.filters.companyDomain": text_of(255),
    "config.filters.companyName": text_of(255),
    **{f"config.filters.{key}": SET for key in SETS},
    **{f"config.filters.{key}": SWITCH for key in SWITCHES},
    **{f"config.filters.{key}": ENTRY for key in CATALOGUE},
    **{f"config.filters.{key}.values": SET for key in CATALOGUE},
    **{f"config.filters.{key}.operator": text_of() for key in CATALOGUE},
    **{f"config.filters.{key}.mode": text_of() for key in CATALOGUE},
    "metadata.owner": text_of(),
    "metadata.description": {"ok": ["", "x"], "wrong-type": NO_TEXT, "no-value": [None]},
    "metadata.labels": {
        "ok": [{}, {"a": "b", "": "", "a.b": "c"}],
        "wrong-type": [[], "a", 5],
        "no-value": [None],
    },
    "lifecycle.protect": SWITCH,
    "lifecycle.ignore": {
        "ok": [[], ["status"], ["audienceSize", "config"]],
        "repeated-item": [["status", "status"]],
        "wrong-type": ["status", True, {}],
        "no-value": [None],
    },
}


def steps(path: str) -> list[str]:
    """Cut a path into its keys; a filter's key may hold a dot."""
    for key in CATALOGUE + SWITCHES:
        if f".{key}" in path and "." in key:
            before, _, after = path.partition(f".{key}")
            return [*before.split("."), key, *after.split(".")[1:]]
    return path.split(".")


def document(path: str, value: Any) -> dict[str, Any]:
    """Return a definition that is valid but for what the value at one path makes of it."""
    whole = audience()
    if path.startswith("config."):
        topics = MOST if path == "config.minTopicOverlap" else [1]  # which it must not be over
        whole["config"] = {"topicIds": topics, "minScore": 1, "filters": {}}
    *holders, last = steps(path)
    inner = whole
    for key in holders:
        inner = inner.setdefault(key, {"values": ["a"]} if key in CATALOGUE else {})
    inner[last] = value
    return whole


def test_table_has_every_field_that_is_sent() -> None:
    sent = {".".join(path) for path in schema.rules()}
    assert sent == {path for path in BOUNDS if not path.startswith(("metadata", "lifecycle"))}


@pytest.mark.parametrize("path", BOUNDS)
def test_bounds_of_every_field_are_checked(path: str) -> None:
    wrong = []
    for code, values in BOUNDS[path].items():
        for value in values:
            loaded = load(json.dumps(document(path, value), ensure_ascii=False))
            found = [(one.code, one.path) for one in loaded.diagnostics]
            place = f"{path}.{len(value) - 1}" if code == "repeated-item" else path
            expected = [] if code == "ok" else [(code, place)]
            if found != expected or len(loaded.definitions) != (code == "ok"):
                wrong.append((code, value, lines(loaded.diagnostics)))
    assert wrong == []


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        *(("config.topicIds", value, "wrong-type") for value in ("1", 1.0, True, ["1"])),
        *(("config.topicIds", value, "out-of-range") for value in (0, -1)),
        ("config.topicIds", None, "no-value"),
        *((f"config.filters.{key}", 5, "wrong-type") for key in SETS),
        *((f"config.filters.{key}", "", "too-short") for key in SETS),
        *((f"config.filters.{key}.values", True, "wrong-type") for key in CATALOGUE),
        *((f"config.filters.{key}.values", "", "too-short") for key in CATALOGUE),
        ("lifecycle.ignore", "", "too-short"),
        ("lifecycle.ignore", 5, "wrong-type"),
    ],
)
def test_bounds_of_an_item_are_checked(path: str, value: Any, code: str) -> None:
    good = 117805 if path == "config.topicIds" else "status"
    (found,) = load(json.dumps(document(path, [good, value]))).diagnostics
    assert (found.code, found.path) == (code, f"{path}.1")


def test_label_is_text() -> None:
    found = load(json.dumps(audience(metadata={"labels": {"a": "b", "team": 5, "c": None}}))).diagnostics
    assert [(one.code, one.path) for one in found] == [
        ("wrong-type", "metadata.labels.team"),
        ("no-value", "metadata.labels.c"),
    ]


@pytest.mark.parametrize("path", ["", "config", "config.filters", "metadata", "lifecycle"])
def test_unknown_key_is_refused(path: str) -> None:
    whole = document(f"{path}.zzz".removeprefix("."), 1)
    (found,) = load(json.dumps(whole)).diagnostics
    assert (found.code, found.path) == ("unknown-key", path or None)


@pytest.mark.parametrize("key", CATALOGUE)
def test_catalogue_filter_has_three_keys(key: str) -> None:
    (found,) = load(json.dumps(document(f"config.filters.{key}", {"values": ["a"], "zzz": 1}))).diagnostics
    assert (found.code, found.path) == ("unknown-key", f"config.filters.{key}")
    assert found.detail == "Remove it; the keys here are values, operator, mode"


@pytest.mark.parametrize(
    ("lower", "upper", "is_valid"),
    [(70, 70, True), (1, 100, True), (71, 70, False), (100, 1, False), (None, 1, True)],
)
def test_minimum_score_over_maximum_is_refused(lower: int | None, upper: int, *, is_valid: bool) -> None:
    config = {"topicIds": [1], "maxScore": upper} | ({} if lower is None else {"minScore": lower})
    found = load(json.dumps(audience(config=config))).diagnostics
    assert [one.code for one in found] == [] if is_valid else ["out-of-order"]


@pytest.mark.parametrize(
    ("overlap", "topics", "is_valid"),
    [(1, [1], True), (2, [1], False), (3, [1, 2, 3], True), (4, [1, 2, 3], False), (250, MOST, True)],
)
def test_overlap_over_number_of_topics_is_refused(overlap: int, topics: list[int], *, is_valid: bool) -> None:
    config = {"topicIds": topics, "minTopicOverlap": overlap}
    found = load(json.dumps(audience(config=config))).diagnostics
    assert [one.code for one in found] == [] if is_valid else ["out-of-order"]


# --- What a definition is


def test_definition_has_only_what_the_file_sets() -> None:
    found = definition("# c\nname: x\n'id': 6FB81599-F601-4afe-b3ff-e8a211cae27d\n")
    assert (found.id, found.name) == ("6fb81599-f601-4afe-b3ff-e8a211cae27d", "x")
    assert found.fields == {"name": "x"}
    assert (found.file, found.line, found.column) == ("a.yaml", 3, 1)
    assert (found.ignore, found.is_protected) == (frozenset(), False)


def test_definition_is_normalised() -> None:
    found = definition(
        HEAD
        + "status: paused\nconfig:\n  topicIds: [2, 1]\n  filters:\n    role.isVp: false\n"
        + "    role.seniority: {mode: any, values: [b, a]}\naudienceSize: 0\n"
        + "metadata: {owner: a}\nlifecycle: {ignore: [config.filters.state], protect: true}\n"
    )
    filters: Fields = {
        "role.isVp": False,
        "role.seniority": {"values": frozenset({"a", "b"}), "mode": "any"},
    }
    assert found.fields == {
        "name": "Finance chiefs",
        "status": "paused",
        "config": {"topicIds": frozenset({1, 2}), "filters": filters},
        "audienceSize": 0,
    }
    assert (found.ignore, found.is_protected) == (frozenset({"config.filters.state"}), True)


def test_empty_filters_are_absent() -> None:
    assert definition(HEAD + "config: {topicIds: [1], filters: {}}\n").fields["config"] == {
        "topicIds": frozenset({1})
    }


# --- Places and order


def test_every_problem_points_at_its_place() -> None:
    found = load(
        "# A comment moves everything down.\n"
        "nam: é\n"
        "status: 'actve'\n"
        "config:\n"
        "  minScore: 70.0\n"
        "  'ünknown': 1\n"
        "  filters:\n"
        '    "é😀": 1\n'
        "    seniority:\n"
        "      - vp\n"
        "      -   5\n"
        "    companySize: [a,  a]\n"
        "    role.seniority: {mode: any}\n"
    )
    assert [(one.code, one.line, one.column) for one in found.diagnostics] == [
        ("missing-key", 2, 1),
        ("missing-key", 2, 1),
        ("unknown-key", 2, 1),
        ("unknown-value", 3, 9),
        ("missing-key", 5, 3),
        ("wrong-type", 5, 13),
        ("unknown-key", 6, 3),
        ("unknown-key", 8, 5),
        ("wrong-type", 11, 11),
        ("repeated-item", 12, 23),
        ("mixed-generations", 13, 5),
        ("missing-key", 13, 21),
    ]


def test_message_has_place_problem_and_fix() -> None:
    write(
        f"# yaml-language-server: $schema=../schemas/audience.schema.json\nid: {UUIDS[0]}\nname: CFOs\n"
        "status: active\nconfig:\n  topicIds: [1]\n  filters:\n    hasPhone: true\n    senority: [c_suite]\n",
        "audiences.d/cfo.yaml",
    )
    assert lines(definitions.load(["audiences.d"]).diagnostics) == [
        'audiences.d/cfo.yaml:9:5: config.filters: unknown filter "senority". Did you mean "seniority"?'
    ]


def test_problems_of_all_files_are_sorted_by_place() -> None:
    write(HEAD + "status: x\nxyz: 1\n", "d/b.yaml")
    write("- 1\n", "d/a/z.yml")
    write(f"id: {UUIDS[1]}\nname: fine\n", "d/c.yaml")
    write(f"name: ''\nid: {UUIDS[0]}\n", "d/a.yaml")
    write("not: [closed\n", "d/a-b.yaml")
    loaded = definitions.load(["d"])
    assert [(one.file, one.line, one.code) for one in loaded.diagnostics] == [
        ("d/a-b.yaml", 1, "yaml-syntax"),
        ("d/a.yaml", 1, "too-short"),
        ("d/a/z.yml", 1, "wrong-type"),
        ("d/b.yaml", 1, "shared-id"),
        ("d/b.yaml", 3, "unknown-value"),
        ("d/b.yaml", 4, "unknown-key"),
    ]
    assert [one.name for one in loaded.definitions] == ["fine"]
    assert definitions.load(["d"]) == loaded


def test_order_of_paths_does_not_matter() -> None:
    names = [write(f"id: {UUIDS[number % 2]}\nname: n{number}\n", f"{number}.yaml") for number in range(4)]
    loaded = definitions.load(names)
    assert loaded == definitions.load(names[::-1])
    assert [one.file for one in loaded.definitions] == names
    assert [(one.file, one.summary) for one in loaded.diagnostics] == [
        ("2.yaml", "this id is also in 0.yaml:1:1"),
        ("3.yaml", "this id is also in 1.yaml:1:1"),
    ]


def test_parse_gives_what_load_gives() -> None:
    files = {
        "d/b.yaml": HEAD.encode(),
        "d/c.yml": HEAD.encode() + b"status: x\n",
        "d/a.yaml": b"",
    }
    for name, content in files.items():
        write(content, name)
    parsed = definitions.parse(files)
    assert parsed == definitions.load(["d"]) == definitions.parse(dict(sorted(files.items())))
    assert [one.code for one in parsed.diagnostics] == ["yaml-empty", "shared-id", "unknown-value"]
    assert [one.file for one in parsed.definitions] == ["d/b.yaml"]
    assert definitions.parse({}) == definitions.Definitions((), ())


@pytest.mark.parametrize(("size", "codes"), [(MAX_BYTES, []), (MAX_BYTES + 1, ["yaml-size"])])
def test_file_over_the_limit_is_refused(size: int, codes: list[str]) -> None:
    found = load(f"{HEAD}#".ljust(size, "x")).diagnostics
    assert [one.code for one in found] == codes


def test_endless_file_is_not_read_whole() -> None:
    with open("a.yaml", "wb") as file:  # noqa: PTH123 - sparse: it takes no room
        file.truncate(1024**4)
    assert [one.code for one in definitions.load(["a.yaml"]).diagnostics] == ["yaml-size"]


# --- Ids


def test_id_in_two_spellings_is_shared() -> None:
    write(f"name: a\nid: {UUIDS[0].replace('0', 'A')}\n", "a.yaml")
    write(f"name: b\nid: '{UUIDS[0].replace('0', 'a')}'\nstatus: x\n", "b.yaml")
    write(f"{{name: c, id: {UUIDS[0].replace('0', 'a')}}}\n", "c.yaml")
    fix = "One audience has one file: remove one, or correct its id."
    found = lines(definitions.load(["."]).diagnostics)
    assert found[0] == f"b.yaml:2:1: id: this id is also in a.yaml:2:1. {fix}"
    assert found[1].startswith("b.yaml:3:9: status: ")
    assert found[2:] == [f"c.yaml:1:11: id: this id is also in a.yaml:2:1. {fix}"]


def test_invalid_id_is_not_shared() -> None:
    for name in ("a", "b"):
        write("id: TODO\nname: x\n", f"{name}.yaml")
        write("name: x\n", f"{name}-2.yaml")
        write("- 1\n", f"{name}-3.yaml")
        write("id: 5\nname: x\n", f"{name}-4.yaml")
    assert {one.code for one in definitions.load(["."]).diagnostics} == {
        "not-a-uuid",
        "missing-key",
        "wrong-type",
    }


# --- Problems of the reader and of the schema together


@pytest.mark.parametrize(
    "value",
    [
        "*x",
        "!x 5",
        "! x",
        "[*x]",
        '"a\\eb"',
        "a\u202eb",
        "'a\x07'",
        "1234567890123456789",
        "|\n  a\n  b\x07\n",
    ],
)
def test_value_refused_by_reader_is_not_missing(value: str) -> None:
    codes = {one.code for one in load(HEAD + f"status: {value}\nxyz: 1\n").diagnostics}
    if value == "[*x]":
        assert codes == {"yaml-alias", "wrong-type", "unknown-key"}
    else:
        assert len(codes) == 2
        assert codes & {"no-value", "wrong-type", "missing-key", "unknown-value"} == set()
        assert "unknown-key" in codes


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        ("status: &a actve\n", ["unknown-value", "yaml-anchor"]),
        ("&a staus: active\n", ["yaml-anchor", "unknown-key"]),
        ("xyz: *a\n", ["unknown-key", "yaml-alias"]),
        ("status:\n1: x\n", ["no-value", "yaml-key"]),
        ("status:\n---\n", ["no-value", "yaml-document"]),
        ("# \u202e\nstatus:\n", ["yaml-control-character", "no-value"]),
        ("status:  # \u202e\n", ["no-value", "yaml-control-character"]),
        ("status: &a\n", ["no-value", "yaml-anchor"]),
        ("config: {topicIds: [*a, *a]}\n", ["yaml-alias", "yaml-alias"]),
        ("config: {topicIds: [1, *a], minTopicOverlap: 3}\n", ["yaml-alias", "out-of-order"]),
        ("lifecycle: {ignore: [&a zzz]}\n", ["unknown-path", "yaml-anchor"]),
    ],
)
def test_reader_problem_hides_no_other(content: str, codes: list[str]) -> None:
    assert [one.code for one in load(HEAD + content).diagnostics] == codes


def test_character_before_first_value_hides_nothing() -> None:
    found = load("# \u202e\n~\n").diagnostics
    assert [(one.code, one.line) for one in found] == [("yaml-control-character", 1), ("no-value", 2)]


def test_refused_first_key_hides_no_missing_key() -> None:
    found = [(one.code, one.line, one.column) for one in load("1: x\nname: y\n").diagnostics]
    assert found == [("missing-key", 1, 1), ("yaml-key", 1, 1)]


# --- lifecycle.ignore


@pytest.mark.parametrize(
    ("ignored", "fix"),
    [
        ("config.filters.sate", 'Did you mean "config.filters.state"?'),
        ("Config.Filters.State", 'Did you mean "config.filters.state"?'),
        ("state", 'Did you mean "config.filters.state"?'),
        ("filters.seniority", 'Did you mean "config.filters.seniority"?'),
        ("config.minscore", 'Did you mean "config.minScore"?'),
        ("staus", 'Did you mean "status"?'),
        ("config.filters.role.seniority.values", 'Did you mean "config.filters.role.seniority"?'),
        *(
            (path, "Name a field by its whole path, as a plan shows it")
            for path in (
                "id",
                "metadata.owner",
                "lifecycle.protect",
                "zzz",
                "*",
                "config.filters.*" + "x" * 90,
            )
        ),
    ],
)
def test_ignored_path_that_is_not_a_field(ignored: str, fix: str) -> None:
    (found,) = load(HEAD + f"lifecycle:\n  ignore:\n    -  '{ignored}'\n").diagnostics
    assert (found.code, found.path, found.line, found.column) == ("unknown-path", "lifecycle.ignore", 5, 8)
    assert found.detail == fix
    assert len(found.summary) < 100


@pytest.mark.parametrize(
    "path", sorted({".".join(path) for path in schema.rules() if len(path) < 4} - {"name", "config.topicIds"})
)
def test_every_omitted_field_can_be_ignored(path: str) -> None:
    config = "config: {topicIds: [1]}\n" if path.startswith("config.") else ""
    assert definition(HEAD + config + f"lifecycle: {{ignore: [{path}]}}\n").ignore == {path}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("name", 2),
        ("config", 3),
        ("config.topicIds", 4),
        ("config.filters", 5),
        ("config.filters.role.isVp", 6),
        ("config.filters.role.seniority", 7),
    ],
)
def test_ignored_path_that_the_file_sets(path: str, line: int) -> None:
    content = (
        "config:\n  topicIds: [1]\n  filters:\n    role.isVp: true\n    role.seniority:\n      values: [vp]\n"
    )
    (found,) = load(HEAD + content + f"lifecycle: {{ignore: [{path}]}}\n").diagnostics
    assert (found.code, found.path, found.line, found.column) == (
        "ignored-and-set",
        "lifecycle.ignore",
        9,
        22,
    )
    assert found.summary == f'"{path}" is ignored here and set at line {line}'


def test_ignore_of_wrong_shape_is_one_problem() -> None:
    shapes = ("{ignore: {a: zzz}}", "{ignore: zzz}", "[ignore]", "{ignore: [[zzz]]}", "{ignore: ['']}")
    for shape in shapes:
        assert len(load(HEAD + f"lifecycle: {shape}\n").diagnostics) == 1


# --- Large files within the limits

MANY = {
    "unknown keys": "".join(f"senority{number}: 1\n" for number in range(9_990)),
    "unknown filters": "config:\n  topicIds: [1]\n  filters:\n"
    + "".join(f"    jobTitle.inclued{number}: 1\n" for number in range(9_980)),
    "repeated items": f"config: {{topicIds: [{'117805,' * 19_900}]}}\n",
    "wrong types": f"config: {{topicIds: [{'a,' * 19_900}]}}\n",
    "wrong labels": "metadata:\n  labels:\n" + "".join(f"    a{number}: 1\n" for number in range(9_900)),
    "ignored paths": "lifecycle:\n  ignore:\n" + "    - config.filters.senority\n" * 19_900,
    "long keys": "".join(f"{'k' * 90}{number}: 1\n" for number in range(9_900)),
}
LONG = {
    "key": f'? "{"k" * 1_000_000}"\n: 1\n',
    "label": f'metadata:\n  labels:\n    ? "{"k" * 1_000_000}"\n    : 1\n',
    "status": f"status: {'a' * 1_000_000}\n",
    "digits in quotes": f"audienceSize: '{'1' * 1_000_000}'\n",
    "list in one word": f"config: {{topicIds: {'1' * 17}{'a' * 1_000_000}}}\n",
    "ignored path": f"lifecycle: {{ignore: [{'a' * 1_000_000}]}}\n",
    "address": f"config: {{topicIds: [1], sourceUrl: {'a' * 1_000_000}}}\n",
}


@pytest.mark.parametrize("name", MANY)
def test_file_full_of_problems_is_validated_quickly(name: str) -> None:
    file = write(HEAD + MANY[name])
    started = time.process_time()
    loaded = definitions.load([file])
    # Seconds of this machine, measured by coverage as well; what is quadratic takes minutes.
    assert time.process_time() - started < 8
    assert len(loaded.diagnostics) == 1001
    last = loaded.diagnostics[-1]
    assert (last.code, last.summary) == ("many-problems", "more than 1,000 problems in one file")
    assert (last.file, last.detail) == ("a.yaml", "Fix the first ones and run again")


@pytest.mark.parametrize("name", LONG)
def test_message_quotes_little_of_long_text(name: str) -> None:
    started = time.process_time()
    (found,) = load(HEAD + LONG[name]).diagnostics
    assert time.process_time() - started < 4
    assert len(diagnostics.diagnostic_line(found)) < 300
