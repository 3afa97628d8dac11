"""A scenario: all that is decided about a run before it starts, drawn from one seed."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from tests.doubles.peer import KINDS

from . import authoring, organization
from .organization import Habits
from .script import fault, unclear

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.doubles.peer import Fault

    from .model import Document

_OFTEN = (*["status"] * 5, "drop", "reset", "delay", "stale", "edit")  # what the write path is made for
Approval = Literal["plan", "digest", "auto"]
Step = Literal["received", "performed", "answered"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A step of the first request that is number `number` or later and has this method; then a delay."""

    number: int
    method: str | None
    step: Step
    delay: float


@dataclass(frozen=True, slots=True)
class Strike:
    """Signals for one of the applies, one after the other, at a moment among its own requests."""

    moment: Moment
    process: int
    signals: tuple[signal.Signals, ...]
    gap: float


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody else does to an audience (None: deletes it); without a moment, before anything starts."""

    id: str
    changes: Mapping[str, Any] | None
    moment: Moment | None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """An audience that is in the way: what it becomes, and how it is defined meanwhile."""

    id: str
    live: Mapping[str, Any]
    definition: Document


@dataclass(frozen=True, slots=True)
class Apply:
    """One apply: how it was approved, and with which options."""

    approval: Approval
    parallelism: int
    has_journal: bool
    is_limited: bool
    start_after: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run: the organization, the definitions, the applies, and everything that goes wrong."""

    key: str
    generation: int
    is_strict: bool
    unknown_filters: str
    config_semantics: str
    page_size: int | None
    slots: int | None
    audiences: tuple[Document, ...]
    definitions: Mapping[str, Document]
    applies: tuple[Apply, ...]
    faults: tuple[Fault, ...]
    strikes: tuple[Strike, ...]
    edits: tuple[Edit, ...]
    resumes: bool
    obstacle: Obstacle | None


def draw(seed: str) -> Scenario:
    """Draw the scenario of a seed; one in ten is calm, to see that nothing goes wrong by itself."""
    rng = Random(seed)
    generation, config_semantics = rng.choice((1, 2)), rng.choice(("replace", "replace", "merge"))
    unknown_filters = rng.choice(("store", "store", "store", "strip", "refuse"))
    habits = _habits(rng, generation, config_semantics, unknown_filters)
    audiences = tuple(organization.audience(rng, habits) for _ in range(rng.randint(3, 12)))
    managed = [one for one in audiences if rng.random() < 0.9] or list(audiences[:1])
    definitions = {one["id"]: authoring.definition(rng, one, generation) for one in managed}
    is_calm = rng.random() < 0.1
    key = f"sk_{rng.getrandbits(64):x}/+{rng.getrandbits(32):x}="
    ids = [one["id"] for one in audiences]
    applies = tuple(_apply(rng, nth) for nth in range(1 if is_calm else rng.choice((1, 1, 2))))
    edits = () if is_calm else tuple(_edits(rng, audiences, definitions, generation))
    deletes = any(edit.changes is None for edit in edits)
    slots = None if is_calm or rng.random() < 0.75 else rng.randint(0, len(ids))
    # Before the storm nothing else is in the way: a start for which there is no slot would be.
    has_obstacle = slots is None and rng.random() < 0.12
    strangers = [one for one in audiences if one["id"] not in definitions]
    if strangers and rng.random() < 0.3:
        rng.choice(strangers).update(rng.choice(organization.ODD))
    return Scenario(
        key=key,
        generation=generation,
        is_strict=habits.is_strict,
        unknown_filters=unknown_filters,
        config_semantics=config_semantics,
        page_size=rng.choice((None, None, 1, 2, 5)),
        slots=slots,
        audiences=audiences,
        definitions=definitions,
        applies=applies,
        faults=() if is_calm else tuple(_faults(rng, ids, key, habits, deletes=deletes)),
        strikes=() if is_calm else tuple(_strikes(rng, applies, len(ids))),
        edits=edits,
        resumes=rng.random() < 0.5,
        obstacle=_obstacle(rng, habits, unknown_filters, definitions) if has_obstacle else None,
    )


