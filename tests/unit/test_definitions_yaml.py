from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.definitions.yaml import events, reader
from reconciler.errors import SettingsError
from tests.unit.yaml_parsers import PARSERS, read

if TYPE_CHECKING:
    from reconciler.errors import Diagnostic

MIB = 1024 * 1024
BRACKETS = "[{" * 600


def problems(text: str | bytes) -> tuple[Diagnostic, ...]:
    data = text.encode() if isinstance(text, str) else text
    return reader.read(data, "a.yaml")[1]


def places(text: str | bytes) -> list[tuple[str, int | None, int | None]]:
    return [(found.code, found.line, found.column) for found in problems(text)]


def document(text: str | bytes) -> reader.Document:
    found, _ = reader.read(text.encode() if isinstance(text, str) else text, "a.yaml")
    assert found is not None
    return found


def value(text: str | bytes) -> Any:
    assert problems(text) == ()
    return document(text).value


def same(left: object, right: object) -> bool:
    """Compare as JSON does: `1`, `1.0` and `true` all differ."""
    return json.dumps(left) == json.dumps(right)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, None) for text in ("", "~", "null", "Null", "NULL")),
        *((text, True) for text in ("true", "True", "TRUE")),
        *((text, False) for text in ("false", "False", "FALSE")),
        *(
            ("0", 0),
            ("-0", 0),
            ("+7", 7),
            ("70", 70),
            ("-12", -12),
            ("0o17", 15),
            ("0x1F", 31),
            ("0xff", 255),
        ),
        *(("999999999999999999", 999999999999999999), ("-999999999999999999", -999999999999999999)),
        *(
            ("70.0", 70.0),
            ("1.", 1.0),
            (".5", 0.5),
            ("-.5", -0.5),
            ("+1.5", 1.5),
            ("1e3", 1000.0),
            ("1.5E-3", 0.0015),
        ),
        *((".inf", math.inf), ("-.Inf", -math.inf), ("+.INF", math.inf), ("-0.0", -0.0), ("014.5", 14.5)),
    ],
)
def test_core_schema(text: str, expected: object) -> None:
    assert same(value(f"key: {text}"), {"key": expected})


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_core_schema_nan(text: str) -> None:
    assert math.isnan(value(f"- {text}")[0])


@pytest.mark.parametrize(
    "text",
    [
        *(
            "no",
            "No",
            "yes",
            "on",
            "off",
            "y",
            "n",
            "tRue",
            "nULL",
            "none",
            "Infinity",
            "NaN",
            "-.nan",
            ".iNF",
            "inf",
        ),
        *(
            "014",
            "-01",
            "00",
            "1_000",
            "1:30",
            "2024-01-01",
            "2024-01-01T00:00:00Z",
            "0b11",
            "0o18",
            "0xg",
            "-0x1",
        ),
        *(
            "1e",
            "e1",
            ".",
            "+",
            "+-1",
            "1.2.3",
            "1 2",
            "--1",
            "1e5.0",
            "\u0663",
            "1\uff10",
            "=",
            "a:b",
            "https://x.y/z#a",
        ),
    ],
)
def test_text_that_other_readers_take_for_something_else(text: str) -> None:
    assert same(value(f"key: {text}"), {"key": text})


@pytest.mark.parametrize(
    "text", ["70", "null", "true", "", "~", "1.5", ".inf", "<<", "9" * 40, "*a", "!a", "&a"]
)
def test_quoted_and_block_scalars_are_always_text(text: str) -> None:
    assert value(f"- '{text}'\n- \"{text}\"\n") == [text, text]
    assert value(f"- |-\n  {text}\n- >-\n  {text}\n") == [text, text]


def test_line_endings_do_not_change_text_values() -> None:
    text = 'a: |\n  one\n  two\nb: "x\\n\\ty"\nc: one\n  two\n'
    expected = {"a": "one\ntwo\n", "b": "x\n\ty", "c": "one two"}
    assert value(text) == expected
    assert value(text.replace("\n", "\r\n")) == expected


