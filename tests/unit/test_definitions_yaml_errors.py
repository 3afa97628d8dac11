"""Every kind of syntax error, with every parser: the code, the exact place and plain words."""

from __future__ import annotations

import pytest
import yaml

from reconciler.definitions.yaml.errors import explain
from reconciler.definitions.yaml.events import Fault
from tests.unit.yaml_parsers import PARSERS, read

TAB = ("a tab stands where only spaces may", "Indent with spaces")
NO_COLON = ("this line is not a key with a value", "a colon and a space")
GOES_ON = ("no key can start here, because the text of the line above goes on", "Indent it")
SECOND_COLON = ("a second colon makes a key where none can stand", "in quotes")
UNCLOSED = ("the quote that opens here is never closed", "Close it")
AFTER_VALUE = ("something follows the end of the value", "one pair of quotes")
INDENT = ("this line is indented neither like the lines before it nor one level deeper", "same column")
LIST = ('the list that opens here is not closed with "]"', 'Add "]"')
MAPPING = ('the mapping that opens here is not closed with "}"', 'Add "}"')
NO_KEY = ("a key is missing before this colon", "Write it.")
NO_VALUE = ("a value is missing here", "Write it.")
ESCAPE = ("a backslash is followed by something that it cannot stand before", "\\\\ for a backslash")
HALF = ("this escape is not a character", "\\U0001F600")
BLOCK_TEXT = ("the text after | or > starts on a new line", "indented by two")
NO_SPACE = ("a space is missing after this colon", '"key: value"')


def comma(closing: str) -> tuple[str, str]:
    return f'a comma or "{closing}" is missing before this', "Put a comma"


def sign(character: str) -> tuple[str, str]:
    return f'no value can start with "{character}"', "in quotes"


