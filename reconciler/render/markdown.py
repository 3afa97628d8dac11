"""Plans as a pull request shows them: the verdict first, read by a marketer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.plan import overlap
from reconciler.plan.reach import NOT_KNOWN
from reconciler.render import handovers, markdown_table, text, totals, view
from reconciler.render.diagnostics import message
from reconciler.render.escape import markdown_fence, markdown_inline
from reconciler.render.markdown_notes import MAX_NOTES, alert
from reconciler.render.medium import MARKDOWN
from reconciler.render.origin import NOWHERE, organization

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Rules
    from reconciler.plan import Plan
    from reconciler.render.origin import Place
    from reconciler.render.view import Row, View

MAX_OVERLAPS = 3  # that stand below the slots; what is folded has the others


def plan(value: Plan, rules: Rules, *, max_shown: int | None = None) -> str:
    """Show a plan by itself; `max_shown` is as in `show`."""
    return show(view.of(value, rules, MARKDOWN), max_shown=max_shown, max_exact=max_shown)


def show(
    value: View,
    *,
    title: str = "Plan",
    after: Sequence[str] = (),
    place: Place = NOWHERE,
    max_shown: int | None = None,
    max_exact: int | None = None,
    see_also: str = "",
) -> str:
    """Show the verdict with its reasons, what happens to whom, and the exact changes folded below.

    Of more audiences than `max_shown` the largest effects are shown, and of `max_exact` the exact changes;
    `see_also` says in words of ours where the others are. `after` are blocks of Markdown that follow what is
    left alone.
    """
    return _joined(
        [
            f"### {title}: {value.verdict.word}",
            *_body(value, after, place=place, max_shown=max_shown, max_exact=max_exact, see_also=see_also),
        ]
    )


def drift(
    value: View,
    *,
    place: Place = NOWHERE,
    max_shown: int | None = None,
    max_exact: int | None = None,
    see_also: str = "",
) -> str:
    """Show the same of a plan that nobody asked for: no title, and nothing of what a merge would bring."""
    known = replace(value, verdict=replace(value.verdict, looks=()))
    return _joined(
        _body(
            known,
            (),
            place=place,
            max_shown=max_shown,
            max_exact=max_exact,
            see_also=see_also,
            is_asked=False,
        )
    )


def _body(
    seen: View,
    after: Sequence[str],
    *,
    place: Place,
    max_shown: int | None,
    max_exact: int | None,
    see_also: str,
    is_asked: bool = True,
) -> Iterator[str]:
    shown = seen.rows[:max_shown]
    yield from _reasons(seen)
    yield from _headline(seen)
    yield (
        " ".join(filter(None, [_preview(seen), place.page_link()])) if is_asked and seen.plan.changes else ""
    )
    yield markdown_table.of_rows(shown, place)
    yield _not_shown(len(seen.rows) - len(shown), see_also)
    yield from _people(shown, seen)
    ledger = totals.slots(seen, MARKDOWN)
    yield f"**Active slots:** {ledger}" if ledger else ""
    overlaps = _overlaps(seen) if ledger else ()
    for one in overlaps:
        yield f"**Overlap, as it is already:** {MARKDOWN.prose(message(one))}"
    for heading, said in handovers.taken(seen.plan, MARKDOWN.name):
        yield f"**{heading}.** {said}"
    yield _left_alone(seen)
    yield from after
    others = [one for one in seen.verdict.notes if one.code != NOT_KNOWN and one not in overlaps]
    is_cut = max_exact is not None or max_shown is not None
    yield _exact(seen, shown[:max_exact], others[:MAX_NOTES] if is_cut else others, see_also)
    yield _last_line(seen, place)


def _joined(blocks: Sequence[str] | Iterator[str]) -> str:
    return "\n\n".join(block for block in blocks if block) + "\n"


def _reasons(seen: View) -> Iterator[str]:
    refusals, looks = seen.verdict.refusals, seen.verdict.looks
    if refusals:
        yield alert("CAUTION", f"**Would be refused**{_needs(seen)}", refusals)
    if looks:
        yield alert("WARNING", "**Look twice at this:**", looks)


def _needs(seen: View) -> str:
    """Return whether solving one of the reasons is enough."""
    count = len(seen.verdict.refusals)
    if seen.plan.errored:
        return ". Nothing has changed, and nothing can until this is fixed:"
    if count == 1:
        return ", for one reason. Once it is solved, nothing else stands in the way:"
    return f", for {count} reasons. Each of them must be solved, one alone is not enough:"


def _headline(seen: View) -> Iterator[str]:
    value = seen.plan
    if value.targets:
        targets = ", ".join(map(MARKDOWN.name, value.targets))
        yield f"This is a partial preview, only of what was asked for: {targets}."
    if value.errored and not value.origin:
        yield "Nothing could be compared, so nobody can say what would change."
    elif value.errored or value.changes:
        yield f"**{totals.headline(seen)}** {totals.breakdown(seen)}".rstrip()
    else:
        which = "targeted live audiences match their" if value.targets else "live audiences match the"
        count = wording.count(value.managed, "audience")
        yield f"**No changes. The {which} definitions.** {count} compared, nothing to do."


def _preview(seen: View) -> str:
    ready = " No limit and no protection stands in the way." if seen.verdict.word == "ready" else ""
    return f"This is a preview: nothing has changed yet.{ready}"


def _not_shown(count: int, see_also: str) -> str:
    hint = f" See {see_also}." if see_also else ""
    return f"**Not shown here: {wording.count(count, 'more audience')}.**{hint}" if count else ""


def _people(shown: Sequence[Row], seen: View) -> Iterator[str]:
    """Yield of which day the numbers are, and why some are not known."""
    days = sorted({row.change.reach.data_date for row in shown if row.change.reach is not None} - {""})
    if days:
        listed = ", ".join(map(MARKDOWN.name, days))
        yield f"People are counted by the API's preview, in its data of {listed}."
    unknown = [one for one in seen.verdict.notes if one.code == NOT_KNOWN]
    yield " ".join(f"Note: {MARKDOWN.prose(message(one))}" for one in unknown)


def _left_alone(seen: View) -> str:
    parts = list(totals.left_alone(seen.plan, MARKDOWN))
    if not parts:
        return ""
    return "\n".join(["**Left alone**", "", *(f"- {heading}: {names}." for heading, names in parts)])


def _overlaps(seen: View) -> Sequence[Diagnostic]:
    """Return some overlaps that the plan does not bring about: whoever wants a slot may find one there."""
    return [one for one in seen.verdict.notes if one.code in overlap.CODES][:MAX_OVERLAPS]


def _exact(seen: View, rows: Sequence[Row], notes: Sequence[Diagnostic], see_also: str) -> str:
    """Return the fields as the API has them, and what is left to say, folded."""
    exact = text.exact([row.change for row in rows], notes)
    more = len(seen.rows) - len(rows)
    cut = f"Not all exact changes are shown here: {more} are missing. See {see_also or 'the saved plan'}."
    lines = [cut] if more and seen.rows else []
    if exact:
        lines += [
            "<details><summary>The exact changes, for technical readers</summary>",
            markdown_fence(exact, "text"),
            "</details>",
        ]
    return "\n\n".join(lines)


def _last_line(seen: View, place: Place) -> str:
    value = seen.plan
    parts = [f"Digest `{seen.digest}`"] if value.changes and seen.digest else []
    parts += (
        [f"compared with {organization(value.origin, markdown_inline, place.key_name)}"]
        if value.origin
        else []
    )
    parts += [f"commit `{place.commit[:12]}`"] if place.commit else []
    parts += [f"asked for by {markdown_inline(place.author)}"] if place.author else []
    parts += [place.time] if place.time else []
    return f"<sub>{', '.join(parts)}</sub>" if parts else ""
