"""Fields that change, by their plain names, with what they gain and lose as chips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from reconciler.model import Json, Rule, Rules, canonical, dotted
from reconciler.render.escape import EMPTY, clip
from reconciler.render.page.markup import Markup, element, hidden, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.plan import FieldChange

MAX_CHIPS = 30  # of one kind in one field; the exact change has them all
_SIGNS = {"added": "+", "removed": "\N{MINUS SIGN}", "before": "", "after": ""}
_Kind = Literal["added", "removed", "before", "after"]


def fields(changed: Sequence[FieldChange], rules: Rules, pictures: Mapping[str, Markup]) -> Markup:
    """Return a list of fields, each with its chips, and with the picture that there is for its path."""
    known = {dotted(path): rule for path, rule in rules.items()}
    rows = [
        element(
            "div",
            element("dt", _label(one, known.get(one.path))),
            element("dd", *_chips(one, known), pictures.get(one.path, Markup())),
        )
        for one in changed
    ]
    return element("dl", *rows, class_="fields")


def _label(field: FieldChange, rule: Rule | None) -> str:
    label = rule.label if rule is not None and rule.label else field.path
    return label[:1].upper() + label[1:]


def _chips(field: FieldChange, known: dict[str, Rule]) -> Iterator[Markup]:
    rule = known.get(field.path)
    if field.added is None or field.removed is None:
        values = [_chip(field, field.before, "before", rule), _chip(field, field.after, "after", rule)]
        yield joined(values, by=element("span", "\N{RIGHTWARDS ARROW}", class_="to", aria_hidden="true"))
    else:
        yield from _several(field, field.added, "added", rule)
        yield from _several(field, field.removed, "removed", rule)
    if field.cause == "both":
        yield element("span", "somebody changed this outside git as well", class_="note")
    if field.origins:
        yield element("span", f"from {clip(' and '.join(map(str, field.origins)))}", class_="note")


def _several(field: FieldChange, values: Sequence[Json], kind: _Kind, rule: Rule | None) -> Iterator[Markup]:
    yield from (_chip(field, value, kind, rule) for value in values[:MAX_CHIPS])
    if len(values) > MAX_CHIPS:
        yield element("span", f"and {len(values) - MAX_CHIPS} more {kind}", class_="note")


def _chip(field: FieldChange, value: Json, kind: _Kind, rule: Rule | None) -> Markup:
    sign = element("span", _SIGNS[kind], class_="sign", aria_hidden="true") if _SIGNS[kind] else Markup()
    return element(
        "span", hidden(f"{kind}: "), sign, element("bdi", _shown(field, value, rule)), class_=f"chip {kind}"
    )


def _shown(field: FieldChange, value: Json, rule: Rule | None) -> str:
    """Return a value in the words of the schema or of the API, else as it is."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return clip(", ".join(_shown(field, one, rule) for one in value[:MAX_CHIPS])) or EMPTY
    text = value if isinstance(value, str) else canonical(value)
    words = rule.words.get(text, text) if rule is not None else text
    return clip(field.names.get(text, words)) or EMPTY
