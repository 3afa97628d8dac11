"""A change in plain English, for people who never saw the tool; the words for fields come from the schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from reconciler.model import Json, Path, Rule, Rules, canonical, dotted
from reconciler.render import lookalikes
from reconciler.render.escape import clip, markdown_inline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.plan import Change, FieldChange

ReachEffect = Literal["more", "fewer", "other"]
MAX_VALUES = 8
_STATUS, _NAME = "status", "name"
_INCLUSIVE = ("any", "contains")  # the parts of a filter under which one more value means more people


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that happens to an audience, as inline Markdown, and its effect on whom that reaches.

    `is_sentence` says that the text names the effect itself, and needs no "reaches more people" before it.
    """

    text: str
    reach_effect: ReachEffect | None = None
    is_sentence: bool = False


def sentences(change: Change, rules: Rules) -> str:
    """Return what happens to an audience, the most important first, as inline Markdown."""
    others = _consequences(change, rules)
    parts = [
        *_status_parts(change),
        *(one.text for one in others if one.is_sentence or one.reach_effect is None),
    ]
    effects = [one.text for one in others if one.reach_effect is not None and not one.is_sentence]
    parts += [f"reaches {_overall(others)} people: {'; '.join(effects)}"] if effects else []
    return "; ".join(parts) or "changes in a detail, which is below"


def effect_on_reach(change: Change, rules: Rules) -> ReachEffect | None:
    """Return whether an audience then reaches more people, fewer, or others; None where that stays."""
    return _overall(_consequences(change, rules))


def _overall(consequences: Sequence[Consequence]) -> ReachEffect | None:
    found = {one.reach_effect for one in consequences if one.reach_effect is not None}
    return found.pop() if len(found) == 1 else "other" if found else None


def _status_parts(change: Change) -> Iterator[str]:
    if change.is_protected:
        yield "**is protected**, so this is refused"
    for field in change.fields:
        if field.path == _STATUS:
            yield _status(change, field)


def _status(change: Change, field: FieldChange) -> str:
    after = "a draft" if field.after == "draft" else markdown_inline(str(field.after))
    if change.phase == "activate":
        return "**starts**: becomes active, and its people are refreshed daily"
    if change.phase == "change":
        return (
            f"becomes {after}"
            if field.before is None
            else f"becomes {after}, was {markdown_inline(str(field.before))}"
        )
    start = "**pauses**" if field.after == "paused" else f"**stops**: becomes {after}"
    return f"{start}, and its people are no longer refreshed"


def _consequences(change: Change, rules: Rules) -> list[Consequence]:
    """Return what happens besides a change of the status."""
    known = {dotted(path): path for path in rules}
    return [
        consequence
        for field in change.fields
        if field.path != _STATUS
        and (consequence := _consequence(change, field, known.get(field.path), rules)) is not None
    ]


def _consequence(change: Change, field: FieldChange, path: Path | None, rules: Rules) -> Consequence | None:
    consequence, note = _effect(change, field, path, rules), lookalikes.note(field)
    return replace(consequence, text=f"{consequence.text} ({note})") if consequence and note else consequence


def _effect(change: Change, field: FieldChange, path: Path | None, rules: Rules) -> Consequence | None:
    if path is None:
        return Consequence("something changes that this version has no words for", "other")
    rule = rules[path]
    if field.path == _NAME:
        return Consequence(f"is renamed, was {_quoted(field.before, rule)}")
    if _is_group(path[:-2], rules):
        return _part(change, field, path, rule)
    if rule.kind == "set":
        return _set_change(field, rule)
    if rule.kind == "object":
        return Consequence(f'"{rule.label}" was there and empty')
    return _filter(field, rule) if _is_group(path[:-1], rules) else _plain(field, rule)


def _is_group(path: Path, rules: Rules) -> bool:
    return path in rules and rules[path].kind == "group"


def _part(change: Change, field: FieldChange, path: Path, rule: Rule) -> Consequence | None:
    """Return what one part of a filter does: its values, or how they are compared.

    How they are compared goes without saying where the whole filter comes or goes.
    """
    before, after = _within(change.before, path[:-1]), _within(change.patch, path[:-1])
    is_there = bool(before and after)
    if rule.kind == "set":
        how = [part for side in (before, after) for key, part in side.items() if key != path[-1]]
        is_plain = not is_there or all(part in _INCLUSIVE for part in how)
        return _set_change(field, rule) if is_plain else Consequence(_included(field, rule), "other")
    if is_there:
        return Consequence(_replaced(field, rule), "other")
    return Consequence(f"{rule.label}: {_quoted(field.after, rule)}", "fewer") if after else None


