"""What a change does to people, in plain English; the words for fields come from the schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reconciler.render import filter_words, lookalikes, score_range
from reconciler.render.effect import Effect, overall
from reconciler.render.values import Lexicon, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import Path
    from reconciler.plan import Change, FieldChange
    from reconciler.plan.model import Cause
    from reconciler.render.medium import Medium

Kind = Literal["starts", "stops", "more", "fewer", "other", "same"]
_STATUS, _NAME = "status", "name"
_KINDS: dict[str, Kind] = {"activate": "starts", "release": "stops"}


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that a change does to an audience: in words, and its effect on whom the audience reaches.

    `cause` says whose change it is, where a base was given. `live` and `defined` are the two values.
    """

    text: str
    effect: Effect | None = None
    cause: Cause | None = None
    live: str = ""
    defined: str = ""


def consequences(change: Change, lexicon: Lexicon, medium: Medium) -> tuple[Consequence, ...]:
    """Return what the change does, net from live to defined, the most important first; never nothing."""
    subjects: dict[Path, list[FieldChange]] = {}
    for field in change.fields:
        subjects.setdefault(_subject(field, lexicon), []).append(field)
    found = [
        _consequence(change, path, fields, lexicon, Words(medium, fields, lexicon))
        for path, fields in subjects.items()
    ]
    ordered = sorted(zip(subjects, found, strict=True), key=lambda one: _urgency(*one))
    return tuple(one for _, one in ordered) or (Consequence("changes in a detail, which is below"),)


def kind(change: Change, found: Sequence[Consequence]) -> Kind:
    """Return the one class in which a headline counts an audience."""
    return _KINDS.get(change.phase) or overall(one.effect for one in found) or "same"


def _urgency(path: Path, one: Consequence) -> tuple[bool, bool]:
    return path != (_STATUS,), one.effect is None


def _subject(field: FieldChange, lexicon: Lexicon) -> Path:
    """Return what a field is told together with: both ends of a range, all parts of a filter."""
    path, rules = lexicon.paths.get(field.path), lexicon.rules
    if path is None:
        return (field.path,)
    if path[:-2] in rules and rules[path[:-2]].kind == "group":
        return path[:-1]
    return lexicon.lower_ends.get(path, path)


def _consequence(
    change: Change, path: Path, fields: Sequence[FieldChange], lexicon: Lexicon, words: Words
) -> Consequence:
    text, effect = _said(change, path, fields, lexicon, words)
    notes = [note for field in fields if (note := lookalikes.note(field))]
    return Consequence(
        f"{text} ({'; '.join(notes)})" if notes else text,
        effect,
        _cause(fields),
        words.side("before"),
        words.side("after"),
    )


def _cause(fields: Sequence[FieldChange]) -> Cause | None:
    causes = {field.cause for field in fields}
    return causes.pop() if len(causes) == 1 else "both"


def _said(
    change: Change, path: Path, fields: Sequence[FieldChange], lexicon: Lexicon, words: Words
) -> tuple[str, Effect | None]:
    field, rules = fields[0], lexicon.rules
    if field.path == _STATUS:
        return _status(change, field, words), None
    if path not in rules:
        return f"{words.medium.quote(field.path)} changes, which this version has no words for", "other"
    if field.path == _NAME:
        return f"is renamed, was {words.quoted(field.before)}", None
    if path in lexicon.lower_ends:
        return score_range.said(change, path, fields, rules, words)
    return filter_words.said(change, path, fields, rules, words)


def _status(change: Change, field: FieldChange, words: Words) -> str:
    strong = words.medium.strong
    after = "a draft" if field.after == "draft" else words.shown(field.after)
    if change.phase == "activate":
        return f"{strong('starts')}: becomes active, and its people are refreshed daily"
    if change.phase == "change":
        return f"becomes {after}" + ("" if field.before is None else f", was {words.shown(field.before)}")
    start = strong("pauses") if field.after == "paused" else f"{strong('stops')}: becomes {after}"
    return f"{start}, and its people are no longer refreshed"


def joined(found: Sequence[Consequence]) -> str:
    """Return what a change does as one sentence."""
    return "; ".join(one.text for one in found)
