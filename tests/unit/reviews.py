"""Plans and results as people meet them, for tests of what they read."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler import plan
from reconciler.errors import Diagnostic, LimitExceeded
from reconciler.model import Audience, Definition, ListedAudience
from reconciler.plan import ApplyResult, AudienceResult, Limits, MaxChanges, Plan
from reconciler.plan.build import build
from reconciler.plan.model import Commit
from tests.unit.strategies import RULES, normal

ORIGIN = "https://api.example.com"
EXPECTED = Path(__file__).parent / "expected"
TOPICS = {"117801": "CRM Software", "117805": "Marketing ROI", "117890": "Marketing Attribution"}
BASE: dict[str, Any] = {
    "topicIds": [117805, 117890],
    "filters": {"companyIndustry": ["software development"], "seniority": ["director", "vp"]},
}


def expected(name: str, shown: str) -> str:
    """Return the document kept under a name. UPDATE_EXPECTED=1 keeps this one instead."""
    file = EXPECTED / name
    if os.environ.get("UPDATE_EXPECTED"):
        file.write_text(shown, "utf-8")
    return file.read_text("utf-8")


def identity(nth: int) -> str:
    return f"00000000-0000-4000-8000-{nth:012d}"


def config(**filters: Any) -> dict[str, Any]:
    return {**BASE, "filters": {**BASE["filters"], **filters}}


class Organization:
    """Definitions and live audiences, added pair by pair."""

    def __init__(self) -> None:
        self.definitions: list[Definition] = []
        self.live: dict[str, Audience] = {}

    def add(
        self, name: str, file: dict[str, Any], live: dict[str, Any] | None, *, is_protected: bool = False
    ) -> None:
        nth = len(self.definitions)
        one = identity(nth)
        defined = normal({"name": name, **file})
        path = f"audiences.d/{nth:02}.yaml"
        self.definitions.append(Definition(one, name, path, 2, 5, defined, is_protected=is_protected))
        if live is not None:
            self.live[one] = Audience(one, normal({"name": name, **live}), {"config.topicIds": TOPICS})

    def add_unchanged(self, count: int) -> None:
        for _ in range(count):
            self.add(f"Steady {len(self.definitions)}", {"status": "active"}, {"status": "active"})

    def plan(self, unmanaged: int = 0, **more: Any) -> Plan:
        names = ("Demo requests without a meeting", "Test [old CRM import]")
        others = [
            ListedAudience(identity(90 + nth), names[nth % 2] if nth < 2 else f"Leftover {nth}", "active")
            for nth in range(unmanaged)
        ]
        limits = more.pop("limits", Limits())
        return build(
            origin=ORIGIN,
            definitions=self.definitions,
            live=self.live,
            others=others,
            rules=RULES,
            limits=limits,
            active=10,
            **more,
        )


def one_filter() -> Plan:
    organization = Organization()
    before = config(seniority=["director", "manager", "vp"])
    organization.add(
        "Marketing directors", {"config": config(seniority=["director", "manager"])}, {"config": before}
    )
    organization.add_unchanged(8)
    return organization.plan(unmanaged=2)


def swap() -> Plan:
    organization = Organization()
    organization.add("Spring webinar", {"status": "paused"}, {"status": "active"})
    organization.add("Autumn webinar", {"status": "active"}, {"status": "paused"})
    organization.add_unchanged(6)
    return organization.plan(limits=Limits(active_slots=10))


def forty() -> Plan:
    """Plan every kind of change that a file can ask for, and more of them than the limit allows."""
    organization = Organization()
    for nth in range(40):
        file, live = _KINDS[nth % len(_KINDS)]
        organization.add(
            f"Audience {nth:02}", file, {"name": f"Audience {nth:02}", **live}, is_protected=nth == 13
        )
    organization.add_unchanged(20)
    return organization.plan(unmanaged=23, limits=Limits(active_slots=10))


def swept() -> Plan:
    """Plan what the author asked for, with what somebody changed outside git meanwhile."""
    organization = Organization()
    organization.add("Asked for", {"status": "paused"}, {"status": "active"})
    organization.add(
        "Changed twice", {"config": {**BASE, "minScore": 85}}, {"config": {**BASE, "minScore": 60}}
    )
    organization.add(
        "Asked for and swept",
        {"status": "active", "config": BASE},
        {"name": "Old", "config": config(hasPhone=True), "status": "active"},
    )
    organization.add("Swept along", {"config": BASE}, {"config": config(seniority=["vp"])})
    organization.add_unchanged(4)
    old: list[dict[str, Any]] = [
        {"status": "active"},
        {"config": {**BASE, "minScore": 70}},
        {"name": "Old", "status": "active", "config": BASE},
    ]
    base = {one.id: one for one in organization.definitions}
    for nth, fields in enumerate(old):
        one = organization.definitions[nth]
        base[one.id] = replace(one, fields=normal({"name": one.name, **fields}))
    return organization.plan(base=base)


def only_swept() -> Plan:
    """Plan for a branch that asks for nothing while somebody changed two audiences outside git."""
    organization = Organization()
    organization.add("Dropped", {"config": BASE}, {"config": config(seniority=["vp"])})
    organization.add("Stopped", {"status": "active"}, {"status": "paused"})
    return organization.plan(base={one.id: one for one in organization.definitions})


def nothing() -> Plan:
    organization = Organization()
    organization.add_unchanged(14)
    return organization.plan()


def missing() -> Plan:
    """Plan for definitions without a live audience that can be read, and for a field that nobody knows."""
    organization = Organization()
    organization.add("Gone", {"status": "active"}, None)
    organization.add("Renamed", {"config": BASE}, {"name": "Old name", "config": {**BASE, "xNew": 1}})
    organization.add_unchanged(1)
    organization.add("Odd", {"config": BASE}, {})
    organization.add("Odd elsewhere", {"status": "active"}, {"status": "active"})
    for nth in (3, 4):
        problem = {"config": "GET /v1/intent/audiences: data[3].config.minScore is not a whole number"}
        organization.live[identity(nth)] = replace(organization.live[identity(nth)], unreadable=problem)
    return organization.plan(unmanaged=1)


def partial_plan() -> Plan:
    organization = Organization()
    organization.add_unchanged(1)
    return organization.plan(targets=["Steady*", identity(0)])


def applied() -> ApplyResult:
    outcomes = [
        AudienceResult(identity(nth), f"Audience {nth}", "applied", "", 1, is_written=True)
        for nth in range(3)
    ]
    return ApplyResult(one_filter().digest, tuple(outcomes))


def in_part() -> ApplyResult:
    results = (
        AudienceResult(identity(0), "Spring webinar", "applied", "", 1, is_written=True),
        AudienceResult(identity(1), "Security buyers", "unchanged", "already as defined"),
        AudienceResult(identity(2), "CFOs", "failed", _REJECTED, 1),
        AudienceResult(
            identity(3),
            "Founders",
            "failed",
            "not removed by the API: config.filters.state",
            1,
            is_written=True,
        ),
        AudienceResult(identity(4), "Agencies", "conflict", "changed by somebody else since the plan: name"),
        AudienceResult(
            identity(5),
            "Named accounts",
            "unknown",
            "the response was lost: read timeout",
            3,
            is_written=True,
        ),
        AudienceResult(identity(6), "Autumn webinar", "blocked", "every active slot is taken"),
        AudienceResult(identity(7), "Solar [test]", "not_attempted", "5 failures in a row"),
        AudienceResult(
            identity(8),
            "Retail",
            "conflict",
            "changed by somebody else since the plan: name",
            1,
            is_written=True,
        ),
    )
    return ApplyResult(one_filter().digest, results)


def wider() -> ApplyResult:
    detail = 'the API accepted the change and holds something else: config.filters.state: asked "CA", which'
    results = (
        AudienceResult(identity(0), "Spring webinar", "applied", "", 1, is_written=True),
        AudienceResult(
            identity(1),
            "CFOs [west]",
            "failed",
            f"{detail} the API does not hold",
            1,
            is_written=True,
            is_live_and_wider=True,
        ),
    )
    return ApplyResult(one_filter().digest, results)


def refused() -> ApplyResult:
    objection = next(iter(plan.objections(forty())))
    error = LimitExceeded(objection.summary, objection.detail)
    return ApplyResult(diagnostics=error.diagnostics)


def interrupted() -> ApplyResult:
    results = (
        AudienceResult(identity(0), "Spring webinar", "applied", "", 1, is_written=True),
        AudienceResult(identity(1), "Autumn webinar", "not_attempted", "interrupted"),
    )
    return ApplyResult(one_filter().digest, results, interrupted=True)


def outside(text: str) -> tuple[Plan, ApplyResult]:
    """Return a plan and a result in which every text that comes from outside is this one."""
    organization = Organization()
    topics = {"config.topicIds": {"1": text, "2": text}}
    values = {"values": [text], "operator": text, "mode": text}
    sides: list[dict[str, Any]] = [
        {
            "topicIds": [1, 3],
            "sourceUrl": f"1{text}",
            "filters": {
                "seniority": [f"1{text}", text],
                "state": f"1{text}",
                "gender": f"1{text}",
                "department": [text],
                "role.seniority": {**values, "values": ["1", text]},
                "jobTitle.exclude": values,
            },
        },
        {
            "topicIds": [2, 3],
            "sourceUrl": f"2{text}",
            "filters": {
                "seniority": [f"2{text}"],
                "state": f"2{text}",
                "role.seniority": {**values, "values": ["2"]},
                "jobTitle.include": values,
                "jobTitle": f"2{text}",
            },
        },
    ]
    file, live = (normal({"config": side}) for side in reversed(sides))
    organization.definitions = [
        Definition(
            identity(0), text, text, 1, 1, {"name": text, **file, "status": f"2{text}"}, is_protected=True
        ),
        Definition(identity(1), text, text, 1, 1, {"name": text}),
        Definition(identity(2), text, text, 1, 1, {"config": file["config"]}),
    ]
    organization.live = {
        identity(0): Audience(identity(0), {"name": f"1{text}", **live, "status": f"1{text}"}, topics),
        identity(2): Audience(identity(2), {"config": {**_mapping(file["config"]), f"x{text}": 1}}),
    }
    found = [Diagnostic(kind, "x", text, text, text, 1, 1, text) for kind in ("error", "warning")]
    organization.definitions = [
        replace(one, owner=text or "o", description=f"x {text}") for one in organization.definitions
    ]
    organization.live = {key: replace(one, updated_at=text or "o") for key, one in organization.live.items()}
    value = build(
        origin=text or "o",
        definitions=organization.definitions,
        live=organization.live,
        others=[ListedAudience(identity(7), text, text)],
        rules=RULES,
        limits=Limits(MaxChanges(0), 0),
        active=0,
        targets=[text],
        diagnostics=found,
    )
    commit = Commit("0" * 40, text[:200], "2026-11-20")
    value = replace(value, changes=tuple(replace(one, commit=commit) for one in value.changes))
    results = tuple(
        AudienceResult(identity(nth), text, outcome, text, 1, nth % 2 == 0, nth % 3 == 0)
        for nth, outcome in enumerate(plan.result.OUTCOMES)
    )
    return value, ApplyResult(text, results, tuple(found))


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value)


_REJECTED = "PATCH /v1/intent/audiences/x returned 400: topicIds must not be empty"
_KINDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"status": "paused"}, {"status": "active"}),
    ({"status": "draft"}, {"status": "active"}),
    (
        {"status": "active", "config": {**BASE, "minScore": 85}},
        {"status": "paused", "config": {**BASE, "minScore": 70}},
    ),
    ({"status": "draft"}, {"status": "paused"}),
    ({}, {"name": "An older name"}),
    ({"config": {**BASE, "topicIds": [117805, 117801]}}, {"config": BASE}),
    ({"config": {**BASE, "topicIds": [117805, 117890, 99]}}, {"config": BASE}),
    (
        {"config": {**BASE, "minScore": 60, "maxScore": 90}},
        {"config": {**BASE, "minScore": 75, "maxScore": 100}},
    ),
    ({"config": {**BASE, "minTopicOverlap": 2}}, {"config": {**BASE, "minTopicOverlap": 1}}),
    ({"config": BASE}, {"config": {**BASE, "filters": {"seniority": ["director", "vp"]}}}),
    ({"config": config(seniority=["director", "c_suite"])}, {"config": BASE}),
    ({"config": config(hasPhone=True)}, {"config": config(hasBusinessEmail=True)}),
    ({"config": config(hasPhone=True)}, {"config": config(hasPhone=False)}),
    ({"config": config(state="Ohio", jobTitle="cfo")}, {"config": config(gender="f", state="Texas")}),
    (
        {
            "config": config(
                **{"jobTitle.include": {"values": ["cfo"], "operator": "contains", "mode": "any"}}
            )
        },
        {"config": config(**{"role.departments": {"values": ["sales"], "mode": "any"}})},
    ),
    (
        {"config": config(**{"role.seniority": {"values": ["vp"], "mode": "all"}})},
        {"config": config(**{"role.seniority": {"values": ["vp", "cxo"]}})},
    ),
    (
        {"config": config(**{"role.seniority": {"values": ["vp", "director"], "operator": "contains"}})},
        {"config": config(**{"role.seniority": {"values": ["vp"], "operator": "contains"}})},
    ),
    (
        {"config": config(**{"jobTitle.exclude": {"values": ["intern", "student"]}})},
        {"config": config(**{"jobTitle.exclude": {"values": ["intern"]}})},
    ),
    (
        {"config": config(**{"jobTitle.exclude": {"values": ["intern"]}})},
        {"config": config(**{"jobTitle.exclude": {"values": ["intern", "student"]}})},
    ),
    ({"config": BASE}, {"config": config(**{"jobTitle.exclude": {"values": ["intern"]}})}),
    ({"config": config(**{"jobTitle.exclude": {"values": ["intern"]}})}, {"config": BASE}),
    (
        {"config": config(companyIndustry=[f"industry {nth}" for nth in range(12)])},
        {"config": {**BASE, "sourceUrl": "https://example.com/old"}},
    ),
    (
        {"config": {**BASE, "sourceUrl": "https://example.com/new"}},
        {"config": {**BASE, "sourceUrl": "https://example.com/old"}},
    ),
    ({"config": {**BASE, "sourceUrl": "https://example.com/new"}}, {"config": BASE}),
    ({"audienceSize": 900}, {"audienceSize": 1200}),
    ({"config": config(isB2b="y")}, {"config": config(isB2b="n")}),
]
