"""Values written back into a definition's text: what stays, byte for byte, and what is read afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.definitions import edit
from reconciler.definitions.edit import REMOVED, Edit
from reconciler.definitions.yaml import reader, writing
from reconciler.errors import FileError
from tests.unit.strategies import patient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import Json

FILTERS = ("config", "filters")
INDENT = {"config": 1, "config.filters": 2}
COMMENTS = st.sampled_from(["", "", "  # why: größe 🎯", " # a, [b] 'c' \"d\"", "   #"])
WORDS = [
    "vp",
    "c_suite",
    "Zürich",
    "on",
    "a: b",
    "it's",
    "x, y",
    "[crm]",
    "# no",
    "014",
    "1e3",
    "-",
    "two words",
]


def reading(data: bytes) -> Any:
    document, problems = reader.read(data, "a.yaml")
    assert document is not None
    assert not problems
    return document.value


def edited(text: str, *edits: Edit) -> str:
    return edit.apply(text.encode(), edits, "a.yaml").decode()


def spelled(value: Json, quote: str, *, in_flow: bool = False) -> str:
    return writing.scalar(value, quote, in_flow=in_flow)


@dataclass(frozen=True)
class Leaf:
    """A key as somebody may have written it; `items` are a list's members with their comments."""

    key: str
    value: Json = None
    items: tuple[tuple[Json, str], ...] = ()
    style: str = ""
    above: str = ""
    comment: str = ""
    trailing_comma: bool = False

    def lines(self) -> list[str]:
        if self.style == "gone":
            return [self.key]
        above = [self.above.strip()] if self.above.strip() else []
        return above + ([f"{self.key}: {self.value}{self.comment}"] if not self.items else self._list())

    def _list(self) -> list[str]:
        texts = [str(item) for item, _ in self.items]
        if self.style == "flow":
            return [f"{self.key}: [{', '.join(texts)}{', ' if self.trailing_comma else ''}]{self.comment}"]
        if self.style == "block":
            return [f"{self.key}:{self.comment}", *(f"  -  {item}{comment}" for item, comment in self.items)]
        last = len(texts) - 1
        commas = ["," if index < last or self.trailing_comma else "" for index in range(last + 1)]
        members = zip(texts, commas, (comment for _, comment in self.items), strict=True)
        return [
            f"{self.key}: [{self.comment}",
            *(f"   {text}{comma}{note}" for text, comma, note in members),
            "  ]",
        ]


@dataclass(frozen=True)
class Written:
    """A file: its leaves by the mapping that they are in, in the order of the schema."""

    leaves: dict[str, list[Leaf]] = field(default_factory=dict)
    ending: str = "\n"
    is_complete: bool = True
    mark: str = ""

    def data(self) -> bytes:
        lines = [line for leaf in self.leaves[""] for line in leaf.lines()]
        for name in ("config", "config.filters"):
            inner = "  " * INDENT[name]
            lines.append(f"{inner[2:]}{name.split('.')[-1]}:")
            lines += [inner + line for leaf in self.leaves[name] for line in leaf.lines()]
        text = self.ending.join(lines) + (self.ending if self.is_complete else "")
        return (self.mark + text).encode()


@st.composite
def leaf(draw: st.DrawFn, key: str, values: Sequence[Any] | None, *, is_list: bool) -> Leaf:
    style = draw(st.sampled_from(["flow", "lines", "block"]))
    quote = draw(st.sampled_from(["", "'", '"']))
    written = Leaf(key, style=style, above=draw(COMMENTS), comment=draw(COMMENTS))
    if not is_list:
        return replace(written, value=spelled(draw(st.sampled_from(values or [70])), quote))
    members = draw(st.lists(st.sampled_from(values or [1, 22, 333, 4]), min_size=1, max_size=4, unique=True))
    texts = [spelled(one, quote, in_flow=style != "block") for one in members]
    items = tuple((text, draw(COMMENTS)) for text in texts)
    return replace(written, items=items, trailing_comma=draw(st.booleans()))


@st.composite
def written(draw: st.DrawFn) -> Written:
    kinds: dict[str, dict[str, tuple[Sequence[Any] | None, bool]]] = {
        "": {"id": (["x"], False), "name": (WORDS, False), "status": (["draft"], False)},
        "config": {"topicIds": (None, True), "minScore": ([70, 0], False)},
        "config.filters": {"seniority": (WORDS, True), "state": (WORDS, False), "hasPhone": ([True], False)},
    }
    leaves = {
        name: [draw(leaf(key, values, is_list=is_list)) for key, (values, is_list) in keys.items()]
        for name, keys in kinds.items()
    }
    ending, mark = draw(st.sampled_from(["\n", "\r\n"])), draw(st.sampled_from(["", "\ufeff"]))
    return Written(leaves, ending, draw(st.booleans()), mark)


def quote_of(text: object) -> str:
    return str(text)[0] if str(text)[:1] in {'"', "'"} else ""


