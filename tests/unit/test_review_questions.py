"""The ten questions of a reviewer who never saw the tool, each answered by the comment alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Diagnostic, StalePlan
from reconciler.plan import Limits, guards
from reconciler.plan.model import Commit, Handover, Ownership, Plan, Reach
from reconciler.plan.reach import NOT_KNOWN
from reconciler.render import comment
from reconciler.render.origin import Place
from tests.unit import reviews
from tests.unit.reviews import BASE, Organization
from tests.unit.strategies import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.plan.model import Cause

FILES = "https://github.com/acme/audiences/blob/0123abc"
COMMITS = FILES.replace("/blob/0123abc", "/commit")
PLACE = Place(FILES, "0123456789abcdef", "2026-11-27 18:00 UTC", "ana", COMMITS)
SHA = "4dbc0f0d81213602f8ff12d3cb105006b4926205"
COMMITTED = f"last commit [`4dbc0f0d`]({COMMITS}/{SHA}) by Ana on 2026-11-20"
RUN = "https://github.com/acme/audiences/actions/runs/81"
DAY = "2026-11-26"
QUESTIONS = {
    "what": "What changes, in which audiences?",
    "whom": "Whom does it add or remove?",
    "how many": "How many people, before and after?",
    "why": "Why, and who owns it?",
    "drift": "Which part is drift, and since when?",
    "can it fail": "Can it fail when merged, and why?",
    "stop": "How is it stopped, and taken back?",
    "safe": "Is it safe to merge now?",
    "merge": "What exactly happens at the merge?",
    "left alone": "What is left alone?",
}
STOPPED = ("close this pull request: nothing has been sent", "press *Revert* on this pull request")
STOPPED_UNSENT = ("close this pull request: nothing has changed yet", "press *Revert* on this pull request")
SENT = (
    "reads each of these audiences again",
    "with the vendor's next run",
    "is left alone, and a comment says",
)


@dataclass(frozen=True)
class Case:
    """A comment, and what in it answers each question; one that is left out does not arise."""

    render: Callable[[], str]
    answers: dict[str, tuple[str, ...]]


def planned(plan: Plan) -> str:
    return comment.planned(plan, RULES, place=PLACE)


def owned(plan: Plan, reach: Reach | None = None) -> Plan:
    """Return the plan with what people wrote of each audience, what the API says, and how many it reaches."""
    changes = (
        replace(
            one,
            owner="growth@example.com",
            description="Who buys in spring",
            updated_at="2026-11-20T09:00:00Z",
            reach=reach,
            commit=Commit(SHA, "Ana", "2026-11-20"),
        )
        for one in plan.changes
    )
    return replace(plan, changes=tuple(changes))


def loosened() -> str:
    organization = Organization()
    organization.add(
        "Marketing directors",
        {"status": "active", "config": {**BASE, "minScore": 60, "maxScore": 90}},
        {"status": "active", "config": {**BASE, "minScore": 70, "maxScore": 90}},
    )
    organization.add_unchanged(2)
    plan = organization.plan(unmanaged=1, base={})
    return planned(owned(plan, Reach(1200, 4800, DAY)))


def swap() -> str:
    organization = Organization()
    organization.add("Spring webinar", {"status": "paused"}, {"status": "active"})
    organization.add("Autumn webinar", {"status": "active"}, {"status": "paused"})
    organization.add_unchanged(1)
    return planned(owned(organization.plan(limits=Limits(active_slots=10), unmanaged=1), Reach(9, 9, DAY)))


def swept() -> str:
    plan = reviews.forty()
    causes: dict[str, Cause] = {one.id: "drift" for one in plan.audience_changes[::5]}
    changes = [
        replace(one, fields=tuple(replace(field, cause=causes.get(one.id, "change")) for field in one.fields))
        for one in plan.changes
    ]
    return planned(owned(replace(plan, changes=tuple(changes)), Reach(unknown="x")))


def lifted() -> str:
    found = Diagnostic("warning", guards.LIFTED, 'the protection of "CFOs" is taken out', "It still counts")
    return planned(replace(reviews.nothing(), diagnostics=(found,)))


def let_go() -> str:
    gone = Handover(reviews.identity(7), "Old leads", "active", "audiences.d/old.yaml")
    return planned(replace(reviews.nothing(), ownership=Ownership(no_longer_managed=(gone,))))


def without_preview() -> str:
    plan = owned(reviews.one_filter(), Reach(unknown="the API has no preview"))
    summary = "how many people 1 audience would reach is not known: the API has no preview"
    return planned(replace(plan, diagnostics=(Diagnostic("warning", NOT_KNOWN, summary),)))


def refused() -> str:
    stale = StalePlan("what this merge would do now is not what was reviewed", "Somebody edited an audience")
    changes = reviews.swap().audience_changes
    return comment.refused(stale.diagnostics, changes, RULES, place=PLACE, run=RUN)


CASES = {
    "one loosened filter": Case(
        loosened,
        {
            "what": ("Of 3 audiences, 1 would change and 2 stay", f"[Marketing directors]({FILES}/"),
            "whom": ("also takes people who score 60 to 69", "It would match more people"),
            "how many": ("1,200 \N{RIGHTWARDS ARROW} 4,800, 4 times as many", DAY),
            "why": (
                f"owner `growth@example.com`; for: Who buys in spring<br>{COMMITTED}</sub>",
                "asked for by ana",
            ),
            "drift": ("None of this is drift.",),
            "can it fail": ("### Audiences: look twice\n",),
            "stop": STOPPED,
            "safe": ("At least three times as many people:**", "Active while it changes:** Marketing"),
            "merge": SENT,
            "left alone": (
                "As defined already (2): Steady 1, Steady 2",
                "Live without a file here (1): Demo",
            ),
        },
    ),
    "swap with full slots": Case(
        swap,
        {
            "what": ("Of these 2, 1 would start and 1 would stop being active",),
            "whom": ("its people are no longer refreshed", "its people are refreshed daily"),
            "how many": ("| 9 |",),
            "can it fail": ("### Audiences: ready\n", "No limit and no protection stands in the way"),
            "stop": STOPPED,
            "safe": (
                "10 of 10 in use, 1 frees up (Spring webinar), 1 would start (Autumn webinar): 10 of 10",
            ),
            "merge": (*SENT, "what stops being active (Spring webinar), then what starts (Autumn webinar)"),
            "left alone": ("As defined already (1): Steady 2", "Live without a file here (1): Demo"),
        },
    ),
    "forty changes with drift": Case(
        swept,
        {
            "what": ("Of 60 audiences, 40 would change and 20 stay as they are.", "**The same in 2:** [Aud"),
            "whom": ("also takes C-suite executives; drops vice presidents",),
            "how many": ("| not known |",),
            "drift": (
                "Drift in 8 audiences, which would be swept along",
                "merging would undo that edit",
                "**Drift, last updated there on 2026-11-20:** ",
                "(live: active; in the file: paused)",
                "What should stay as it is live belongs into its file",
            ),
            "can it fail": (
                "### Audiences: would be refused\n",
                "for 2 reasons. Each of them must be solved",
                "by whoever owns that file",
            ),
            "stop": ("**To stop it,** close this pull request",),
            "merge": ("The apply job refuses it, sends nothing",),
            "left alone": ("Live without a file here (23): Demo",),
        },
    ),
    "lifted guard": Case(
        lifted,
        {
            "what": ("No changes.",),
            "can it fail": ("### Audiences: look twice\n",),
            "safe": ("**This also lifts a guard:**", 'the protection of "CFOs" is taken out'),
            "stop": STOPPED_UNSENT,
            "merge": ("Nothing is sent: no audience changes.",),
            "left alone": ("As defined already (14)",),
        },
    ),
    "deleted definition": Case(
        let_go,
        {
            "can it fail": ("### Audiences: look twice\n",),
            "safe": ("**No longer managed: 1 audience:** Its file is gone: it stays as live",),
            "stop": STOPPED_UNSENT,
            "merge": ("Nothing is sent: no audience changes.",),
            "left alone": ("nobody owns it any more: Old leads (active, and keeps running)",),
        },
    ),
    "API without preview": Case(
        without_preview,
        {
            "whom": ("drops vice presidents",),
            "how many": ("| not known |", "is not known: the API has no preview"),
            "can it fail": ("### Audiences: ready\n",),
        },
    ),
    "refused merge": Case(
        refused,
        {
            "what": (f"[Spring webinar]({FILES}/", "What would happen now, and is not what was reviewed"),
            "whom": ("**pauses**, and its people are no longer refreshed",),
            "can it fail": ("### Audiences: refused\n", "**Nothing was changed.**", "**Out of date:**"),
            "merge": ("To go on, open another pull request for these files",),
        },
    ),
    "failed apply": Case(
        lambda: comment.applied(reviews.in_part(), has_begun=True, run=RUN),
        {
            "what": ("2 of 9 audiences are as planned, 7 are not", "| CFOs | **not changed**: the attempt"),
            "can it fail": ("### Audiences: failed\n",),
            "stop": ("**To take it back,** press *Revert*",),
            "merge": ("What was reviewed still stands", "run the newest job again", "the vendor's next run"),
        },
    ),
    "completed apply": Case(
        lambda: comment.applied(reviews.applied(), has_begun=True, run=RUN),
        {
            "what": ("3 audiences changed as planned.** Each was read back",),
            "can it fail": ("### Audiences: applied\n",),
            "stop": ("**To take it back,** press *Revert*",),
            "merge": ("the vendor's next run",),
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_comment_alone_answers_the_questions(name: str) -> None:
    case = CASES[name]
    shown = case.render()

    assert case.answers.keys() <= QUESTIONS.keys()
    for question, answers in case.answers.items():
        missing = [answer for answer in answers if answer not in shown]
        assert not missing, f"{QUESTIONS[question]}\n{shown}"


@pytest.mark.parametrize("name", CASES)
def test_nothing_refused_is_called_a_warning(name: str) -> None:
    shown = CASES[name].render()

    assert "**Warning" not in shown
    assert not ("would be refused" in shown and "No limit and no protection" in shown)


@pytest.mark.parametrize("name", CASES)
def test_each_audience_has_one_row(name: str) -> None:
    table = [line for line in CASES[name].render().splitlines() if line.startswith("| ")]
    names = [part for line in table for part in line.split(f"]({FILES}")[:-1]]

    assert len({one.rpartition("[")[2] for one in names}) == len(names)
