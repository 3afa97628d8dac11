"""Plans and results as a pull request shows them: read by a marketer first."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.errors import REFUSALS
from reconciler.plan import objections
from reconciler.render import text
from reconciler.render.escape import clip, markdown, markdown_fence
from reconciler.render.sentences import reach, sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Rules
    from reconciler.plan import ApplyResult, AudienceResult, Change, Outcome, Plan

MAX_NOTES = 20
MAX_UNMANAGED = 20
_WORD = re.compile(r"""([("]*)(.*?)([)",.:;?!']*)""", re.DOTALL)
_LAST = ("applied", "unchanged")  # outcomes that need nobody's attention


def plan(value: Plan, rules: Rules, *, max_shown: int | None = None, see_also: str = "") -> str:
    """Show one line, what stands in the way, what happens to whom, and the exact changes folded below.

    Of more audiences than `max_shown`, those come first that start or stop; `see_also` says in words of ours
    where the others are.
    """
    shown = sorted(value.changes, key=lambda change: change.phase == "change")[:max_shown]
    blocks = [f"**{_headline(value)}**{_counted(value, rules)}", *_standing(value)]
    blocks += change_tables(shown, rules)
    blocks += _cut(len(value.changes) - len(shown), see_also)
    blocks += _unmanaged(value)
    if shown or any(not diagnostic.is_error for diagnostic in value.diagnostics):
        exact = value if max_shown is None else replace(value, diagnostics=_worst(value.diagnostics))
        blocks += _folded("The exact changes, for technical readers", text.plan(exact, shown=shown))
    blocks += [f"Compared with {markdown(value.origin)}."] if value.origin else []
    return "\n\n".join(blocks) + "\n"


def change_tables(changes: Sequence[Change], rules: Rules) -> Iterator[str]:
    """Yield a table of what happens to whom: what the author asked for first, then what is swept along."""
    asked = [only for change in changes if (only := _caused(change, is_drift=False)).fields]
    drift = [only for change in changes if (only := _caused(change, is_drift=True)).fields]
    if asked:
        rows = [(markdown(clip(change.name)), _asked(change, rules)) for change in asked]
        yield _table(("Audience", "What happens"), rows)
    if drift:
        yield _DRIFT if asked else f"{_NOTHING_ASKED} {_DRIFT}"
        rows = [(markdown(clip(change.name)), sentences(change, rules)) for change in drift]
        yield _table(("Audience", "What is put back"), rows)


def _caused(change: Change, *, is_drift: bool) -> Change:
    """Return the part of a change that is drift, or the part that is not."""
    return replace(change, fields=tuple(one for one in change.fields if (one.cause == "drift") == is_drift))


def _asked(change: Change, rules: Rules) -> str:
    is_crossed = any(field.cause == "both" for field in change.fields)
    crossed = " (**somebody changed this outside git as well**)" if is_crossed else ""
    return f"{sentences(change, rules)}{crossed}"


def _headline(value: Plan) -> str:
    count, stay = len(value.changes), value.summary["unchanged"]
    if count:
        rest = f"{stay} {'stays as it is' if stay == 1 else 'stay as they are'}"
        audiences = wording.count(value.managed, "audience")
        return f"{count} of {audiences} {'changes' if count == 1 else 'change'}, {rest}."
    if value.errored:
        return "This plan cannot be applied."
    which = "targeted live audiences match their" if value.targets else "live audiences match the"
    return f"No changes. The {which} definitions."


def _counted(value: Plan, rules: Rules) -> str:
    """Say in numbers what the changes come to."""
    summary, reaches = value.summary, [reach(change, rules) for change in value.changes]
    counts = [
        (summary["pause"], "pauses", "pause"),
        (summary["activate"], "starts", "start"),
        (reaches.count("more"), "reaches more people", "reach more people"),
        (reaches.count("fewer"), "reaches fewer people", "reach fewer people"),
        (reaches.count("other"), "reaches other people", "reach other people"),
    ]
    said = [f"{count} {one if count == 1 else many}" for count, one, many in counts if count]
    drift = [change for change in value.changes if not _caused(change, is_drift=False).fields]
    said += [f"{len(drift)} only undo drift" if len(drift) > 1 else "1 only undoes drift"] if drift else []
    said += (
        [f"{wording.count(value.managed, 'audience')} compared, nothing to do"]
        if not (value.changes or value.errored)
        else []
    )
    return f" {', '.join(said)}." if said else ""


def _standing(value: Plan) -> Iterator[str]:
    """Say where this stands: a preview, and what would keep it from being applied."""
    if value.targets:
        targets = ", ".join(markdown(target) for target in value.targets)
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


def _cut(count: int, see_also: str) -> Iterator[str]:
    if count:
        hint = f" See {see_also}." if see_also else ""
        yield f"**Not shown here: {wording.count(count, 'more audience')}.**{hint}"


def notes(found: Sequence[Diagnostic]) -> str:
    """List the worst diagnostics in words, and count the others."""
    some = _worst(found)
    more = len(found) - len(some)
    rows = [_diagnostic(diagnostic) for diagnostic in some] + ([f"and {more} more"] if more else [])
    return "\n".join(f"- {row}" for row in rows)


def _worst(found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(found, key=lambda diagnostic: not diagnostic.is_error)[:MAX_NOTES])


def _diagnostic(diagnostic: Diagnostic) -> str:
    refusal = REFUSALS.get(diagnostic.code)
    heading = refusal.heading if refusal else "Error" if diagnostic.is_error else "Warning"
    parts = [str(part) for part in (diagnostic.file, diagnostic.line) if part is not None]
    place = f" ({markdown(':'.join(parts))})" if parts else ""
    return f"**{heading}:** {_prose(text.message(diagnostic))}{place}"


def _prose(said: str) -> str:
    """Show sentences that hold words from outside: each word is plain or code, so that the rest reads on.

    Must follow text of ours on its line: what opens a list is harmless only there.
    """
    return " ".join(map(_word, said.split(" ")))


def _word(word: str) -> str:
    before, core, after = _WORD.fullmatch(word).groups()  # type: ignore[union-attr] # it matches everything
    return f"{before}{markdown(core) if core else ''}{after}"


def _table(head: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"| {left} | {right} |" for left, right in [head, ("---", "---"), *rows])


def _folded(title: str, exact: str) -> Iterator[str]:
    yield f"<details><summary>{title}</summary>"
    yield markdown_fence(exact, "text")
    yield "</details>"


def _unmanaged(value: Plan) -> Iterator[str]:
    if not value.unmanaged:
        return
    names = [markdown(clip(audience.name)) for audience in value.unmanaged[:MAX_UNMANAGED]]
    more = len(value.unmanaged) - len(names)
    listed = ", ".join([*names, f"and {more} more"] if more else names)
    have = "has no file here and is" if len(value.unmanaged) == 1 else "have no file here and are"
    yield f"{wording.count(len(value.unmanaged), 'more live audience')} {have} left alone: {listed}."


def result(value: ApplyResult, *, max_shown: int | None = None, see_also: str = "") -> str:
    """Show how an apply ended: one line, a table of how it ended for whom, and the details folded.

    Of more audiences than `max_shown`, those come first that are not as planned; `see_also` is as in `plan`.
    """
    shown = sorted(value.results, key=lambda one: one.outcome in _LAST)[:max_shown]
    blocks = [f"**{_ending(value)}**{_advice(value)}"]
    blocks += [notes(value.diagnostics)] if value.diagnostics else []
    if shown:
        rows = [(markdown(clip(one.name)), _outcome(one)) for one in shown]
        blocks.append(_table(("Audience", "How it ended"), rows))
    blocks += _cut(len(value.results) - len(shown), see_also)
    if shown:
        blocks += _folded("The details, for technical readers", text.result(value, shown=shown))
    return "\n\n".join(blocks) + "\n"


def _ending(value: ApplyResult) -> str:
    summary, count = value.summary, len(value.results)
    good = summary["applied"] + summary["unchanged"]
    if value.is_converged:
        done = summary["applied"]
        return f"{wording.count(done, 'audience')} changed as planned." if done else "Nothing had to change."
    if not value.is_written:
        return "Nothing was changed."
    stopped = "Stopped before the end: " if value.interrupted else ""
    are, rest = "is" if good == 1 else "are", count - good
    audiences = wording.count(count, "audience")
    return f"{stopped}{good} of {audiences} {are} as planned, {rest} {'is' if rest == 1 else 'are'} not."


def _advice(value: ApplyResult) -> str:
    if value.is_converged:
        return " Each was read back and is as its file says." if value.summary["applied"] else ""
    if not value.results:
        return " This is why:" if value.diagnostics else ""
    look = "Look in the dashboard at what is unknown, then run" if value.summary["unknown"] else "Run"
    return f" {look} the plan again to see what is left to do."


def _outcome(one: AudienceResult) -> str:
    if one.is_written and one.outcome == "failed":
        return "**changed, but not as planned**: what is live now is not what was asked for"
    if one.is_written and one.outcome == "conflict":
        return "**changed, but not as planned**: somebody else changed it at the same time"
    return _OUTCOMES[one.outcome]


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
    "not_attempted": "**not tried**: the run ended before",
}