@st.composite
def changed(draw: st.DrawFn, one: Leaf, path: tuple[str, ...]) -> tuple[Leaf | None, Edit]:
    """Draw an edit of a leaf, and what the leaf should look like afterwards."""
    if not one.items:
        if len(path) > 1 and path[-1] != "minScore" and draw(st.booleans()):
            return None, Edit(path, REMOVED)
        value: Any = draw(st.sampled_from([*WORDS, 7, True]) | st.text("a:#, 'é\"\\", min_size=1, max_size=4))
        return replace(one, value=spelled(value, quote_of(one.value))), Edit(path, value)
    kept = draw(st.lists(st.sampled_from(one.items), unique=True)) if draw(st.booleans()) else list(one.items)
    kept = [item for item in one.items if item in kept]
    values = [
        reading(f"a: [{item}]".encode() if one.style != "block" else f"a:\n- {item}".encode())["a"][0]
        for item, _ in kept
    ]
    new: Any = draw(
        st.lists(st.sampled_from(["new", "no", "x]", 5, 117805]), min_size=not kept, max_size=2, unique=True)
    )
    quote = quote_of(one.items[-1][0])
    items: Any = (*kept, *((spelled(item, quote, in_flow=one.style != "block"), "") for item in new))
    return replace(one, items=items), Edit(path, [*values, *new])


@settings(patient, max_examples=40)
@given(st.data())
def test_every_byte_outside_touched_values_stays(data: st.DataObject) -> None:
    before = data.draw(written())
    edits, leaves = [], dict(before.leaves)
    for name, ones in before.leaves.items():
        path = tuple(name.split(".")) if name else ()
        after = []
        for one in ones:
            if one.key == "id" or data.draw(st.booleans()):
                after.append(one)
                continue
            left, asked = data.draw(changed(one, (*path, one.key)))
            edits.append(asked)
            # The line above speaks of the key that went, and is not ours to take.
            after += [left] if left else [Leaf(one.above.strip(), style="gone")] if one.above.strip() else []
        leaves[name] = after

    assert edit.apply(before.data(), edits, "a.yaml") == replace(before, leaves=leaves).data()


OLD_READERS = st.text("0123456789_.:-+eExobnyfalsetru~= #,", max_size=6) | st.text(max_size=4)


@patient
@given(OLD_READERS, st.booleans(), st.sampled_from(["", "'", '"']))
def test_written_text_reads_back_everywhere(text: str, in_flow: bool, quote: str) -> None:  # noqa: FBT001
    written = f"a: [{spelled(text, quote, in_flow=True)}]" if in_flow else f"a: {spelled(text, quote)}"
    document, problems = reader.read(written.encode(errors="replace"), "a.yaml")
    if problems:  # a character that no definition may hold
        return
    assert document is not None
    expected = {"a": [text] if in_flow else text}
    assert document.value == yaml.safe_load(written) == expected


@pytest.mark.parametrize(
    ("text", "is_quoted"),
    [
        (word, True)
        for word in ("y", "No", "ON", "1:30", "1_000", "014", "0b1", "2024-01-01", ".inf", "1e3", "=", "")
    ]
    + [
        (word, False)
        for word in ("101 to 250", "35-44", "c_suite", "a:b", "größe 🎯", "x, y", "https://x.test/a#b")
    ],
)
def test_text_is_quoted_where_some_reader_errs(text: str, is_quoted: bool) -> None:  # noqa: FBT001
    assert writing.scalar(text).startswith('"') is is_quoted


HEAD = "id: x\nname: y\n"
STATE, SENIORITY = (*FILTERS, "state"), (*FILTERS, "seniority")
MODE = (*FILTERS, "role.seniority", "mode")
VALUES = (*MODE[:-1], "values")