FAULTS: dict[str, tuple[int, int, tuple[str, str]]] = {
    # Tabs
    "a:\n\tb: 1\n": (2, 1, TAB),
    "a:\n  b: 1\n\tc: 2\n": (3, 1, TAB),
    "a:\n  - b\n \t- c\n": (3, 2, TAB),
    "a: |\n\tx\n": (2, 1, TAB),
    "a: |\n  \tx\n": (2, 3, TAB),
    "a: |2\n \tx\n": (2, 2, TAB),
    "-\tb\n": (1, 2, TAB),
    "? a\n\t: b\n": (2, 1, TAB),
    "a: 1\n\t# x\nb: 2": (2, 1, TAB),
    # Colons
    "id: 1\nname Foo\nb: 2\n": (2, 1, NO_COLON),
    "id: 1\nname:Foo\nb: 2\n": (2, 1, NO_COLON),
    "id: 1\nname Foo": (2, 1, NO_COLON),
    'id: 1\n"name" \nb: 2\n': (2, 1, NO_COLON),
    "a: 1\n[b\n": (2, 1, NO_COLON),
    "a: 1\n[b": (2, 1, NO_COLON),
    "a: 1\n" + "[" * 2000: (2, 1, NO_COLON),
    "- a\nb": (2, 1, NO_COLON),
    "c:\n  a:1\n  b: 2\n": (3, 3, GOES_ON),
    "c:\n  http://x/y\n  b: 2\n": (3, 3, GOES_ON),
    "a:\n  b: 1\n    c: 2\n": (3, 5, GOES_ON),
    "text\nb: 2\n": (2, 1, GOES_ON),
    "name: Foo: bar\n": (1, 10, SECOND_COLON),
    "name: 'Foo': bar\n": (1, 12, SECOND_COLON),
    "a: :\n": (1, 4, SECOND_COLON),
    "a: 1\n: 2\n": (2, 1, NO_KEY),
    "a: {: 2}\n": (1, 5, NO_KEY),
    "a: [1,\n  : 2]\n": (2, 3, NO_KEY),
    "- : 2\n": (1, 3, NO_KEY),
    "a: {b:}\n": (1, 6, NO_SPACE),
    "a: [b:, c]\n": (1, 6, NO_SPACE),
    # Quotes and escapes
    "a: 1\nb: 'x\nc: 2\n": (2, 4, UNCLOSED),
    'a: "x\n---\n': (1, 4, UNCLOSED),
    'a: "x\n... \n"\n': (1, 4, UNCLOSED),
    "a: 'x\n---\n'\n": (1, 4, UNCLOSED),
    'a: "x\\\n---\n"\n': (1, 4, UNCLOSED),
    'a: "x\\"\n': (1, 4, UNCLOSED),
    "a: 'x''\n": (1, 4, UNCLOSED),
    'a: "C:\\dir"\n': (1, 7, ESCAPE),
    'a: "\n  \\t\\\n  \\\'"\n': (3, 3, ESCAPE),
    'a: "\\u12"\n': (1, 5, ESCAPE),
    'a: "\\x4"\n': (1, 5, ESCAPE),
    'a: "\\U0001F60"\n': (1, 5, ESCAPE),
    'a: "\\ud83d\\ude00"\n': (1, 5, HALF),
    'a: "é\\U0000DFFF"\n': (1, 6, HALF),
    'a: "\\U00110000"\n': (1, 5, HALF),
    'a: 1\nb: "\\UFFFFFFFF"': (2, 5, HALF),
    'a: ["\\ud83d", @]': (1, 6, HALF),
    # What follows a value, and where a line starts
    "a: 'it's'\n": (1, 8, AFTER_VALUE),
    "a: [1]]\n": (1, 7, AFTER_VALUE),
    "a: {b: 1}}\n": (1, 10, AFTER_VALUE),
    "a: 'x' *y\n": (1, 8, AFTER_VALUE),
    "'a' b: c\n": (1, 5, AFTER_VALUE),
    "a: 'b\nc: 'd'\n": (2, 5, AFTER_VALUE),
    "a:\n  b: 1\n c: 2\n": (3, 2, INDENT),
    "a:\n  - b\n - c\n": (3, 2, INDENT),
    "a: |\n    x\n  y\n": (3, 3, INDENT),
    "- a\nb: 1\n": (2, 1, INDENT),
    "a: b\n- c\n": (2, 1, INDENT),
    # Brackets
    "a: [1, 2\nb: 3\n": (1, 4, LIST),
    "a: [1,\n": (1, 4, LIST),
    "a: [1,": (1, 4, LIST),
    "a: [b: c\n": (1, 4, LIST),
    "a: &x [b\n---\n": (1, 7, LIST),
    "a: [[1, 2]\n": (1, 4, LIST),
    "a: {b: 1\n": (1, 4, MAPPING),
    'a: ["x" "y"]\n': (1, 9, comma("]")),
    "a: [1}\n": (1, 6, comma("]")),
    "a: [}\n": (1, 5, comma("]")),
    "a: [1\n  b: 2]\n": (2, 4, comma("]")),
    'a: {"x": 1 "y": 2}\n': (1, 15, comma("}")),
    "a: {b: 1 c: 2}\n": (1, 11, comma("}")),
    "a: {b: {c: 1}\nd: 2\n": (2, 1, comma("}")),
    "a: {b: 1]\n": (1, 9, comma("}")),
    'a: ["x" -y]\n': (1, 9, comma("]")),
    "a: [1,,2]\n": (1, 7, NO_VALUE),
    "a: {,}\n": (1, 5, NO_VALUE),
    "a: [\n  - 1\n  ]\n": (2, 3, ('no item starts with "- " inside brackets', "Remove the sign")),
    # Signs
    "a: @x\n": (1, 4, sign("@")),
    "a: `x`\n": (1, 4, sign("`")),
    "a: [%b]\n": (1, 5, sign("%")),
    "a: %b\n": (1, 4, sign("%")),
    "a: [| b]\n": (1, 5, sign("|")),
    "a: }\n": (1, 4, sign("}")),
    "- ]\n": (1, 3, sign("]")),
    "]": (1, 1, sign("]")),
    "--- , x\n": (1, 5, sign(",")),
    "a: - b\n": (1, 4, ("a list cannot start here", "new line")),
    "a: ? b\n": (1, 4, ("no key can start here", "in quotes")),
    "a: | x\n  y\n": (1, 6, BLOCK_TEXT),
    "a: |0\n  y\n": (1, 5, BLOCK_TEXT),
    "a: >10\n  y\n": (1, 6, BLOCK_TEXT),
    "a: |+-\n  y\n": (1, 6, BLOCK_TEXT),
}
PROPERTIES = {
    "a: *": ("yaml-alias", 1, 4),
    "a: **VIP**": ("yaml-alias", 1, 4),
    "a: &x *y": ("yaml-alias", 1, 7),
    "a: [&x *y]": ("yaml-alias", 1, 8),
    "a: 1\n*VIP\nb: 2": ("yaml-alias", 2, 1),
    "a: & co": ("yaml-anchor", 1, 4),
    "a: R&D\nb: &": ("yaml-anchor", 2, 4),
    "a: !x &y &z b": ("yaml-anchor", 1, 10),
    "a: !x!y z": ("yaml-tag", 1, 4),
    "a: [!x!y z]": ("yaml-tag", 1, 5),
    "a: &x !x!y z": ("yaml-tag", 1, 7),
    "a: !<x y": ("yaml-tag", 1, 4),
    "a: !x, y": ("yaml-tag", 1, 4),
    'a: !"x"': ("yaml-tag", 1, 4),
    "a: !!": ("yaml-tag", 1, 4),
    "a: 1\n%off": ("yaml-directive", 2, 1),
    "a: 1\n%": ("yaml-directive", 2, 1),
    "a: 1\n%YAML x": ("yaml-directive", 2, 1),
    "a: [\n%TAG]": ("yaml-directive", 2, 1),
}