def _within(document: Mapping[str, Json], path: Path) -> Mapping[str, Json]:
    """Return the object at a path, empty where there is none."""
    for key in path:
        part = document.get(key)
        document = part if isinstance(part, Mapping) else {}
    return document


def _set_change(field: FieldChange, rule: Rule) -> Consequence:
    is_narrowing = rule.raising == "narrower"
    if field.before is None:
        start = f"{rule.label} are now" if is_narrowing else f"now only these {rule.label}:"
        return Consequence(f"{start} {_listed(field.added, field, rule)}", "fewer")
    if field.after is None:
        start = (
            f"no more {rule.label}, before:" if is_narrowing else f"no longer limited to these {rule.label}:"
        )
        return Consequence(f"{start} {_listed(field.removed, field, rule)}", "more")
    is_more = not (field.added if is_narrowing else field.removed)
    effect: ReachEffect = "other" if field.added and field.removed else "more" if is_more else "fewer"
    if is_narrowing:
        return Consequence(_included(field, rule), effect)
    verb = "covers" if rule.items == "integer" else "reaches"
    return Consequence(
        f"{verb} {effect} {rule.label}: {_added_and_removed(field, rule)}", effect, is_sentence=True
    )


def _included(field: FieldChange, rule: Rule) -> str:
    return f"{rule.label} {_added_and_removed(field, rule, ' include')}"


def _added_and_removed(field: FieldChange, rule: Rule, verb: str = "") -> str:
    parts = [f"now also{verb} {_listed(field.added, field, rule)}"] if field.added else []
    parts += [f"no longer{verb} {_listed(field.removed, field, rule)}"] if field.removed else []
    return ", ".join(parts)


def _plain(field: FieldChange, rule: Rule) -> Consequence:
    before, after = field.before, field.after
    if rule.raising is None or not (isinstance(before, int) and isinstance(after, int)):
        return Consequence(_replaced(field, rule))
    is_wider = (after > before) == (rule.raising == "wider")
    verb = "rises" if after > before else "falls"
    return Consequence(f"the {rule.label} {verb} from {before} to {after}", "more" if is_wider else "fewer")


def _filter(field: FieldChange, rule: Rule) -> Consequence:
    if rule.kind == "boolean":
        return _flag(field, rule)
    if field.before is None:
        return Consequence(f"now only this {rule.label}: {_shown(field.after, rule)}", "fewer")
    if field.after is None:
        return Consequence(f"no longer limited to this {rule.label}: {_shown(field.before, rule)}", "more")
    return Consequence(_replaced(field, rule), "other")


def _flag(field: FieldChange, rule: Rule) -> Consequence:
    if field.before is None and field.after is True:
        return Consequence(f"now only {rule.label}", "fewer")
    if field.before is True and field.after is None:
        return Consequence(f"no longer only {rule.label}", "more")
    return Consequence(f'the filter "{rule.label}" {_replacement(field, rule)}', "other")


def _replaced(field: FieldChange, rule: Rule) -> str:
    return f"{rule.label} {_replacement(field, rule)}"


def _replacement(field: FieldChange, rule: Rule) -> str:
    if field.before is None:
        return f"is now {_quoted(field.after, rule)}, was not set"
    if field.after is None:
        return f"is no longer set, was {_quoted(field.before, rule)}"
    return f"is now {_quoted(field.after, rule)}, was {_quoted(field.before, rule)}"


def _listed(values: Sequence[Json] | None, field: FieldChange, rule: Rule) -> str:
    shown = [_named(value, field, rule) for value in (values or ())[:MAX_VALUES]]
    more = len(values or ()) - len(shown)
    return ", ".join([*shown, f"and {more} more"] if more else shown)


def _named(value: Json, field: FieldChange, rule: Rule) -> str:
    name = field.names.get(str(value))
    if name is not None:
        return markdown_inline(clip(name))
    return f"number {_shown(value, rule)}" if rule.items == "integer" else _shown(value, rule)


def _quoted(value: Json, rule: Rule) -> str:
    shown = _shown(value, rule)
    return f'"{shown}"' if isinstance(value, str | bool) and not shown.startswith("`") else shown


def _shown(value: Json, rule: Rule) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else canonical(value)
    return markdown_inline(clip(rule.words.get(text, text)))