def _habits(rng: Random, generation: int, config_semantics: str, unknown_filters: str) -> Habits:
    return Habits(
        generation,
        is_strict=generation == 2 and rng.random() < 0.5,
        is_mixed=generation == 2 and unknown_filters == "store",
        # Merged with dotted ones, nested filters would be there twice.
        is_nested=generation == 2 and config_semantics == "replace",
        has_unknown=unknown_filters == "store",
    )


def _obstacle(
    rng: Random, habits: Habits, unknown_filters: str, definitions: Mapping[str, Document]
) -> Obstacle:
    """Draw an audience that cannot be read, or whose definition the server would not store as it is."""
    name, definition = rng.choice(sorted(definitions.items(), key=lambda pair: pair[0]))
    config = {"topicIds": [117805], "minTopicOverlap": 1}
    wrong = [{**config, "minScore": 40, "maxScore": 90}] if habits.is_strict else []
    if habits.generation == 2 and unknown_filters != "store":
        wrong.append({**config, "filters": {"seniority": ["vp"]}})
    if wrong and rng.random() < 0.7:
        return Obstacle(name, {}, {**definition, "config": rng.choice(wrong), "lifecycle": {}})
    odd = [one for one in organization.ODD if one.keys() <= definition.keys()]
    return Obstacle(name, rng.choice(odd), definition)


def _apply(rng: Random, nth: int) -> Apply:
    return Apply(
        approval=rng.choice(("plan", "plan", "digest", "auto")),
        parallelism=rng.choice((1, 2, 4, 4, 8)),
        has_journal=rng.random() < 0.8,
        is_limited=rng.random() < 0.04,
        start_after=0 if nth == 0 else rng.choice((0, 0.01, 0.05, 0.2)),
    )


def _faults(rng: Random, ids: list[str], key: str, habits: Habits, *, deletes: bool) -> list[Fault]:
    kinds = rng.choices((*KINDS, *_OFTEN), k=rng.choice((0, 1, 1, 2, 3, 4, 5)))
    if habits.is_nested:
        kinds = [kind for kind in kinds if kind != "merged_config"]  # as above
    if deletes:
        kinds = [kind for kind in kinds if kind != "edit"]  # the peer cannot edit what is gone
    if "short_body" in kinds:
        kinds = [kind for kind in kinds if kind != "surrogate"]  # nor spoil a name that it left out
    faults = [fault(rng, kind, ids, key) for kind in kinds]
    return faults + (unclear(rng, ids) if rng.random() < 0.1 else [])


def _moment(rng: Random, audiences: int) -> Moment:
    return Moment(
        number=rng.randint(1, 4 * audiences),
        method=rng.choice((None, "PATCH", "PATCH", "GET")),
        step=rng.choice(("received", "performed", "answered")),
        delay=rng.choice((0, 0, 0, 0.002, 0.01, 0.05)),
    )


def _strikes(rng: Random, applies: tuple[Apply, ...], audiences: int) -> list[Strike]:
    kinds = ((signal.SIGKILL,), (signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGTERM))
    return [
        Strike(
            moment=_moment(rng, audiences),
            process=rng.randrange(len(applies)),
            signals=rng.choice(kinds),
            gap=rng.choice((0, 0.01, 0.05)),
        )
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2)))
    ]


def _edits(
    rng: Random, audiences: tuple[Document, ...], definitions: Mapping[str, Document], generation: int
) -> list[Edit]:
    edits = []
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        one = rng.choice(audiences)
        changes = authoring.foreign(rng, one, definitions.get(one["id"]), generation)
        if rng.random() < 0.05:
            changes = dict(rng.choice(organization.ODD))
        edits.append(Edit(one["id"], changes, None if rng.random() < 0.1 else _moment(rng, len(audiences))))
    if edits and rng.random() < 0.08:
        edits[-1] = Edit(edits[-1].id, None, edits[-1].moment)
    return edits
