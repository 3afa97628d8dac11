"""What a process said, against what the server knows: outcomes, exit code, JSON, streams."""

from __future__ import annotations

import json
import signal
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, FormatChecker

from tests.campaign import model
from tests.campaign.evidence import HARMLESS, is_good
from tests.doubles.peer import KINDS

from .violation import Violation
from .writes import may_be_done

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.campaign.evidence import Act, Evidence, Process
    from tests.campaign.model import Document
    from tests.doubles.peer import Entry

MAX_ATTEMPTS = 3
INTERRUPTED = 130
SUCCESS, TIMEOUT = 200, 408
_READABLE = {"short_body", "old_body", "unknown_fields", "value"}  # a 200 that accepts, whatever it shows
_OTHERWISE = {"merged_config", "normalised", "clamped", "stripped", "echo"}
_ODD = frozenset(KINDS) - HARMLESS - _READABLE - _OTHERWISE
_SCHEMA = Path(__file__).parents[3] / "schemas" / "apply-result.schema.json"
_GOOD = {"applied", "unchanged"}
_NOISE = ("Traceback", "never retrieved", "never awaited", "Exception ignored", "a bug in", "ResourceWarning")


def judge(evidence: Evidence, act: Act, process: Process) -> Iterator[Violation]:
    """Yield each thing that a process said, or failed to say, and that is not so."""
    stderr = process.stderr.decode("utf-8", "replace")
    if any(noise in stderr for noise in _NOISE) or process.is_hung:
        yield Violation("noise", process.name, f"hung: {process.is_hung}; stderr: {stderr}")
    if process.returncode == -signal.SIGKILL:
        return
    try:
        report = process.report
        _schema().validate(report)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is no report
        yield Violation(
            "json", process.name, f"exit code {process.returncode}, stdout {process.stdout!r}: {error}"
        )
        return
    for what in (
        *_sums(process, report),
        *_exit_code(process, report),
        *_completeness(evidence, act, process, report),
    ):
        yield Violation("report", process.name, what)
    said = {result["id"]: result for result in report["results"]}
    for write in (entry for entry in act.sent_by(process) if entry.method == "PATCH"):
        if write.id not in said:
            yield Violation("report", process.name, f"#{write.number} was sent, and is not in {report}")
    for result in report["results"]:
        for what in _contradictions(evidence, act, process, result):
            yield Violation("outcome", process.name, f"{result}: {what}")


@cache
def _schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads(_SCHEMA.read_text()), format_checker=FormatChecker())


def _sums(process: Process, report: Mapping[str, Any]) -> Iterator[str]:
    counted = Counter(result["outcome"] for result in report["results"])
    if counted != Counter({name: number for name, number in report["summary"].items() if number}):
        yield f"the summary is not that of its results: {report}"
    if report["interrupted"] and not process.signals:
        yield "it says that it was interrupted, and nobody did"
    if process.saved is not None and process.saved != process.stdout:
        yield f"--out holds something else than stdout: {process.saved!r}"
    if process.journal is not None:
        yield from _unlike_journal(process, report)


def _unlike_journal(process: Process, report: Mapping[str, Any]) -> Iterator[str]:
    """Hold the last outcome in the journal to be that of the report, or of the first of two steps."""
    ended = {record["id"]: record["outcome"] for record in process.records("outcome")}
    started = {record["id"] for record in process.records("intent") if "status" in record["patch"]}
    for result in report["results"]:
        last, outcome = ended.get(result["id"]), result["outcome"]
        is_begun = result["id"] not in started and outcome in {"not_attempted", "blocked", "conflict"}
        is_between = last in _GOOD and is_begun
        if result["attempts"] and last != outcome and not is_between:
            yield f"the journal's outcome is {last}, not {result}"