@pytest.mark.parametrize(
    ("before", "edits", "after"),
    [
        ("id: x\nmetadata: {}\n", [Edit(("status",), "draft")], "id: x\nstatus: draft\nmetadata: {}\n"),
        ("metadata: {}\n", [Edit(("id",), "x")], "id: x\nmetadata: {}\n"),
        ("# top\nid: x\n", [Edit(("zzz",), 1)], "# top\nid: x\nzzz: 1\n"),
        ("{}", [Edit(("name",), "a, b")], '{name: "a, b"}'),
        ("{name: a, id: x}", [Edit(("name",), REMOVED)], "{id: x}"),
        ("{name: a} # c", [Edit(("name",), REMOVED)], "{} # c"),
        ("{name: a}", [Edit(("id",), "x"), Edit(("status",), "b")], "{id: x, name: a, status: b}"),
        (
            '{"name": "a"}',
            [Edit(("config",), {"topicIds": [1]})],
            '{"name": "a", "config": {"topicIds": [1]}}',
        ),
        ('{\n "name": "a" # c\n}', [Edit(("status",), "b")], '{\n "name": "a", # c\n "status": "b"\n}'),
        ('{\n "name": "a"\n}', [Edit(("id",), "b")], '{\n "id": "b",\n "name": "a"\n}'),
        ("name: >- # c\n  a\n  b\n\nid: x\n", [Edit(("name",), "nn")], "name: nn # c\n\nid: x\n"),
        ("name: |+\n  a\n\n", [Edit(("name",), "b")], "name: b\n"),
        ("name:\n  a\nid: x\n", [Edit(("name",), "b")], "name: b\nid: x\n"),
        ("name: # c\n  a\n", [Edit(("name",), "b")], "name: b # c\n"),
        ("config:\n", [Edit(("config", "minScore"), 5)], "config: {minScore: 5}\n"),
        (HEAD + "status: b", [Edit(("status",), REMOVED)], HEAD.removesuffix("\n")),
        (
            HEAD + "config:\n  filters: # c\n    # d\n    state: a # e\n",
            [Edit(STATE, REMOVED)],
            HEAD + "    # d\n",
        ),
        (
            "config:\n  minScore: 1\n  filters: {state: a}\n",
            [Edit(STATE, REMOVED)],
            "config:\n  minScore: 1\n",
        ),
        (
            "config:\n  filters:\n    # top\n\n    # levels\n    seniority: [a]\n",
            [Edit((*FILTERS, "companyIndustry"), ["b"])],
            "config:\n  filters:\n    # top\n\n    companyIndustry: [b]\n    # levels\n    seniority: [a]\n",
        ),
        (
            "config:\n  topicIds:\n  - 1\n",
            [Edit(STATE, "a")],
            "config:\n  topicIds:\n  - 1\n  filters:\n    state: a\n",
        ),
        (
            "config:\n  topicIds:\n  - 1\n",
            [Edit(SENIORITY, ["a"])],
            "config:\n  topicIds:\n  - 1\n  filters:\n    seniority:\n      - a\n",
        ),
        (
            "config:\n  filters:\n    company.names: {values: [a]}\n",
            [Edit(VALUES, ["vp"]), Edit(MODE, "any")],
            (
                "config:\n  filters:\n    company.names: {values: [a]}\n"
                "    role.seniority: {values: [vp], mode: any}\n"
            ),
        ),
        (
            "{id: x, # c\n metadata: {}}\n",
            [Edit(("name",), "aa")],
            "{id: x, # c\n  name: aa,\n metadata: {}}\n",
        ),
        ("a: [1, # c\n  2]\n", [Edit(("a",), [1])], "a: [1 # c\n]\n"),
        ("a: [1, 2, # c\n  3]\n", [Edit(("a",), [1, 3])], "a: [1, # c\n  3]\n"),
        ("a: [1, 2 # c\n  ]\n", [Edit(("a",), [1, 2, 3])], "a: [1, 2, # c\n  3\n  ]\n"),
        ("a: [1 # c\n  , 2]\n", [Edit(("a",), [2])], "a: [ # c\n   2]\n"),
        ("a:\n-\n  1\n- 2\n", [Edit(("a",), [2, 3])], "a:\n- 2\n- 3\n"),
        ("a: [1]\n", [Edit(("a",), [])], "a: []\n"),
        ("a:\n- - 1\n- 2\n", [Edit(("a",), [2])], "a:\n- 2\n"),
        ("a: []\n", [Edit(("a",), [1, 2])], "a: [1, 2]\n"),
        ("a: # c\n  - 1\n", [Edit(("a",), "b")], "a: b # c\n"),
        ("b:\n- 1\n- 2\n", [Edit(("b",), [2, 3])], "b:\n- 2\n- 3\n"),
        ("a: {b: {c: 1}}\nd: 1\n", [Edit(("a", "b", "c"), REMOVED)], "d: 1\n"),
        ("a: {b: {c: 1}, d: 2}\n", [Edit(("a", "b", "c"), REMOVED)], "a: {d: 2}\n"),
        ("id: x\n", [Edit(("name",), REMOVED), Edit(STATE, REMOVED)], "id: x\n"),
    ],
)  # fmt: skip
def test_value_is_written_in_the_files_manner(before: str, edits: list[Edit], after: str) -> None:
    assert edited(before, *edits) == after


@pytest.mark.parametrize(
    ("before", "asked", "message"),
    [
        ("name: a\n", Edit(("name",), "\u202ea"), 'name cannot be written into a.yaml as "\\u202ea"'),
        ("name: a\n", Edit(("name",), "\ud800"), 'name cannot be written into a.yaml as "\\ud800"'),
        ("? name\n: a\nid: x\n", Edit(("name",), REMOVED), "name cannot be removed from a.yaml"),
        ("{name, id: x}\n", Edit(("name",), "a"), 'name cannot be written into a.yaml as "a"'),
        ("a: [[1], 2]\n", Edit(("a",), [2, [1]]), "a cannot be written into a.yaml as [2, [1]]"),
        ("name: [a\n", Edit(("name",), "a"), "a.yaml is not a definition"),
    ],
)
def test_what_cannot_be_written_is_named(before: str, asked: Edit, message: str) -> None:
    with pytest.raises(FileError) as failed:
        edited(before, asked)
    assert failed.value.summary == message
