"""Policies over a plan: which rules its audiences break, and what that comes to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, PolicyDenied
from reconciler.plan import exceptions, subject
from reconciler.plan.finding import Finding, diagnostics
from reconciler.plan.subject import REACH

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from reconciler.model import Definition, Json, Path, Policy
    from reconciler.plan.exceptions import Exceptions
    from reconciler.plan.finding import Outcome
    from reconciler.plan.model import Plan
    from reconciler.plan.subject import Subject

    Place = tuple[str | int, ...]
    Check = Callable[[Json], Place | str | None]

UNUSED = "policy-unknown"


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy with its conditions compiled, and the paths of the fields that each of these speaks of.

    A condition returns None where it holds; otherwise the place where it does not or, as a text, why nobody
    can tell.
    """

    policy: Policy
    when: Check | None
    require: Check
    when_fields: frozenset[Path]
    require_fields: frozenset[Path]

    @property
    def fields(self) -> frozenset[Path]:
        return self.when_fields | self.require_fields

    @property
    def can_deny_for_reach(self) -> bool:
        return self.policy.severity == "deny" and REACH in self.fields


def judge(plan: Plan, rules: Sequence[Rule], subjects: Iterable[Subject], tell: Exceptions) -> Plan:
    """Return the plan with what the rules have against its audiences."""
    found = tuple(dict.fromkeys(findings(rules, subjects, tell))) if rules else ()
    return replace(plan, policies=found, diagnostics=(*plan.diagnostics, *diagnostics(found)))


def problems(
    rules: Sequence[Rule], definitions: Sequence[Definition], carried_over: Collection[Path]
) -> Iterator[Diagnostic]:
    """Yield what rules that need no plan have against definitions: an error for what would be refused.

    `carried_over` are the fields that stay as they are live where a file leaves them out.
    """
    found: list[Finding] = []
    for one in definitions:
        seen = subject.of_file(one)
        able = [rule for rule in rules if subject.tells(seen, rule.fields, carried_over)]
        found += findings(able, [seen], exceptions.asked_for)
    for each in diagnostics(found):
        yield replace(each, severity="error") if each.code == PolicyDenied.code else each


def unknown(known: Collection[str], definitions: Iterable[Definition]) -> Iterator[Diagnostic]:
    """Yield a warning for each exception to a policy that there is not."""
    for one in definitions:
        for key in sorted(one.overrides.keys() - known):
            summary = f'there is no policy "{key}", to which this asks for an exception'
            path = "metadata.overrides"
            yield Diagnostic(
                "warning", UNUSED, summary, "Correct it, or remove the line", one.file, one.line, path=path
            )


def findings(rules: Sequence[Rule], found: Iterable[Subject], tell: Exceptions) -> Iterator[Finding]:
    """Yield what each rule has against each audience."""
    for one in found:
        for rule in rules:
            broken = _broken(rule, one)
            if isinstance(broken, str):
                yield _finding(rule.policy, one, (), broken, tell)
            elif broken is not None:
                yield _finding(rule.policy, one, broken, "", tell)


def _broken(rule: Rule, one: Subject) -> Place | str | None:
    """Return where a rule is broken or why nobody can tell; None where it is not.

    Of an audience that nothing changes for nobody is counted, and a rule on that has nothing to say.
    """
    is_counted = REACH[0] in one.document
    if REACH in rule.fields and not is_counted and not one.reach_unknown:
        return None
    if REACH in rule.when_fields and not is_counted:
        return one.reach_unknown
    applies = None if rule.when is None else rule.when(one.document)
    if applies is not None:
        return applies if isinstance(applies, str) else None
    if REACH in rule.require_fields and not is_counted:
        return one.reach_unknown
    return rule.require(one.document)


def _finding(policy: Policy, one: Subject, place: Place, unknown: str, tell: Exceptions) -> Finding:
    definition = one.definition
    line, column = _mark(definition, place)
    people = exceptions.approvers(policy, one.owner_before)
    outcome = _outcome(policy, one, unknown)
    detail = ""
    if outcome == "denied" and policy.id in definition.overrides:
        does_count, detail = tell(policy, definition, people)
        outcome = "overridden" if does_count else "denied"
    return Finding(
        policy=policy.id,
        sentence=policy.sentence,
        severity=policy.severity,
        owners=policy.owners,
        id=definition.id,
        name=definition.name,
        file=definition.file,
        line=line,
        column=column,
        outcome=outcome,
        approvers=people,
        reason=definition.overrides.get(policy.id, ""),
        detail=detail,
        unknown=unknown,
    )


def _outcome(policy: Policy, one: Subject, unknown: str) -> Outcome:
    """Return what a broken rule comes to without an exception."""
    if not one.is_changed:
        return "unchanged"
    if policy.severity == "warn" or (unknown and policy.not_known == "warn"):
        return "not_known" if unknown else "warned"
    return "denied"


def _mark(definition: Definition, place: Place) -> tuple[int, int]:
    """Return where in its file a rule is broken, or the definition's own place."""
    for length in range(len(place), 0, -1):
        path: Path = tuple(map(str, place[:length]))
        if path in definition.places:
            return definition.places[path]
    return definition.line, definition.column