def _exit_code(process: Process, report: Mapping[str, Any]) -> Iterator[str]:
    if process.returncode == INTERRUPTED and process.signals:
        return  # it was, if only while it printed a report that does not say so yet
    allowed = set(_exit_codes(report))
    if process.returncode not in allowed:
        yield f"exit code {process.returncode}, not one of {allowed}: {report}"
    if report["errored"] != (process.returncode != 0):
        yield f"errored is {report['errored']} with exit code {process.returncode}"


def _exit_codes(report: Mapping[str, Any]) -> tuple[int, ...]:
    """Give the codes that the table has for a report."""
    outcomes = {result["outcome"] for result in report["results"]}
    is_error = any(diagnostic["severity"] == "error" for diagnostic in report["diagnostics"])
    if report["interrupted"]:
        return (INTERRUPTED,)
    if "unknown" in outcomes:
        return (5,)
    is_wider = any(result["live_and_wider"] for result in report["results"])
    if outcomes <= _GOOD and not is_error and not is_wider:
        return (0,)
    if any(result["written"] for result in report["results"]):
        return (4,)
    if is_error or ("conflict" in outcomes and outcomes & {"blocked", "failed"}):
        return (1, 3)
    return (3,) if "conflict" in outcomes else (1,)


def _completeness(evidence: Evidence, act: Act, process: Process, report: Mapping[str, Any]) -> Iterator[str]:
    """
    Hold a report to name every audience of its plan, in the plan's order.

    What was refused may have another plan, or none; of a saved plan, what is as defined is not planned again.
    """
    ids = [result["id"] for result in report["results"]]
    if len(set(ids)) != len(ids):
        yield f"an audience has two outcomes: {ids}"
    is_refused = any(diagnostic["severity"] == "error" for diagnostic in report["diagnostics"])
    if not process.is_reviewed or is_refused:
        return
    planned = [*evidence.steps]
    due = [name for name in planned if name in ids or not may_be_done(act, process, name)]
    if ids != due:
        yield f"the plan has {planned}, due was {due}, and the report has {ids}"


def _contradictions(
    evidence: Evidence, act: Act, process: Process, result: Mapping[str, Any]
) -> Iterator[str]:
    reads, writes = (act.about(process, result["id"], method) for method in ("GET", "PATCH"))
    outcome = result["outcome"]
    yield from _miscounted(result, writes)
    steps = evidence.steps.get(result["id"], ()) if process.is_reviewed else ()
    asked = [_union(step.patch for step in steps)] if steps else [act.definitions[result["id"]]]
    if outcome == "applied" and not _is_applied(act, asked[0], writes, reads):
        yield f"the server never held it: {act.final.get(result['id'])}"
    if outcome == "failed":
        yield from _unseen(act, writes, reads)
        yield from _unclear([one for one in writes if one.body == writes[-1].body])  # of the step that failed
    # What it was to be is the plan's state with its patches, and more than these alone.
    due = _union([{"config": steps[0].before.get("config")}, asked[0]]) if steps else asked[0]
    yield from _widened(act, result, due, writes, reads)
    if outcome == "blocked" and not any(entry.status == 403 for entry in act.sent_by(process)):
        yield "no slot was refused"
    if steps:
        yield from _excuses(act, outcome, steps, reads)


def _miscounted(result: Mapping[str, Any], writes: tuple[Entry, ...]) -> Iterator[str]:
    outcome, attempts = result["outcome"], result["attempts"]
    bodies = {write.body for write in writes}
    if not len(writes) <= attempts <= MAX_ATTEMPTS * max(len(bodies), 1):
        yield f"{len(writes)} PATCH calls came"
    if not result["written"] and any(write.stored for write in writes):
        yield f"it was written: #{[write.number for write in writes if write.stored]}"
    if attempts == 0 and (result["written"] or outcome in {"applied", "unknown", "failed"}):
        yield "nothing was sent"
    # Of two steps, the second may not have been attempted.
    if outcome == "not_attempted" and attempts and not all("status" not in one.document for one in writes):
        yield "it was attempted"


