"""Which audiences get a file, lose theirs, or find it elsewhere, since a branch began."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from reconciler.plan.model import Handover, Ownership

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from reconciler.model import Audience, Definition, ListedAudience


def compare(
    base: Mapping[str, Definition],
    definitions: Sequence[Definition],
    owned: Collection[str],
    live: Mapping[str, Audience],
    others: Sequence[ListedAudience],
) -> Ownership:
    """Return what changes hands between `base`, by id, and the definitions.

    `owned` are the ids of definitions that are there and not asked about.
    """
    gone = sorted(base.keys() - owned - {one.id for one in definitions}, key=lambda one: base[one].file)
    listed = {one.id: one for one in others}
    return Ownership(
        tuple(_kept(one, live) for one in definitions if one.id not in base and one.id in live),
        tuple(_let_go(base[one], listed.get(one)) for one in gone),
        tuple(
            _kept(one, live, before.file)
            for one in definitions
            if (before := base.get(one.id)) and before.file != one.file
        ),
    )


def _kept(one: Definition, live: Mapping[str, Audience], file_before: str | None = None) -> Handover:
    # Only managed fields of an audience that is not live, or cannot be read, are unknown.
    status = live[one.id].fields.get("status", "") if one.id in live else ""
    return Handover(one.id, one.name, cast("str", status), one.file, file_before)


def _let_go(one: Definition, listed: ListedAudience | None) -> Handover:
    name, status = (listed.name or one.name, listed.status) if listed else (one.name, "")
    return Handover(one.id, name, status, one.file)