def library_words(text: str) -> set[str]:
    """Return what both of PyYAML's parsers say of a text."""
    said: set[str] = set()
    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        try:
            list(yaml.parse(text, Loader=loader))
        except yaml.MarkedYAMLError as error:
            said |= {words for words in (error.context, error.problem) if words}
        except (ValueError, OverflowError) as error:
            said.add(str(error))
    return said


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("text", FAULTS)
def test_syntax_errors_are_in_plain_words(text: str, parser: str) -> None:
    line, column, (summary, detail) = FAULTS[text]

    found, reported = read(parser, text.encode())

    problem = reported[-1]
    assert found is None
    assert (problem.code, problem.line, problem.column) == ("yaml-syntax", line, column)
    assert problem.summary == summary
    assert detail in problem.detail
    assert problem.detail.endswith(".")


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("text", PROPERTIES)
def test_text_starting_with_an_indicator_names_the_indicator(text: str, parser: str) -> None:
    _, reported = read(parser, text.encode())

    problem = reported[-1]
    assert (problem.code, problem.line, problem.column) == PROPERTIES[text]
    assert "put the whole text in quotes" in problem.detail


@pytest.mark.parametrize("text", [*FAULTS, *PROPERTIES])
def test_no_word_of_the_library_is_shown(text: str) -> None:
    shown = " ".join(f"{one.summary} {one.detail}" for one in read("libyaml", text.encode())[1])

    assert library_words(text)
    assert [words for words in library_words(text) if words in shown] == []


@pytest.mark.parametrize("parser", PARSERS)
def test_what_nothing_explains_is_called_invalid(parser: str) -> None:
    _, (problem,) = read(parser, b"- '\n  !it's")

    assert (problem.code, problem.line, problem.column) == ("yaml-syntax", 2, 7)
    assert problem.summary == "this is not valid YAML here"
    assert problem.detail.startswith("Check this line and the one above it.")


def test_unknown_fault_at_end_is_reported_as_invalid() -> None:
    found = explain(Fault(3, 3, is_token=True), "a: ")

    assert (found.code, found.index, found.summary) == ("yaml-syntax", 3, "this is not valid YAML here")
