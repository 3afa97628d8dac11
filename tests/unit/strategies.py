"""Documents for hypothesis to try, drawn from what the audience schema allows."""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st

from reconciler import schema
from reconciler.model import Audience, Definition, Rule, normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Fields, Json, Path

patient = settings(deadline=None)  # a busy machine is no defect
RULES = schema.rules()
UUIDS = [f"00000000-0000-4000-8000-{number:012d}" for number in range(8)]
UNKNOWN_KEYS = ["xNew", "x.new", "__private", "a']['b", "", "1", "größe", "\u202e"]
WORDS = ["a", "b", "director", "Zürich", "\u202eevil", "\ud800", "1", "true", ""]
NUMBERS = [1, 2, 70, 100, 117805]

scalars = st.sampled_from([True, False, 0, 1, 1.0, 70, 70.0, 0.5, "1", "true", "", "é", "e\u0301"])
unknown_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner | st.none(), max_size=2)
        | st.dictionaries(st.sampled_from([*UNKNOWN_KEYS, "values"]), inner | st.none(), max_size=2)
    ),
    max_leaves=4,
)


@cache
def children(path: Path) -> dict[str, Rule]:
    return {known[-1]: rule for known, rule in RULES.items() if known[:-1] == path}


# A strategy is made once: hypothesis examines each new one before it draws, which takes longer than to draw.


@cache
def scalar(kind: str) -> st.SearchStrategy[Json]:
    words = st.sampled_from(WORDS) | st.text(max_size=3)
    kinds: Mapping[str, st.SearchStrategy[Json]] = {
        "string": words,
        "integer": st.sampled_from(NUMBERS),
        "boolean": st.booleans(),
    }
    return kinds[kind]


@cache
def _members(kind: str, *, unique: bool) -> st.SearchStrategy[list[Json]]:
    return st.lists(scalar(kind), min_size=1, max_size=3, unique=unique)


@cache
def _some(names: tuple[str, ...], max_size: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), max_size=max_size)


@cache
def _subsets(names: tuple[str, ...]) -> st.SearchStrategy[set[str]]:
    return st.sets(st.sampled_from(names))


_unknown_fields = st.dictionaries(st.sampled_from(UNKNOWN_KEYS), unknown_values, max_size=2)
_orders = st.integers(0, 255)
_statuses = st.sampled_from(["active", "paused", "draft"])


@cache
def values(path: Path, *, live: bool) -> st.SearchStrategy[Any]:
    """Draw a value for a field; a live one may also hold nulls, repeats and keys that no schema knows."""
    rule = RULES[path]
    if rule.kind == "set":
        items = _members(rule.items, unique=not live)
        return items if live else items.map(lambda drawn: list(dict.fromkeys(drawn)))
    return _objects(path, live=live) if rule.kind in {"object", "group"} else scalar(rule.kind)


@st.composite
def _objects(draw: st.DrawFn, path: Path, *, live: bool) -> dict[str, Any]:
    known = children(path)
    required = [key for key in ("topicIds", "values") if key in known]
    keys = {*required, *draw(_some(tuple(sorted(known)), 4))}
    document = {key: draw(values((*path, key), live=live)) for key in sorted(keys)}
    if live:
        document |= draw(_unknown_fields)
        document |= dict.fromkeys(draw(_some(tuple(sorted(known)), 1)))
    order = draw(_orders)
    return {key: document[key] for key in random.Random(order).sample(list(document), len(document))}


@cache
def documents(*, live: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Draw the writable fields of a definition or of a live audience, as JSON."""
    return _documents(live=live)


@st.composite
def _documents(draw: st.DrawFn, *, live: bool) -> dict[str, Any]:
    keys = [key for key in children(()) if key == "name" or draw(st.booleans())]
    document = {key: draw(values((key,), live=live)) for key in keys}
    if "status" in document:
        document["status"] = draw(_statuses)
    return document


def normal(document: Mapping[str, Json]) -> Fields:
    fields = {key: normalise(value, RULES, (key,)) for key, value in document.items()}
    return {key: value for key, value in fields.items() if value is not None}


def shuffled(value: Any, source: random.Random, path: tuple[str, ...] = ()) -> Any:
    """Put keys, and the members of what the schema calls a set, into another order."""
    if isinstance(value, dict):
        keys = source.sample(sorted(value), len(value))
        return {key: shuffled(value[key], source, (*path, key)) for key in keys}
    if isinstance(value, list) and path in RULES:
        return source.sample(value, len(value))
    return value


_lines = st.integers(1, 9)


@cache
def definitions(identity: str = UUIDS[0]) -> st.SearchStrategy[Definition]:
    return _definitions(identity)


@st.composite
def _definitions(draw: st.DrawFn, identity: str) -> Definition:
    document = draw(documents(live=False))
    return Definition(
        id=identity,
        name=document["name"],
        file=f"audiences.d/{identity[-2:]}.yaml",
        line=draw(_lines),
        column=1,
        fields=normal(document),
        ignore=frozenset(draw(_some(tuple(ignorable(document)), 2))),
        is_protected=draw(st.booleans()),
    )


def ignorable(document: Mapping[str, Any]) -> list[str]:
    """Name the paths that a definition may ignore: those that it does not set."""
    config = document.get("config", {})
    filters = config.get("filters", {})
    return [
        *(f"config.{key}" for key in children(("config",)) if key not in config),
        *(f"config.filters.{key}" for key in children(("config", "filters")) if key not in filters),
    ]


@cache
def audiences(identity: str = UUIDS[0]) -> st.SearchStrategy[Audience]:
    return documents(live=True).map(lambda document: Audience(identity, normal(document)))


@cache
def pairs(identity: str = UUIDS[0]) -> st.SearchStrategy[tuple[Definition, Audience]]:
    """Draw a definition and a live audience that agree on some fields."""
    return _pairs(identity)


@st.composite
def _pairs(draw: st.DrawFn, identity: str) -> tuple[Definition, Audience]:
    definition = draw(definitions(identity))
    live = draw(audiences(identity))
    agreed = draw(_subsets(tuple(sorted(definition.fields))))
    return definition, Audience(identity, {**live.fields, **{key: definition.fields[key] for key in agreed}})


HOSTILE = [
    *(
        "::error::x",
        ":",
        "##[group]",
        "#",
        "##",
        "#[x]",
        "\r::add-mask::x",
        "\n::error::x",
        "\n##[error]x\n",
        "\t",
        " ",
    ),
    *(
        "`",
        "```",
        "````\n",
        "~~~",
        "|",
        "a|b",
        "\\",
        "\\|",
        "**b**",
        "_i_",
        "- x",
        "1. x",
        "1) x",
        "> x",
        "# x",
        "===",
    ),
    *(
        "@user",
        "@org/team",
        "https://x.test",
        "www.x.test",
        "a@x.test",
        "<https://x.test>",
        "<img src=x>",
        "</details>",
    ),
    *(
        "[a](b)",
        "![a](b)",
        "[a]: b",
        "]: x",
        "[a](b ",
        " c)",
        "[ ] ",
        "<!--",
        "-->",
        "&#64;",
        "#1",
        "GH-12",
        "deadbeef",
    ),
    *(
        "$x$",
        ":smile:",
        "\x1b[31m",
        "\x1b]8;;x\x07",
        "\x00",
        "\x9b",
        "\u202e",
        "\u2028",
        "\u0338",
        "\ufeff",
        "\ud800",
    ),
    *("paused", "draft", "active", "(empty)", "e\u0301", "word", "two words", "x" * 300, "\u3164"),
]
hostile = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=2), min_size=1, max_size=4).map("".join)
