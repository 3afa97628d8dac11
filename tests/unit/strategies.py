"""Documents for hypothesis to try, drawn from what the audience schema allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st

from reconciler import schema
from reconciler.model import Audience, Definition, Rule, normalise

if TYPE_CHECKING:
    import random
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


def children(path: Path) -> dict[str, Rule]:
    return {known[-1]: rule for known, rule in RULES.items() if known[:-1] == path}


def scalar(rule: Rule) -> st.SearchStrategy[Json]:
    words = st.sampled_from(WORDS) | st.text(max_size=3)
    kinds: Mapping[str, st.SearchStrategy[Json]] = {
        "string": words,
        "integer": st.sampled_from(NUMBERS),
        "boolean": st.booleans(),
    }
    return kinds[rule.kind]


@st.composite
def values(draw: st.DrawFn, path: Path, *, live: bool) -> Any:
    """Draw a value for a field; a live one may also hold nulls, repeats and keys that no schema knows."""
    rule = RULES[path]
    if rule.kind == "set":
        items = draw(st.lists(scalar(Rule(rule.items)), min_size=1, max_size=3, unique=not live))
        return items if live else list(dict.fromkeys(items))
    if rule.kind not in {"object", "group"}:
        return draw(scalar(rule))
    known = children(path)
    required = [key for key in ("topicIds", "values") if key in known]
    keys = {*required, *draw(st.lists(st.sampled_from(sorted(known)), max_size=4))}
    document = {key: draw(values((*path, key), live=live)) for key in sorted(keys)}
    if live:
        document |= draw(st.dictionaries(st.sampled_from(UNKNOWN_KEYS), unknown_values, max_size=2))
        document |= dict.fromkeys(draw(st.lists(st.sampled_from(sorted(known)), max_size=1)))
    return draw(st.permutations(list(document.items())).map(dict))


@st.composite
def documents(draw: st.DrawFn, *, live: bool) -> dict[str, Any]:
    """Draw the writable fields of a definition or of a live audience, as JSON."""
    keys = [key for key in children(()) if key == "name" or draw(st.booleans())]
    document = {key: draw(values((key,), live=live)) for key in keys}
    if "status" in document:
        document["status"] = draw(st.sampled_from(["active", "paused", "draft"]))
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


@st.composite
def definitions(draw: st.DrawFn, identity: str = UUIDS[0]) -> Definition:
    document = draw(documents(live=False))
    return Definition(
        id=identity,
        name=document["name"],
        file=f"audiences.d/{identity[-2:]}.yaml",
        line=draw(st.integers(1, 9)),
        column=1,
        fields=normal(document),
        ignore=frozenset(draw(st.lists(st.sampled_from(ignorable(document)), max_size=2))),
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


def audiences(identity: str = UUIDS[0]) -> st.SearchStrategy[Audience]:
    return documents(live=True).map(lambda document: Audience(identity, normal(document)))


@st.composite
def pairs(draw: st.DrawFn, identity: str = UUIDS[0]) -> tuple[Definition, Audience]:
    """Draw a definition and a live audience that agree on some fields."""
    definition = draw(definitions(identity))
    live = draw(audiences(identity))
    agreed = draw(st.sets(st.sampled_from(sorted(definition.fields))))
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
