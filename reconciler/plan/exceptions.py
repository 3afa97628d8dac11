"""Whether an exception that a definition asks for counts: who has to approve it, and where that is seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.plan.finding import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.model import Definition, Policy

    Exceptions = Callable[[Policy, Definition, Sequence[str]], tuple[bool, str]]
    """Tells whether an exception counts that one of these people may approve, and in words why."""

AUDIENCE_OWNER = "audience-owner"  # among the owners of a policy
_PERSON = re.compile(r"[A-Za-z0-9-]{1,39}")


def approvers(policy: Policy, audience_owner: str) -> tuple[str, ...]:
    """Return the people on GitHub whom the owners of a policy stand for.

    `audience_owner` is the audience's `metadata.owner` as it was before the change, which need not be one.
    """
    owner = audience_owner.removeprefix("@")
    found = (owner if one == AUDIENCE_OWNER else one for one in policy.owners)
    return tuple(one for one in dict.fromkeys(found) if _PERSON.fullmatch(one))


def merged(base: Mapping[str, Definition] | None) -> Exceptions:
    """Return what tells by hand whether an exception counts: where it was merged, with the same reason.

    Without `base`, the definitions by id where a branch began, none does: nobody can tell who approved it.
    """

    def tell(policy: Policy, definition: Definition, people: Sequence[str]) -> tuple[bool, str]:
        before = (base or {}).get(definition.id)
        if before is not None and before.overrides.get(policy.id) == definition.overrides[policy.id]:
            return True, "It was merged before"
        where = ", and name by --base where" if base is None else ""
        return False, f"{_BY_HAND}. Needed: merge it, approved by {listed(people)}{where}"

    return tell


def asked_for(_: Policy, __: Definition, people: Sequence[str]) -> tuple[bool, str]:
    """Take each exception for one whose approval is looked for later, by the apply."""
    return (
        True,
        f"Needed before the merge: an approving review of the newest commit by {listed(people)}",
    )


_BY_HAND = "By hand an exception counts only where it was merged before"