def test_byte_order_mark_is_ignored() -> None:
    assert document(b"\xef\xbb\xbfid: x").keys == {("id",): reader.Mark(1, 1)}
    assert value(b"\xef\xbb\xbfid: x") == {"id": "x"}


def test_one_document_may_be_marked() -> None:
    assert value("# before\n---\na: 1\n...\n# after\n\n...\n") == {"a": 1}


@pytest.mark.parametrize(
    "text", ["é", "世界", "\U0001f600", "\U0001f468\u200d\U0001f469", "\u00a0", "\ufffd", "\ue000"]
)
def test_characters_beyond_ascii(text: str) -> None:
    assert value(f'a{text}: x{text} "{text}"  # {text}\nb: "{text}"') == {
        f"a{text}": f'x{text} "{text}"',
        "b": text,
    }


def test_places_of_values_and_keys() -> None:
    text = (
        "# comment\n"
        "id: x\n"
        "config:\n"
        "  topicIds: [1,  22]\n"
        "  'é😀': {b: \"c\", d: }\n"
        "list:\n"
        "- - 5\n"
        "  -\n"
        "text: |\n"
        "  x\n"
        "? long\n"
        ":   7\n"
    )
    found = document(text)
    assert found.value == {
        "id": "x",
        "config": {"topicIds": [1, 22], "é😀": {"b": "c", "d": None}},
        "list": [[5, None]],
        "text": "x\n",
        "long": 7,
    }
    assert {path: (mark.line, mark.column) for path, mark in found.values.items()} == {
        (): (2, 1),
        ("id",): (2, 5),
        ("config",): (4, 3),
        ("config", "topicIds"): (4, 13),
        ("config", "topicIds", 0): (4, 14),
        ("config", "topicIds", 1): (4, 18),
        ("config", "é😀"): (5, 9),
        ("config", "é😀", "b"): (5, 13),
        ("config", "é😀", "d"): (5, 21),
        ("list",): (7, 1),
        ("list", 0): (7, 3),
        ("list", 0, 0): (7, 5),
        ("list", 0, 1): (8, 4),
        ("text",): (9, 7),
        ("long",): (12, 5),
    }
    assert {path: (mark.line, mark.column) for path, mark in found.keys.items()} == {
        ("id",): (2, 1),
        ("config",): (3, 1),
        ("config", "topicIds"): (4, 3),
        ("config", "é😀"): (5, 3),
        ("config", "é😀", "b"): (5, 10),
        ("config", "é😀", "d"): (5, 18),
        ("list",): (6, 1),
        ("text",): (9, 1),
        ("long",): (11, 3),
    }


def test_missing_final_value_is_located_inside_the_file() -> None:
    assert document("a: 1\n? b").values["b",] == reader.Mark(2, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("- 1", [1]), ("[]", []), ("text", "text"), ("null", None), ("{}", {}), ("---#", "---#")],
)
def test_any_value_may_be_the_root(text: str, expected: object) -> None:
    assert same(value(text), expected)


