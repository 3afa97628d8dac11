"""A plan or a result as one HTML page, for people who never saw the tool: no script, nothing fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.errors import REFUSALS
from reconciler.plan import guards, objections
from reconciler.render import handovers, text
from reconciler.render.html_change import card, effect
from reconciler.render.html_style import CSS, POLICY
from reconciler.render.html_text import element, escaped, listed, name
from reconciler.render.verdict import message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.errors import Diagnostic
    from reconciler.model import Rules
    from reconciler.plan import ApplyResult, AudienceResult, Plan


def plan(value: Plan, rules: Rules) -> str:
    """Show the verdict and its reasons, then a card for each audience, the largest effect first."""
    changes = sorted(value.audience_changes, key=lambda change: (-effect(change), change.phase == "change"))
    parts = [_plan_verdict(value)]
    if changes:
        parts += [element("h2", "What changes"), *(card(change, rules) for change in changes)]
    parts += [*_handovers(value), *_slots(value), *_next(value), *_left_alone(value)]
    if value.origin:
        parts += [_folded(text.plan(value, rules)), _origin(value.origin, value.digest)]
    return _page("Audiences: what an apply would do", parts)


def _plan_verdict(value: Plan) -> str:
    if value.errored:
        kind, heading = "refused", "Cannot be applied"
    elif objections(value):
        kind, heading = "refused", "Would be refused"
    elif value.diagnostics:
        kind, heading = "look", "Look twice"
    else:
        kind, heading = ("ready", "Ready") if value.changes else ("nothing", "Nothing to do")
    lines = [_counts(value)] if value.origin else []
    if value.targets:
        lines.append(f"Only a part was planned: {', '.join(map(name, value.targets))}.")
    return _verdict(kind, heading, lines, value.diagnostics)


def _verdict(kind: str, heading: str, lines: Iterable[str], found: Iterable[Diagnostic]) -> str:
    said = "".join(element("p", line) for line in (heading, *lines))
    ordered = sorted(found, key=_severity)
    return element("section", said + listed(map(_reason, ordered)), f"verdict {kind}")


def _severity(one: Diagnostic) -> tuple[bool, bool, bool]:
    return not one.is_error, one.code not in REFUSALS, one.code != guards.LIFTED


def _reason(one: Diagnostic) -> str:
    refusal = REFUSALS.get(one.code)
    heading = refusal.heading if refusal else "Error" if one.is_error else "Look"
    place = ":".join(str(part) for part in (one.file, one.line) if part is not None)
    where = f" (<code>{escaped(place)}</code>)" if place else ""
    return f"<strong>{heading}:</strong> {escaped(message(one))}{where}"


def _counts(value: Plan) -> str:
    """Return numbers that add up to all that is managed."""
    counts, unreadable = value.summary, len(value.unreadable)
    parts = [f"{counts['update']} of {wording.count(value.managed, 'audience')} would change"]
    parts.append(
        f"{counts['unchanged']} {'stays as it is' if counts['unchanged'] == 1 else 'stay as they are'}"
    )
    parts += [f"{counts['missing']} not found"] if counts["missing"] else []
    parts += [f"{unreadable} could not be read"] if unreadable else []
    return f"{', '.join(parts)}."


def _handovers(value: Plan) -> Iterator[str]:
    for heading, sentence in handovers.sentences(value, name):
        yield element("h2", heading) + element("p", sentence)


def _slots(value: Plan) -> Iterator[str]:
    if value.active_slots is None or not (value.summary["pause"] or value.summary["activate"]):
        return
    by_phase = {
        phase: ", ".join(name(one.name) for one in value.audience_changes if one.phase == phase) or "none"
        for phase in ("release", "activate")
    }
    yield element("h2", "Active slots")
    yield listed(
        (
            f"{value.active} of {value.active_slots} in use today",
            f"{value.summary['pause']} freed: {by_phase['release']}",
            f"{value.summary['activate']} wanted: {by_phase['activate']}",
        )
    )


def _next(value: Plan) -> Iterator[str]:
    if value.changes:
        yield element("h2", "What an apply does")
        yield listed(_NEXT)


def _left_alone(value: Plan) -> Iterator[str]:
    let_go = {one.id for one in value.ownership.no_longer_managed}
    found = [one for one in value.unmanaged if one.id not in let_go]
    if found:
        many = wording.count(len(found), "live audience")
        yield element("h2", "Left alone")
        yield element("p", f"{many} without a file here:") + listed(name(one.name) for one in found)


def result(value: ApplyResult) -> str:
    """Show how an apply ended for whom; what is live and wider than defined comes before all else."""
    is_good = value.is_converged
    counted = [f"{count} {outcome.replace('_', ' ')}" for outcome, count in value.summary.items() if count]
    lines = [f"{', '.join(counted)}."] if counted else []
    wider = value.live_and_wider
    if wider:
        names = ", ".join(name(one.name) for one in wider)
        lines.insert(
            0, f"<strong>Live and wider than defined:</strong> {names}. {text.pause_hint(len(wider))}"
        )
    heading = "Done" if is_good else "Ended in part" if value.is_written else "Nothing was changed"
    parts = [_verdict("ready" if is_good else "refused", heading, lines, value.diagnostics)]
    if value.results:
        parts += [element("h2", "How it ended"), *map(_outcome, sorted(value.results, key=_urgency))]
    return _page("Audiences: how an apply ended", [*parts, _folded(text.result(value))])


def _urgency(one: AudienceResult) -> tuple[bool, bool]:
    return not one.is_live_and_wider, one.outcome in {"applied", "unchanged"}


def _outcome(one: AudienceResult) -> str:
    css = "tag" if one.outcome in {"applied", "unchanged"} else "tag warn"
    tag = element("span", one.outcome.replace("_", " "), css)
    detail = element("p", escaped(one.detail), "soft") if one.detail else ""
    head = element("div", element("h3", name(one.name)) + tag, "head")
    return element("article", head + detail, "card")


def _folded(exact: str) -> str:
    # Each line was made safe for a log already; a focusable block can be scrolled without a mouse.
    shown = "".join(f"{_exact(line)}\n" for line in exact.splitlines())
    return f'<details><summary>For technical readers</summary><pre tabindex="0">{shown}</pre></details>'


def _exact(line: str) -> str:
    return escaped(line) if line else ""


def _origin(origin: str, digest: str | None) -> str:
    named = f" Digest: <code>{escaped(digest)}</code>." if digest else ""
    return element("footer", element("p", f"Compared with {escaped(origin)}.{named}", "soft"))


def _page(title: str, parts: Iterable[str]) -> str:
    """Return a whole page in ASCII, which no locale of a terminal or a file can spoil."""
    head = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="referrer" content="no-referrer"><title>{title}</title><style>{CSS}</style></head>'
    )
    body = element("body", element("main", "\n".join([element("h1", title), *parts])))
    return f"{head}\n{body}</html>\n".encode("ascii", "xmlcharrefreplace").decode()


_NEXT = (
    "Nothing has changed yet: this page only shows a plan.",
    "It pauses first, then changes, then starts, and reads back each audience that it wrote.",
    "An audience that somebody changes meanwhile is left alone, and the report says so.",
    "What is stored changes at once; who is in an audience follows with the vendor&#x27;s next run.",
)
