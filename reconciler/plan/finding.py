"""What a policy has against an audience, as data and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from reconciler import wording
from reconciler.errors import Diagnostic, PolicyDenied

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model import Json, Strictness

Outcome = Literal["denied", "overridden", "warned", "not_known", "unchanged"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
MAX_SHOWN = 10  # audiences that are named one by one for one policy and outcome

BROKEN = "policy"
NOT_KNOWN = "policy-not-known"
UNCHANGED = "policy-unchanged"
LOOKS = frozenset({BROKEN, NOT_KNOWN})
CODES = frozenset({PolicyDenied.code, BROKEN, NOT_KNOWN, UNCHANGED})


@dataclass(frozen=True, slots=True)
class Finding:
    """One policy and one audience that breaks it, or of which nobody can tell: `unknown` is then why.

    `approvers` are the people whom the policy's owners stand for here, of whom one may approve an exception;
    `reason` is the exception that the audience's file gives, if it does; `detail` is who has approved it or
    has to. Only what is `denied` is refused; `unchanged` is what the plan does not touch.
    """

    policy: str
    sentence: str
    severity: Strictness
    owners: tuple[str, ...]
    id: str
    name: str
    file: str
    line: int
    column: int
    outcome: Outcome
    approvers: tuple[str, ...]
    reason: str = ""
    detail: str = ""
    unknown: str = ""


def diagnostics(found: Sequence[Finding]) -> Iterator[Diagnostic]:
    """Yield the findings as warnings, what is denied first, and one for all that a plan does not touch."""
    for outcome in OUTCOMES:
        alike = [one for one in found if one.outcome == outcome]
        if outcome == "unchanged":
            policies = dict.fromkeys(one.policy for one in alike)
            yield from (_elsewhere([one for one in alike if one.policy == policy]) for policy in policies)
        else:
            yield from map(_one, alike)


def _one(one: Finding) -> Diagnostic:
    summary = f'"{one.name}" breaks {_rule(one)}'
    if one.unknown:
        summary = f'whether "{one.name}" keeps {_rule(one)} cannot be told: {one.unknown}'
    if one.reason:
        summary += f'. Its file gives a reason for an exception: "{one.reason}"'
    place = (one.file, one.line, one.column)
    return Diagnostic("warning", _CODES[one.outcome], summary, detail(one), *place)


def _rule(one: Finding) -> str:
    return f"the policy {one.policy} ({one.sentence})"


def detail(one: Finding) -> str:
    """Return what is needed, and by whom, or what it comes to."""
    if one.outcome == "denied" and not one.reason:
        return _NEEDED.format(policy=one.policy, owners=listed(one.approvers))
    if one.outcome in {"denied", "overridden"}:
        return one.detail
    return "Look it up before this is applied" if one.unknown else "It is only a warning"


def _elsewhere(group: Sequence[Finding]) -> Diagnostic:
    names = ", ".join(f'"{one.name}"' for one in group[:MAX_SHOWN])
    more = f" and {len(group) - MAX_SHOWN} more" if len(group) > MAX_SHOWN else ""
    verb = "breaks" if len(group) == 1 else "break"
    audiences = wording.count(len(group), "audience")
    summary = f"{audiences} that this leaves alone {verb} {_rule(group[0])}: {names}{more}"
    return Diagnostic("warning", UNCHANGED, summary, "Nothing is refused for that, until one of them changes")


def listed(approvers: Sequence[str]) -> str:
    """Return who may approve an exception as people read it."""
    if not approvers:
        return "its owner, whom metadata.owner did not name before as a person on GitHub: so by nobody"
    return " or ".join(filter(None, [", ".join(approvers[:-1]), approvers[-1]]))


def to_document(found: Iterable[Finding]) -> list[Json]:
    """Return findings as JSON data, one object for each policy."""
    policies: dict[str, list[Finding]] = {}
    for one in found:
        policies.setdefault(one.policy, []).append(one)
    return [
        {
            **{key: getattr(group[0], key) for key in ("sentence", "severity")},
            "id": policy,
            "owners": [*group[0].owners],
            "audiences": [_audience(one) for one in group],
        }
        for policy, group in policies.items()
    ]


def _audience(one: Finding) -> dict[str, Json]:
    return {**{key: getattr(one, key) for key in _AUDIENCE}, "approvers": [*one.approvers]}


def from_document(document: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Return the findings that a checked document holds."""
    return tuple(
        Finding(
            policy=one["id"],
            sentence=one["sentence"],
            severity=one["severity"],
            owners=tuple(one["owners"]),
            approvers=tuple(audience["approvers"]),
            **{key: audience[key] for key in _AUDIENCE},
        )
        for one in document
        for audience in one["audiences"]
    )


_AUDIENCE = ("id", "name", "file", "line", "column", "outcome", "reason", "detail", "unknown")
_CODES: Mapping[Outcome, str] = {
    "denied": PolicyDenied.code,
    "overridden": BROKEN,
    "warned": BROKEN,
    "not_known": NOT_KNOWN,
    "unchanged": UNCHANGED,
}
_NEEDED = (
    "Needed: the change put right, by its author. Or, where it is meant, the reason in the audience's file "
    "under metadata.overrides, as {policy}: REASON, approved by {owners}"
)