INVISIBLE = {
    *(*range(9), 0xB, 0xC, 0xD, *range(0xE, 0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F),
    *(*range(0x2028, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000), 0xFEFF, 0xFFFE, 0xFFFF),
}


def json_objects(last_character: int) -> st.SearchStrategy[dict[str, Any]]:
    characters = st.one_of(
        st.characters(max_codepoint=0x7E),
        st.characters(max_codepoint=last_character),
        st.sampled_from(" :#-'\"\\<&*!\n\t"),
    ).filter(lambda character: ord(character) not in INVISIBLE)
    text = st.one_of(
        st.text(characters, max_size=12), st.sampled_from(["no", "70", "null", "<<", "1e5", "~", "014"])
    )
    integers = st.integers(-(10**18) + 1, 10**18 - 1)
    values = st.one_of(
        st.none(), st.booleans(), integers, st.floats(allow_nan=False, allow_infinity=False), text
    )
    for _ in range(3):
        values = st.one_of(values, st.lists(values, max_size=3), st.dictionaries(text, values, max_size=3))
    return st.dictionaries(text, values, max_size=4)


layouts = st.sampled_from([None, 0, 1, 4, "\t"])


@settings(deadline=None)
@given(json_objects(0x10FFFF), layouts)
def test_json_reads_the_same(expected: dict[str, Any], indent: int | str | None) -> None:
    assert same(value(json.dumps(expected, ensure_ascii=False, indent=indent)), expected)


# Beyond U+FFFF, JSON escapes halves of characters, which YAML does not know.
@settings(deadline=None)
@given(json_objects(0xFFFF), layouts)
def test_json_in_ascii_reads_the_same(expected: dict[str, Any], indent: int | str | None) -> None:
    assert same(value(json.dumps(expected, indent=indent)), expected)


@settings(deadline=None)
@given(json_objects(0x10FFFF), layouts)
def test_places_point_at_what_they_name(expected: dict[str, Any], indent: int | str | None) -> None:
    text = json.dumps(expected, ensure_ascii=False, indent=indent)
    lines = text.split("\n")
    found = document(text)
    for path, mark in found.values.items():
        inside: Any = found.value
        for step in path:
            inside = inside[step]
        token = json.dumps(inside, ensure_ascii=False)
        rest = lines[mark.line - 1][mark.column - 1 :]
        assert rest.startswith(token[0] if isinstance(inside, dict | list) else token)
    for path, mark in found.keys.items():
        assert lines[mark.line - 1][mark.column - 1 :].startswith(
            json.dumps(path[-1], ensure_ascii=False) + ":"
        )


def test_a_problem_says_everything_that_a_person_needs() -> None:
    (found,) = problems("config:\n  minScore: 70\n  'minScore': 80\n")
    assert found.is_error
    assert (found.file, found.line, found.column) == ("a.yaml", 3, 3)
    assert (found.code, found.path) == ("yaml-duplicate-key", "config.minScore")
    assert found.summary == 'the key "minScore" stands here again, first at line 2, column 3'
    assert found.detail == "Keep one of the two."


def test_all_problems_of_a_file_are_reported_together() -> None:
    text = (
        "%YAML 1.1\n"
        "---\n"
        "id: &anchor x\n"
        "name: *anchor\n"
        "<<: *anchor\n"
        "status: !!str active\n"
        "config: !own {a: [&b 1, *b]}\n"
        "70: seventy\n"
        "id: again\n"
        "size: 1234567890123456789\n"
        'e: "a\\e"\n'
        "f: ! 5  # \u202e\n"
        "? [x]\n"
        ": y\n"
        "---\n"
        "second\n"
    )
    assert [(found.code, found.line, found.column, found.path) for found in problems(text)] == [
        ("yaml-directive", 1, 1, None),
        ("yaml-anchor", 3, 5, "id"),
        ("yaml-alias", 4, 7, "name"),
        ("yaml-merge-key", 5, 1, None),
        ("yaml-alias", 5, 5, None),
        ("yaml-tag", 6, 9, "status"),
        ("yaml-tag", 7, 9, "config"),
        ("yaml-anchor", 7, 19, "config.a.0"),
        ("yaml-alias", 7, 25, "config.a.1"),
        ("yaml-key", 8, 1, None),
        ("yaml-duplicate-key", 9, 1, "id"),
        ("yaml-integer", 10, 7, "size"),
        ("yaml-control-character", 11, 6, "e"),
        ("yaml-tag", 12, 4, "f"),
        ("yaml-control-character", 12, 11, None),
        ("yaml-key", 13, 3, None),
        ("yaml-document", 15, 1, None),
    ]
    found = document(text)
    assert found.value == {
        "id": "x",
        "name": None,
        "status": None,
        "config": None,
        "size": None,
        "e": None,
        "f": None,
    }
    assert set(found.values) == {(), *((key,) for key in found.value)}
    assert set(found.keys) == {(key,) for key in found.value}


@pytest.mark.parametrize("point", sorted(INVISIBLE - {0xD, *range(0xD800, 0xE000)}))
def test_invisible_characters_are_refused_wherever_they_stand(point: int) -> None:
    character = chr(point)
    text = f"# a comment {character}\nname: Fo{character}o\nk{character}: 1\nlist: [a, 'b{character}']\n"
    text += f"text: |\n  a\n  b{character}\nlast: >\n  c\n"
    assert [place[1:] for place in places(text)] == [(1, 13), (2, 9), (3, 2), (4, 13), (7, 4)]
    assert {found.code for found in problems(text)} == {"yaml-control-character"}
    assert f"U+{point:04X}" in problems(text)[0].summary
    assert document(text).value == {"name": None, "list": ["a", None], "text": None, "last": "c\n"}


@pytest.mark.parametrize("point", sorted(INVISIBLE - set(range(0xD800, 0xE000))))
def test_invisible_characters_are_refused_as_escapes_too(point: int) -> None:
    text = f'a: ["ok", "1\\u{point:04x}\n  \\\\ \\U{point:08X}"]\nb: \'\\u{point:04x}\'\n'
    assert places(text) == [("yaml-control-character", 1, 13), ("yaml-control-character", 2, 6)]
    assert problems(text)[0].path == "a.1"
    assert f"U+{point:04X}" in problems(text)[0].summary
    assert document(text).value == {"a": ["ok", None], "b": f"\\u{point:04x}"}


@pytest.mark.parametrize("letter", "0abevfrNLP")
def test_short_escapes_of_invisible_characters(letter: str) -> None:
    assert places(f'a: "x\\{letter}"') == [("yaml-control-character", 1, 6)]
    assert places(f'"x\\{letter}": a') == [("yaml-control-character", 1, 3)]


def test_other_escapes_are_accepted() -> None:
    text = r'"\t\n\"\\\/\_\ \x41\u00e9\U0001F600\\e\\u202e"'
    assert value(text) == '\t\n"\\/\xa0 Aé\U0001f600\\e\\u202e'


def test_lone_carriage_return_in_a_comment_is_reported() -> None:
    text = "name: x # a comment\rstatus: active\r\nb: 1\n"
    assert places(text) == [("yaml-control-character", 1, 20)]
    assert document(text).value == {"name": "x", "b": 1}


def test_invisible_characters_have_names() -> None:
    assert [found.summary for found in problems("a: 1  # \u202e\x07\uffff")] == [
        "U+202E (right-to-left override) is not accepted",
        "U+0007 (control character) is not accepted",
        "U+FFFF (no character) is not accepted",
    ]


@pytest.mark.parametrize(
    ("data", "line", "column", "summary"),
    [
        (b"a: 1\nb: \xc3\xa9\xe9", 2, 5, "the byte 0xE9 is not UTF-8"),
        (b"\xef\xbb\xbfa: \xff", 1, 4, "the byte 0xFF is not UTF-8"),
        (b"a: \xed\xa0\x80", 1, 4, "the byte 0xED is not UTF-8"),
        (b"a: \xc0\xaf", 1, 4, "the byte 0xC0 is not UTF-8"),
        (b"a: \xe2\x82", 1, 4, "the byte 0xE2 is not UTF-8"),
        *(
            ("a: é".encode(encoding), 1, 1, "the file is in UTF-16 or UTF-32")
            for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
        ),
        (b"\xfe\xff\0a", 1, 1, "the file is in UTF-16 or UTF-32"),
        (b"\0\0\xfe\xff\0\0\0a", 1, 1, "the file is in UTF-16 or UTF-32"),
    ],
)
def test_only_utf_8_is_read(data: bytes, line: int, column: int, summary: str) -> None:
    found, (problem,) = reader.read(data, "a.yaml")
    assert found is None
    assert (problem.code, problem.line, problem.column) == ("yaml-encoding", line, column)
    assert problem.summary == summary


@pytest.mark.parametrize(
    "text", ["", "\n", "# only\n  # comments", "---\n", "---\n...\n", "\ufeff# x", "--- # x\n---"]
)
def test_an_empty_file(text: str) -> None:
    assert reader.read(text.encode(), "a.yaml")[0] is None
    assert places(text) == [("yaml-empty", 1, 1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n---\nb: [\n", [("yaml-document", 2, 1)]),
        ("--- {a: 1}\n...\n# x\nb: 2\n", [("yaml-document", 4, 1)]),
        ("a: 1\n...\n%YAML 1.2\n---\nb: 2\n", [("yaml-document", 3, 1)]),
        ("a: 1\n--- # nothing in it\n", [("yaml-document", 2, 1)]),
        ("a: 1\n%YAML 1.2\n---\nb: 2\n", [("yaml-document", 2, 1)]),
        ("{a: 1}\n...x\n", [("yaml-syntax", 2, 1)]),
        (
            "%TAG !e! x\n# y\n\n  \n%FOO bar\n---\na: 1\n",
            [("yaml-directive", 1, 1), ("yaml-directive", 5, 1)],
        ),
        ("{a: 1} b\n", [("yaml-syntax", 1, 8)]),
        ("  a: 1\nb: 2\n", [("yaml-syntax", 2, 1)]),
    ],
)
def test_there_is_one_document_in_a_file(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert places(text) == expected
    assert document(text).value == {"a": 1}


def test_document_markers_inside_text_are_text() -> None:
    assert value('a: |\n  ---\n  %YAML 1.2\nb: "x\n  %TAG"\nc: --- x\n...#: 1\n') == {
        "a": "---\n%YAML 1.2\n",
        "b": "x %TAG",
        "c": "--- x",
        "...#": 1,
    }


@pytest.mark.parametrize(
    "text", ["a: ! x", "a: !", "a: ! [1]", "a: !!int 5", "a: !x", "a: !<tag:x> {b: &c 1}", "a: ! 'x'"]
)
def test_tags_are_refused(text: str) -> None:
    assert [place for place in places(text) if place[0] != "yaml-anchor"] == [("yaml-tag", 1, 4)]
    assert document(text).value == {"a": None}


def test_tag_does_not_hide_other_problems() -> None:
    assert places('a: !x "\\e"') == [("yaml-tag", 1, 4), ("yaml-control-character", 1, 8)]


@pytest.mark.parametrize("tag", ["!", "!!str", "!own"])
def test_tag_on_key_does_not_change_the_key(tag: str) -> None:
    assert places(f"{tag} a: 1\nb: 2\n") == [("yaml-tag", 1, 1)]
    assert document(f"{tag} a: 1\nb: 2\n").value == {"a": 1, "b": 2}


def test_anchors_do_not_hide_what_else_is_wrong() -> None:
    text = "&k a: &x\n  b: 70\nc: &y !t 5\nd: 1\n"
    assert places(text) == [
        ("yaml-anchor", 1, 1),
        ("yaml-anchor", 1, 7),
        ("yaml-anchor", 3, 4),
        ("yaml-tag", 3, 4),
    ]
    assert document(text).value == {"a": {"b": 70}, "c": None, "d": 1}


def test_an_alias_bomb_is_not_unfolded() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
    assert {found.code for found in problems("\n".join(lines))} == {"yaml-anchor", "yaml-alias"}
    assert len(problems("\n".join(lines))) == 60 + 2 * 59


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        *(
            (f"{key}: x", f'Put it in quotes: "{key}".')
            for key in ("70", "null", "true", "1.5", "~", "0x1F", ".inf")
        ),
        ("?\n: x", "Write it before the colon."),
        ("{{ template }}: x", "A key is text. If it is part of a text, put the whole text in quotes."),
        ("? - a\n: x", "A key is text. If it is part of a text, put the whole text in quotes."),
    ],
)
def test_keys_are_text(text: str, detail: str) -> None:
    found = problems(text)
    assert {problem.code for problem in found} == {"yaml-key"}
    assert detail in {problem.detail for problem in found}
    assert document(text).value == {}
    assert set(document(text).values) == {()}


def test_quoted_keys_are_text() -> None:
    assert value('{"70": 1, \'null\': 2, "": 3, "<<": 4, no: 5}') == {
        "70": 1,
        "null": 2,
        "": 3,
        "<<": 4,
        "no": 5,
    }


def test_value_of_refused_key_is_checked_but_omitted() -> None:
    number = "12345678901234567890"
    text = f"1:\n  a: &x 1\n  a: 2\n  b: [*x]\n*k : v\nlong {number}: 1\n{number}: 1\nc: 3\n"
    assert places(text) == [
        ("yaml-key", 1, 1),
        ("yaml-anchor", 2, 6),
        ("yaml-duplicate-key", 3, 3),
        ("yaml-alias", 4, 7),
        ("yaml-alias", 5, 1),
        ("yaml-integer", 7, 1),
    ]
    found = document(text)
    assert found.value == {"long 12345678901234567890": 1, "c": 3}
    assert set(found.values) == {(), ("long 12345678901234567890",), ("c",)}


def test_the_first_of_two_twins_stays() -> None:
    text = 'a: {x: 1}\n"a": {y: &z 2}\n? a\n: [3]\n'
    assert places(text) == [
        ("yaml-duplicate-key", 2, 1),
        ("yaml-anchor", 2, 10),
        ("yaml-duplicate-key", 3, 3),
    ]
    found = document(text)
    assert found.value == {"a": {"x": 1}}
    assert set(found.values) == {(), ("a",), ("a", "x")}
    assert found.keys["a",] == reader.Mark(1, 1)


def test_refused_values_are_named() -> None:
    text = 'a: [*x, ok, "\\e"]\nb: !t {c: *x}\nd: 1234567890123456789\ne: x\x07\n1: *x\nf: &y ok\n'
    assert document(text).refused == {("a", 0), ("a", 2), ("b",), ("d",), ("e",)}
    assert document("*x").refused == {()}


def test_merge_indicator_is_refused_only_as_a_key() -> None:
    assert places("<<: {a: 1}\nb: <<\n") == [("yaml-merge-key", 1, 1)]
    assert document("<<: {a: 1}\nb: <<\n").value == {"b": "<<"}


def test_what_a_message_quotes_is_short() -> None:
    key = "k" * 5000
    found = problems(f'? "{key}"\n: {{"{key[:900]}\\n": {{a: &x 1, a: 2}}}}\n? {key}\n: 1\n')
    assert [problem.code for problem in found] == ["yaml-anchor", "yaml-duplicate-key", "yaml-duplicate-key"]
    assert all(len(problem.summary) < 200 and len(problem.path or "") <= 301 for problem in found)
    assert "\n" not in "".join(problem.summary for problem in found)


def test_file_of_one_mebibyte_is_the_largest_accepted() -> None:
    text = b"a: '" + b"x" * (MIB - 5) + b"'"
    assert len(value(text)["a"]) == MIB - 5
    assert reader.read(text + b"\n", "a.yaml")[0] is None
    assert places(text + b"\n") == [("yaml-size", 1, 1)]


@pytest.mark.parametrize(
    ("twenty", "more", "column"),
    [
        ("[" * 20 + "]" * 20, "[" * 21 + "]" * 21, 21),
        ("- " * 20 + "x", "- " * 21 + "x", 41),
        ("{a: " * 20 + "}" * 20, "{a: " * 21 + "}" * 21, 81),
        ("[" * 19 + "a: b" + "]" * 19, "[" * 20 + "a: b" + "]" * 20, 21),
    ],
)
def test_nesting_ends_at_twenty(twenty: str, more: str, column: int) -> None:
    assert problems(twenty) == ()
    assert reader.read(more.encode(), "a.yaml")[0] is None
    assert places(more) == [("yaml-depth", 1, column)]


def test_the_path_of_what_is_too_deep() -> None:
    assert problems("a:\n - " + "[" * 25)[0].path == ".".join(["a", *["0"] * 18])


# Where the twenty-first level of each nesting opens.
NESTING = {
    "[": (1, 21),
    "{": (1, 21),
    "? ": (1, 41),
    "- ": (1, 41),
    "{a: ": (1, 81),
    "[? ": (1, 31),
    "[{": (1, 21),
    "[&a ": (1, 78),
    "[\n": (21, 1),
    "a: [": (1, 41),
}


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("opening", NESTING)
def test_the_limit_on_nesting_is_ours(opening: str, parser: str) -> None:
    for size in (100, 999, 1001, 2000, MIB):
        found, reported = read(parser, (opening * (size // len(opening))).encode())

        assert found is None
        assert (reported[-1].code, reported[-1].line, reported[-1].column) == (
            "yaml-depth",
            *NESTING[opening],
        )


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    "text",
    [
        f'a: "{BRACKETS}"\n',
        f"a: '{BRACKETS}'\n",
        f"a: x {BRACKETS}\n",
        f"a: 1  # {BRACKETS}\n",
        f"a: |\n  {BRACKETS}\n",
        f"[\"{BRACKETS}\", '{BRACKETS}', x]  # {BRACKETS}\n",
        f'"{BRACKETS[:900]}": 1\n',
    ],
)
def test_brackets_in_texts_are_no_nesting(text: str, parser: str) -> None:
    assert read(parser, text.encode())[1] == ()


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    "text",
    [
        f'["{BRACKETS}", @]\n',
        f"- '{BRACKETS}\n",
        f"a: x {BRACKETS} : {BRACKETS}\n",
        f"# {BRACKETS}\na: @{BRACKETS}\n",
        f"a: |\n  {BRACKETS}\n b: c\n",
        f"{{'{BRACKETS}' \"{BRACKETS}\": @}}\n",
    ],
)
def test_brackets_in_scalars_or_comments_are_not_nesting(text: str, parser: str) -> None:
    assert [found.code for found in read(parser, text.encode())[1]] == ["yaml-syntax"]


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("fault", ['"\\q"', "@", "'x", "!<", "&", "x:]", '"x" -', "|", "a: 1, a: %"])
def test_fault_beyond_the_depth_limit_is_not_reported(fault: str, parser: str) -> None:
    for before in ("[" * 21, "[" * 30, "a: " + "{b: " * 20 + "[", "- " + "[" * 1000):
        column = {"[": 21, "a": 80, "-": 22}[before[0]]
        reported = read(parser, (before + fault).encode())[1]

        assert [(found.code, found.column) for found in reported] == [("yaml-depth", column)]


def test_file_holds_at_most_twenty_thousand_nodes() -> None:
    most = "[" + "x," * 19_999 + "]"
    assert len(value(most)) == 19_999
    assert reader.read(f"[{most}]".encode(), "a.yaml")[0] is None
    assert places(f"[{most}]") == [("yaml-size", 1, 2 * 19_999 + 1)]


@pytest.mark.parametrize("sign", ["", "+", "-"])
def test_integers_have_up_to_eighteen_digits(sign: str) -> None:
    assert value(f"a: {sign}{'9' * 18}") == {"a": int(sign + "9" * 18)}
    assert places(f"a: {sign}{'9' * 19}") == [("yaml-integer", 1, 4)]
    assert document(f"a: {sign}{'9' * 19}").value == {"a": None}


def test_too_long_integers_are_refused_in_any_base() -> None:
    assert places(f"- {'1' * 1_000_000}\n- 0x{'f' * 19}\n- 0o{'7' * 19}\n") == [
        ("yaml-integer", 1, 3),
        ("yaml-integer", 2, 3),
        ("yaml-integer", 3, 3),
    ]
    assert value(f"- 0x{'f' * 18}\n- 1.{'1' * 50}\n- 0{'1' * 30}") == [
        16**18 - 1,
        1.1111111111111112,
        "0" + "1" * 30,
    ]


def test_blanks_in_a_row() -> None:
    assert value("a:" + " " * 1000 + "1") == {"a": 1}
    assert reader.read(b"a: b\n" + b"c:" + b" \n" * 501, "a.yaml")[0] is None
    assert places(b"a: b\n" + b"c:" + b" \n" * 501) == [("yaml-size", 2, 3)]


def test_a_thousand_problems_are_listed() -> None:
    assert len(problems("[" + "&a x," * 1000 + "]")) == 1000
    more = problems("[" + "&a x,\n" * 1001 + "]")
    assert [found.code for found in more[-2:]] == ["yaml-anchor", "yaml-problems"]
    assert (len(more), more[-1].line, more[-1].summary) == (
        1001,
        1001,
        "more than 1,000 problems in one file",
    )


BLANKS = b" " * (MIB // 2)
TAGS = b"".join(b"%%TAG !%x! b\n" % number for number in range(70_000))
HOSTILE = {
    "words after blanks": b'a: "b' + BLANKS + b"a " * (MIB // 4 - 9) + b'"',
    "words after blanks of the length allowed": b"a: b" + BLANKS[:1000] + b"c " * (MIB // 2 - 600),
    "lines after blanks of the length allowed": b"a: 'b" + b"\n" * 1000 + b"c\n" * (MIB // 2 - 600) + b"'",
    "blanks of the length allowed": b"a: b" + (BLANKS[:1000] + b"x") * (MIB // 1001 - 1),
    "tag directives": TAGS,
    "tag directives after the document": b"a: 1\n...\n" + TAGS,
    "tag directives inside the document": b"a: 1\n" + TAGS,
    "invisible characters": b"\x01" * MIB,
    "carriage returns": b"\r" * MIB,
    "line breaks": b"a\n" * (MIB // 2),
    "comments": b"#\n" * (MIB // 2),
    "escapes": b'"' + b"\\t" * (MIB // 2 - 1) + b'"',
    "refused escapes": b'"' + b"\\e" * (MIB // 2 - 1) + b'"',
    "documents": b"---\n" * (MIB // 4),
    "anchors": b"- &a b\n" * (MIB // 7),
    "twins": b"a: b\n" * (MIB // 5),
    "keys": b"".join(b"k%d: 1\n" % number for number in range(80_000)),
    "long keys": (b"[" + b'"' + b"k" * 1000 + b'": 1,') * 1000,
    "a long path": b'? "' + b"k" * (MIB // 2) + b'"\n: [' + b"&a b," * 19_000 + b"]",
    "digits": b"a: " + b"1" * (MIB - 3),
    "a fraction": b"a: 0." + b"1" * (MIB - 5),
    "wide characters": b"a: " + "\U0001f600".encode() * (MIB // 4 - 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_within_the_limits_takes_long(name: str) -> None:
    data = HOSTILE[name]
    assert len(data) <= MIB
    started = time.process_time()
    reader.read(data, "a.yaml")
    # A second is what is promised; another is for slow machines and for the measuring of coverage.
    assert time.process_time() - started < 2


def test_problems_before_a_syntax_error_are_reported() -> None:
    assert places("a: &x 1\na: 2\nb: [\x07\n") == [
        ("yaml-anchor", 1, 4),
        ("yaml-duplicate-key", 2, 1),
        ("yaml-syntax", 3, 4),
        ("yaml-control-character", 3, 5),
    ]


def test_problems_before_fault_on_same_line_are_reported() -> None:
    assert places("{a: &x 1, a: 2, b: @}") == [
        ("yaml-anchor", 1, 5),
        ("yaml-duplicate-key", 1, 11),
        ("yaml-syntax", 1, 20),
    ]


def test_what_a_fault_cuts_off_is_not_judged() -> None:
    assert places("{? @: 1}") == [("yaml-syntax", 1, 4)]
    assert places("{&a @: 1}") == [("yaml-syntax", 1, 5)]


def test_pyyaml_without_libyaml_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_LOADER", None)

    with pytest.raises(SettingsError, match="PyYAML is installed without libyaml"):
        reader.read(b"a: 1", "a.yaml")
