"""Plans and results as a pull request shows them: read by a marketer first."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.errors import REFUSALS
from reconciler.plan import guards, objections
from reconciler.render import handovers, reach, text
from reconciler.render.escape import clip, markdown_fence, markdown_inline
from reconciler.render.sentences import effect_on_reach, sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Rules
    from reconciler.plan import ApplyResult, AudienceResult, Change, Outcome, Plan

MAX_NOTES = 20
MAX_UNMANAGED = 20
MAX_DETAIL = 300  # characters of why an audience ended so
_WORD = re.compile(r"""([("]*)(.*?)([)",.:;?!']*)""", re.DOTALL)
_AS_PLANNED = ("applied", "unchanged")  # outcomes that need nobody's attention


def plan(value: Plan, rules: Rules, *, max_shown: int | None = None, see_also: str = "") -> str:
    """Show one line, what stands in the way, what happens to whom, and the exact changes folded below.

    Of more audiences than `max_shown`, those come first that start or stop; `see_also` says in words of ours
    where the others are.
    """
    shown = sorted(value.audience_changes, key=lambda change: change.phase == "change")[:max_shown]
    blocks = [*_lifted(value), f"**{_headline(value)}**{_counts(value, rules)}", *_status(value)]
    blocks += change_tables(shown, rules)
    blocks += _not_shown(len(value.audience_changes) - len(shown), see_also)
    blocks += [f"**{heading}** {said}" for heading, said in handovers.sentences(value, _name)]
    blocks += _unmanaged(value)
    if shown or any(not diagnostic.is_error for diagnostic in value.diagnostics):
        exact = value if max_shown is None else replace(value, diagnostics=_most_severe(value.diagnostics))
        blocks += _folded("The exact changes, for technical readers", text.plan(exact, shown=shown))
    blocks += [f"Compared with {markdown_inline(value.origin)}."] if value.origin else []
    return "\n\n".join(blocks) + "\n"


def change_tables(changes: Sequence[Change], rules: Rules) -> Iterator[str]:
    """Yield a table of what happens to whom: what the author asked for first, then what is swept along."""
    asked = [part for change in changes if (part := _part_by_cause(change, is_drift=False)).fields]
    drift = [part for change in changes if (part := _part_by_cause(change, is_drift=True)).fields]
    if asked:
        rows = [(_name(change.name), _author_sentences(change, rules), change) for change in asked]
        yield _counted_table(("Audience", "What happens"), rows)
    if drift:
        yield _DRIFT if asked else f"{_NOTHING_ASKED} {_DRIFT}"
        rows = [(_name(change.name), sentences(change, rules), change) for change in drift]
        yield _counted_table(("Audience", "What is put back"), rows)


def _counted_table(head: tuple[str, str], rows: Sequence[tuple[str, str, Change]]) -> str:
    """Return a table that has a column of people where anybody asked how many there are."""
    people = [_prose(reach.people(change)) for *_, change in rows]
    if not any(people):
        return _table(head, [(name, text_) for name, text_, _ in rows])
    counted = zip(rows, people, strict=True)
    return _table((*head, "People"), [(name, text_, count) for (name, text_, _), count in counted])


def _part_by_cause(change: Change, *, is_drift: bool) -> Change:
    """Return the part of a change that is drift, or the part that is not."""
    return replace(change, fields=tuple(one for one in change.fields if (one.cause == "drift") == is_drift))


def _author_sentences(change: Change, rules: Rules) -> str:
    is_both = any(field.cause == "both" for field in change.fields)
    note = " (**somebody changed this outside git as well**)" if is_both else ""
    return f"{sentences(change, rules)}{note}"


def _lifted(value: Plan) -> Iterator[str]:
    """Yield which guards the change lifts: nobody must merge that without having seen it."""
    found = [diagnostic for diagnostic in value.diagnostics if diagnostic.code == guards.LIFTED]
    if found:
        those = "a guard" if len(found) == 1 else f"{len(found)} guards"
        yield f"**This also lifts {those}:**"
        yield notes(found)


def _name(text_: str) -> str:
    return markdown_inline(clip(text_))


def _headline(value: Plan) -> str:
    count, unchanged = value.summary["update"], value.summary["unchanged"]
    if count:
        rest = f"{unchanged} {'stays as it is' if unchanged == 1 else 'stay as they are'}"
        audiences = wording.count(value.managed, "audience")
        return f"{count} of {audiences} {'changes' if count == 1 else 'change'}, {rest}."
    if value.errored:
        return "This plan cannot be applied."
    which = "targeted live audiences match their" if value.targets else "live audiences match the"
    return f"No changes. The {which} definitions."


def _counts(value: Plan, rules: Rules) -> str:
    """Return in numbers what the changes come to."""
    changes, summary = value.audience_changes, value.summary
    effects = [effect_on_reach(change, rules) for change in changes]
    counts = [
        (summary["pause"], "pauses", "pause"),
        (summary["activate"], "starts", "start"),
        (effects.count("more"), "reaches more people", "reach more people"),
        (effects.count("fewer"), "reaches fewer people", "reach fewer people"),
        (effects.count("other"), "reaches other people", "reach other people"),
    ]
    parts = [f"{count} {singular if count == 1 else plural}" for count, singular, plural in counts if count]
    drift = [change for change in changes if not _part_by_cause(change, is_drift=False).fields]
    if drift:
        parts.append(f"{len(drift)} only undo drift" if len(drift) > 1 else "1 only undoes drift")
    if not (changes or value.errored):
        parts.append(f"{wording.count(value.managed, 'audience')} compared, nothing to do")
    return f" {', '.join(parts)}." if parts else ""


def _status(value: Plan) -> Iterator[str]:
    """Yield that this is a preview, and what would keep it from being applied."""
    if value.targets:
        targets = ", ".join(markdown_inline(target) for target in value.targets)
        yield f"This is a partial preview, only of what was asked for: {targets}."
    errors = [diagnostic for diagnostic in value.diagnostics if diagnostic.is_error]
    if errors:
        yield "Nothing has changed, and nothing can until this is fixed:"
        yield notes(errors)
    elif objections(value):
        yield "This is a preview: nothing has changed yet. **As it stands, it will be refused:**"
        yield notes(objections(value))
    elif value.changes:
        yield "This is a preview: nothing has changed yet. No limit and no protection stands in the way."


def _not_shown(count: int, see_also: str) -> Iterator[str]:
    if count:
        hint = f" See {see_also}." if see_also else ""
        yield f"**Not shown here: {wording.count(count, 'more audience')}.**{hint}"


def notes(found: Sequence[Diagnostic]) -> str:
    """List the worst diagnostics in words, and count the others."""
    shown = _most_severe(found)
    more = len(found) - len(shown)
    rows = [_diagnostic(diagnostic) for diagnostic in shown] + ([f"and {more} more"] if more else [])
    return "\n".join(f"- {row}" for row in rows)


def _most_severe(found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(found, key=lambda diagnostic: not diagnostic.is_error)[:MAX_NOTES])


def _diagnostic(diagnostic: Diagnostic) -> str:
    refusal = REFUSALS.get(diagnostic.code)
    heading = refusal.heading if refusal else "Error" if diagnostic.is_error else "Warning"
    parts = [str(part) for part in (diagnostic.file, diagnostic.line) if part is not None]
    place = f" ({markdown_inline(':'.join(parts))})" if parts else ""
    return f"**{heading}:** {_prose(text.message(diagnostic))}{place}"


def _prose(text_: str) -> str:
    """Return sentences that hold words from outside: each word is plain or code, so that the rest reads on.

    Must follow text of ours on its line: what opens a list is harmless only there.
    """
    return " ".join(map(_word, text_.split(" ")))


def _word(word: str) -> str:
    before, core, after = _WORD.fullmatch(word).groups()  # type: ignore[union-attr] # it matches everything
    return f"{before}{markdown_inline(core) if core else ''}{after}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _folded(title: str, exact: str) -> Iterator[str]:
    yield f"<details><summary>{title}</summary>"
    yield markdown_fence(exact, "text")
    yield "</details>"


def _unmanaged(value: Plan) -> Iterator[str]:
    let_go = {one.id for one in value.ownership.no_longer_managed}
    found = [audience for audience in value.unmanaged if audience.id not in let_go]
    if not found:
        return
    names = [_name(audience.name) for audience in found[:MAX_UNMANAGED]]
    more = len(found) - len(names)
    listed = ", ".join([*names, f"and {more} more"] if more else names)
    have = "has no file here and is" if len(found) == 1 else "have no file here and are"
    yield f"{wording.count(len(found), 'more live audience')} {have} left alone: {listed}."


def result(value: ApplyResult, *, max_shown: int | None = None, see_also: str = "") -> str:
    """Show how an apply ended: one line, a table of how it ended for whom, and the details folded.

    Of more audiences than `max_shown`, those come first that are not as planned; `see_also` is as in `plan`.
    """
    shown = sorted(value.results, key=_urgency)[:max_shown]
    blocks = [*_live_and_wider(value.live_and_wider), f"**{_result_headline(value)}**{_next_step(value)}"]
    blocks += [notes(value.diagnostics)] if value.diagnostics else []
    if shown:
        rows = [(_name(one.name), f"{_outcome(one)}{_detail(one)}") for one in shown]
        blocks.append(_table(("Audience", "How it ended"), rows))
    blocks += _not_shown(len(value.results) - len(shown), see_also)
    if shown:
        blocks += _folded("The details, for technical readers", text.result(value, shown=shown))
    return "\n\n".join(blocks) + "\n"


def _urgency(one: AudienceResult) -> tuple[bool, bool]:
    return not one.is_live_and_wider, one.outcome in _AS_PLANNED


def _live_and_wider(found: Sequence[AudienceResult]) -> Iterator[str]:
    if found:
        names = [markdown_inline(clip(one.name)) for one in found[: text.MAX_WIDER]]
        more = [f"and {len(found) - text.MAX_WIDER} more"] if len(found) > text.MAX_WIDER else []
        listed = ", ".join([*names, *more])
        yield f"**Live and wider than defined:** {listed}. **{text.pause_hint(len(found))}**"


def _result_headline(value: ApplyResult) -> str:
    count = len(value.results)
    good = sum(one.outcome in _AS_PLANNED and not one.is_live_and_wider for one in value.results)
    if value.is_converged:
        done = value.summary["applied"]
        return f"{wording.count(done, 'audience')} changed as planned." if done else "Nothing had to change."
    if not value.is_written:
        return "Nothing was changed."
    stopped = "Stopped before the end: " if value.interrupted else ""
    are, rest = "is" if good == 1 else "are", count - good
    audiences = wording.count(count, "audience")
    return f"{stopped}{good} of {audiences} {are} as planned, {rest} {'is' if rest == 1 else 'are'} not."


def _next_step(value: ApplyResult) -> str:
    if value.is_converged:
        return " Each was read back and is as its file says." if value.summary["applied"] else ""
    if not value.results:
        return " This is why:" if value.diagnostics else ""
    look = "Look in the dashboard at what is unknown, then run" if value.summary["unknown"] else "Run"
    return f" {look} the plan again to see what is left to do."


def _outcome(one: AudienceResult) -> str:
    if one.is_live_and_wider:
        return "**live and wider than defined**: it is active, and reaches more people than its file says"
    if one.is_written and one.outcome == "failed":
        return "**changed, but not as planned**: what is live now is not what was asked for"
    if one.is_written and one.outcome == "conflict":
        return "**changed, but not as planned**: somebody else changed it at the same time"
    return _OUTCOMES[one.outcome]


def _detail(one: AudienceResult) -> str:
    is_telling = one.detail and one.outcome != "unchanged"
    return f" ({_prose(clip(one.detail, MAX_DETAIL))})" if is_telling else ""


_NOTHING_ASKED = "The change itself asks for nothing that is not live already."
_DRIFT = (
    "**Drift, which would be swept along.** This change does not ask for the following: somebody changed it "
    "outside git, or an earlier merge was not applied. Applying makes it as its file says. If it should stay "
    "as it is live, write that into the file instead."
)
_OUTCOMES: dict[Outcome, str] = {
    "applied": "changed as planned",
    "unchanged": "was already as planned",
    "failed": "**not changed**: the attempt failed",
    "conflict": "**left alone**: somebody else changed it meanwhile",
    "blocked": "**did not start**: no active slot is free",
    "unknown": "**unknown**: it may or may not have changed",
    "not_attempted": "**not tried**: nothing was sent for it",
}
