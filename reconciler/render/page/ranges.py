"""A range whose ends move, as two bands on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.model import Path, Rules, dotted
from reconciler.render.page.markup import Markup, element

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model import Json
    from reconciler.plan import Change


_SIDES = 2  # before and after


class Band(NamedTuple):
    low: int
    high: int


def pictures(change: Change, rules: Rules) -> Mapping[str, Markup]:
    """Return a picture of each range that moves, by the path of its first end among the fields."""
    found = {}
    for low, rule in rules.items():
        high = rule.at_most
        moved = [one.path for one in change.fields if high and one.path in {dotted(low), dotted(high)}]
        if high is None or rules[high].kind != "integer" or not moved:
            continue
        scale = _scale(rules, low, high)
        bands = _bands(change, low, high, scale)
        if len(bands) == _SIDES:
            found[moved[0]] = _picture(bands[0], bands[1], scale)
    return found


def _scale(rules: Rules, low: Path, high: Path) -> Band:
    bounds = [*rules[low].bounds.values(), *rules[high].bounds.values()]
    return Band(min(least for least, _ in bounds), max(most for _, most in bounds))


def _bands(change: Change, low: Path, high: Path, scale: Band) -> tuple[Band, ...]:
    """Return the range before and after; an end that neither has is the scale's, and no range is none."""
    after = {**change.before, **change.patch}
    lows, highs = ([_at(side, path) for side in (change.before, after)] for path in (low, high))
    pairs = zip(_ends(lows, scale.low), _ends(highs, scale.high), strict=False)
    found = tuple(Band(*pair) for pair in pairs)
    return tuple(one for one in found if scale.low <= one.low <= one.high <= scale.high)


def _ends(values: Sequence[Json], where_unset: int) -> Sequence[int]:
    if all(value is None for value in values):
        return [where_unset] * len(values)
    return [value for value in values if type(value) is int]


def _at(document: Mapping[str, Json], path: Path) -> Json:
    value: Json = dict(document)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _picture(was: Band, now: Band, scale: Band) -> Markup:
    bars = [
        element("rect", width="100%", height=22, rx=3, class_="track"),
        _rect(was, scale, 2, "was"),
        _rect(now, scale, 12, "now"),
    ]
    svg = element("svg", *bars, class_="bar", height=22, aria_hidden="true", focusable="false")
    said = f"{was.low} to {was.high} before, {now.low} to {now.high} after"
    ends = (str(scale.low), said, str(scale.high))
    return element("div", svg, element("p", *(element("span", one) for one in ends)), class_="range")


def _rect(band: Band, scale: Band, y: int, kind: str) -> Markup:
    whole = scale.high - scale.low + 1
    x, width = (band.low - scale.low) * 100 / whole, (band.high - band.low + 1) * 100 / whole
    return element("rect", x=f"{x:.1f}%", y=y, width=f"{width:.1f}%", height=8, rx=2, class_=kind)