def _excuses(
    act: Act, outcome: str, steps: tuple[model.Step, ...], reads: tuple[Entry, ...]
) -> Iterator[str]:
    """Yield where nothing that was read says what kept the process from writing."""
    shown = [act.view(read) for read in reads if is_good(read)]
    if outcome == "unchanged" and not any(model.holds(one, _union(s.patch for s in steps)) for one in shown):
        yield f"it never was as defined: {shown}"
    is_plain = all(is_good(read) and "filled_defaults" not in read.faults for read in reads)
    is_clear = is_plain and all(any(model.same(one, step.before) for step in steps) for one in shown)
    if outcome == "conflict" and is_clear:
        yield f"nobody changed it: {shown}"


def _union(patches: Iterable[Mapping[str, Any]]) -> Document:
    return {name: value for patch in patches for name, value in patch.items()}


def _unclear(writes: Sequence[Entry]) -> Iterator[str]:
    """Yield each write that was stored as asked, and whose response left that open."""
    for write in writes:
        is_declined = write.status in range(400, 500) and write.status != TIMEOUT
        is_plain = write.status == SUCCESS and not _ODD & set(write.faults)
        is_stored = write.stored and model.holds(write.after, write.document)
        if is_stored and not is_declined and not is_plain:
            yield f"#{write.number} was stored, and its response was unclear: {write.status} {write.faults}"


def _widened(
    act: Act, result: Mapping[str, Any], due: Document, writes: tuple[Entry, ...], reads: tuple[Entry, ...]
) -> Iterator[str]:
    """Hold *live and wider* to what the server held: active, and otherwise than it was to be."""
    seen = [write.after for write in writes] + [act.view(read) for read in reads if is_good(read)]
    held = [one for one in seen if one is not None and one["status"] == "active"]
    if result["live_and_wider"] and all(_is_as_asked(one, due) for one in held):
        yield f"it never was live and wider: {held}"
    if result["outcome"] == "failed" and not result["live_and_wider"]:
        yield from (
            f"it is live and wider since #{write.number}: {write.after}"
            for write in writes[-1:]
            if write.stored and _lacks_filter(write)
        )


def _lacks_filter(write: Entry) -> bool:
    """Tell whether a write left an active audience without a filter that it asked for."""
    if write.after is None or write.after["status"] != "active" or "config" not in write.document:
        return False
    asked, held = (model.present(one["config"]).get("filters", {}) for one in (write.document, write.after))
    return not asked.keys() <= held.keys()


def _unseen(act: Act, writes: tuple[Entry, ...], reads: tuple[Entry, ...]) -> Iterator[str]:
    """Yield where a write failed, it says, that was stored as asked: nobody looked, or the look showed it."""
    for write in writes[-1:]:
        later = [read for read in reads if read.number > write.number]
        if write.stored and model.holds(write.after, write.document) and "delay" not in write.faults:
            shown = [act.view(read) for read in later if is_good(read)]
            if not later:
                yield f"#{write.number} was stored, and nobody looked"
            elif shown and model.holds(shown[-1], write.document):
                yield f"#{write.number} was stored, as #{later[-1].number} showed"


def _is_applied(act: Act, asked: Document, writes: tuple[Entry, ...], reads: tuple[Entry, ...]) -> bool:
    """Tell whether the server held what a plan or a definition asks: at a write, or as a read showed."""
    held = [write.after for write in writes]
    held += [act.view(read) for read in reads if is_good(read)]
    # What was planned upon something bent is as good as what is defined.
    patch = _union(write.document for write in writes)
    return any(_is_as_asked(one, what) for one in held if one is not None for what in (asked, patch) if what)


def _is_as_asked(audience: Document, asked: Document) -> bool:
    if "id" not in asked:
        return model.holds(audience, asked)
    return not model.is_odd(audience, asked) and model.patch_for(asked, audience) is None
