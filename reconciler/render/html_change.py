"""One audience of a plan as a card: what happens to it, how many people, and what is added and removed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.model import Rule, canonical, dotted
from reconciler.render.escape import clip
from reconciler.render.html_text import element, escaped, inline, listed, name
from reconciler.render.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Json, Rules
    from reconciler.plan import Change, FieldChange

_SAID = ("name", "status")  # fields of which the sentence says both sides
MAX_CHIPS = 12  # of one field, on each side
_WIDTH = 1000
_TIMES = 2  # from so many times on, it is said as a multiple
_PHASES = {"activate": "starts", "release": "stops being active", "change": ""}


def card(change: Change, rules: Rules) -> str:
    """Return what happens to one audience, with drift apart from what was asked for."""
    asked = [field for field in change.fields if field.cause != "drift"]
    drift = [field for field in change.fields if field.cause == "drift"]
    parts = [_head(change), *_fields(change, asked, rules), *_people(change), *_why(change)]
    if any(field.cause == "both" for field in asked):
        parts.append(element("p", "Somebody changed this outside git as well.", "drift"))
    if drift:
        since = f" It was last edited on {escaped(change.updated_at[:10])}." if change.updated_at else ""
        note = f"{_DRIFT}{since} {_KEEP}"
        said = [element("h4", "Drift"), element("p", note), *_fields(change, drift, rules)]
        parts.append(element("div", "".join(said), "drift"))
    return element("article", "".join(parts), "card")


def effect(change: Change) -> int:
    """Return how many people more or fewer a change reaches, 0 where nobody knows."""
    before, after = (change.reach.before, change.reach.after) if change.reach else (None, None)
    return 0 if before is None or after is None else abs(after - before)


def _head(change: Change) -> str:
    tags = [element("span", _PHASES[change.phase], "tag")] if _PHASES[change.phase] else []
    tags += [element("span", "protected", "tag warn")] if change.is_protected else []
    return element("div", element("h3", name(change.name)) + "".join(tags), "head")


def _fields(change: Change, fields: list[FieldChange], rules: Rules) -> Iterator[str]:
    if fields:
        yield element("p", inline(f"{sentences(replace(change, fields=tuple(fields)), rules)}."))
        known = {dotted(path): rule for path, rule in rules.items()}
        for field in fields:
            if field.path in _SAID:
                continue
            rule = known.get(field.path)
            label = name(rule.label if rule is not None and rule.label else field.path)
            yield element("h4", label) + listed(_chips(field, rule), "chips")


def _chips(field: FieldChange, rule: Rule | None) -> Iterator[str]:
    is_set = field.added is not None and field.removed is not None
    sides = (field.removed, field.added) if is_set else ([field.before], [field.after])
    for tag, sign, values in zip(("del", "ins"), ("&minus;", "+"), sides, strict=True):
        found = [value for value in values or () if value is not None]
        for value in found[:MAX_CHIPS]:
            yield element(tag, f"{sign} <span>{_value(value, field, rule)}</span>")
        if len(found) > MAX_CHIPS:
            yield element(tag, f"{sign} {len(found) - MAX_CHIPS} more")


def _value(value: Json, field: FieldChange, rule: Rule | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else canonical(value)
    words = rule.words if rule is not None else {}
    return name(field.names.get(str(value), words.get(text, text)))


def _people(change: Change) -> Iterator[str]:
    reach = change.reach
    if reach is None:
        return
    before, after = reach.before, reach.after
    if before is None or after is None:
        why = f", because {escaped(reach.unknown)}" if reach.unknown else ""
        yield element("p", f"How many people: not known{why}.", "soft")
        return
    most = max(before, after, 1)
    yield element("div", _bar("before", before, most) + _bar("after", after, most), "bars")
    yield element("p", f"{_ratio(before, after)} Data of {escaped(reach.data_date)}.", "soft")


def _bar(side: str, people: int, most: int) -> str:
    width = people * _WIDTH // most
    track, bar = (
        f'<rect class="{css}" width="{length}" height="10" rx="3"/>'
        for css, length in (("track", _WIDTH), (side, width))
    )
    picture = (
        f'<svg viewBox="0 0 {_WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">{track}{bar}</svg>'
    )
    label = "today" if side == "before" else "after"
    return f"<span>{label}</span>{picture}{element('span', f'{people:,} people', 'number')}"


def _ratio(before: int, after: int) -> str:
    if before == after:
        return "As many people as today."
    if not before or not after:
        return "It reaches nobody today." if not before else "It would reach nobody."
    if after >= before * _TIMES:
        return f"{after / before:.1f} times as many people."
    percent = abs(after - before) * 100 // before
    return f"{f'{percent}%' if percent else 'Under 1%'} {'more' if after > before else 'fewer'} people."


def _why(change: Change) -> Iterator[str]:
    if change.description:
        yield element("p", f"Why: {escaped(clip(change.description))}", "soft")
    owner = f"Owner: {name(change.owner)}. " if change.owner else ""
    yield element("p", f"{owner}File: <code>{escaped(f'{change.file}:{change.line}')}</code>", "soft")


_DRIFT = "Not asked for: somebody changed this outside git, or an earlier merge was not applied."
_KEEP = "An apply puts it back. To keep what is live, run <code>reconciler adopt</code>."
