"""Values as people read them, and whom they select."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from reconciler.model import Json, Path, Rule, Rules, canonical, dotted
from reconciler.render.escape import clip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.plan import Change, FieldChange
    from reconciler.render.medium import Medium

MAX_VALUES = 8


class Lexicon:
    """What is looked up in the schema's rules again and again: made once for many changes.

    `paths` are those of the rules by how a change spells them, and `lower_ends` has, for both ends of each
    range, the path of its lower one.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.paths = {dotted(path): path for path in rules}
        self.lower_ends: dict[Path, Path] = {}
        for path, rule in rules.items():
            if rule.at_most is not None and rules[rule.at_most].kind == "integer":
                self.lower_ends |= {path: path, rule.at_most: path}


class Words:
    """The words of one medium for the values of some fields that changed."""

    def __init__(self, medium: Medium, fields: Sequence[FieldChange], lexicon: Lexicon) -> None:
        self.medium = medium
        self._fields = fields
        self._names = {key: name for field in fields for key, name in field.names.items()}
        self._lexicon = lexicon

    def people(self, value: Json | tuple[Json, ...], rule: Rule) -> str:
        """Return whom a value selects, or any of several: "people who work in sales or marketing"."""
        values = value if isinstance(value, list | tuple) else [value]
        if values and all(isinstance(one, str) and one in rule.words for one in values):
            return self.listed(values, rule, "and")
        shown = self.listed(values, rule, "or")
        # A value may itself hold braces.
        before, found, after = rule.people.partition("{}")
        return f"{before}{shown}{after}" if found else f"people with {rule.label}: {shown}"

    def listed(self, values: Sequence[Json] | None, rule: Rule, conjunction: str = "") -> str:
        """Return the first of several values, and how many more there are."""
        shown = [self.named(value, rule) for value in (values or ())[:MAX_VALUES]]
        more = len(values or ()) - len(shown)
        if more:
            return ", ".join([*shown, f"and {more} more"])
        if conjunction and len(shown) > 1:
            return f"{', '.join(shown[:-1])} {conjunction} {shown[-1]}"
        return ", ".join(shown) or "none"

    def named(self, value: Json, rule: Rule) -> str:
        """Return a value by the API's own name for it, where there is one."""
        name = self._names.get(str(value))
        if name is not None:
            return self.medium.quote(clip(name))
        return (
            f"{rule.item_label} {self.shown(value)}" if rule.items == "integer" else self.shown(value, rule)
        )

    def quoted(self, value: Json, rule: Rule | None = None) -> str:
        shown = self.shown(value, rule)
        return f'"{shown}"' if isinstance(value, str | bool) and not shown.startswith("`") else shown

    def shown(self, value: Json, rule: Rule | None = None) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        text = value if isinstance(value, str) else canonical(value)
        return self.medium.quote(clip(rule.words.get(text, text) if rule else text))

    def side(self, side: Literal["before", "after"]) -> str:
        """Return the fields' values before or after; each by its label where there are several."""
        paths, rules = self._lexicon.paths, self._lexicon.rules
        parts = [(rules.get(paths.get(field.path, ())), getattr(field, side)) for field in self._fields]
        shown = [
            f"{rule.label} {self._whole(value, rule)}"
            if rule and len(parts) > 1
            else self._whole(value, rule)
            for rule, value in parts
        ]
        return ", ".join(shown)

    def _whole(self, value: Json, rule: Rule | None) -> str:
        if value is None:
            return "not set"
        return self.listed(value, rule) if isinstance(value, list) and rule else self.shown(value, rule)


def sides(change: Change, path: Path, fields: Sequence[FieldChange]) -> tuple[Json, Json]:
    """Return the live and the desired value at a path, whether it changes or not."""
    for field in fields:
        if field.path == dotted(path):
            return field.before, field.after
    return at(change.before, path), at({**change.before, **change.patch}, path)


def at(document: Mapping[str, Json], path: Path) -> Json:
    """Return the value at a path, None where there is none."""
    value: Json = dict(document)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
