from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from reconciler import diff, plan, schema
from reconciler.errors import Diagnostic, FileError, LimitExceeded, ProtectedAudience, Refused, SlotsExceeded
from reconciler.model import Audience, Definition, ListedAudience, to_json
from reconciler.plan import FieldChange, Limits, MaxChanges, Missing, Plan
from reconciler.plan import result as results
from reconciler.plan.build import build
from tests.unit.strategies import RULES, UUIDS, normal, pairs, patient, shuffled
from tests.unit.test_plan_digest import PLAN

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from reconciler.model import Fields

CONFIG: dict[str, Any] = {"topicIds": [1, 2], "minScore": 80}
ORIGIN = "https://api.example.com"
NO_LIMITS = Limits(MaxChanges(100, is_percent=True))


def defined(nth: int = 0, *, is_protected: bool = False, **document: Any) -> Definition:
    name = document.setdefault("name", f"A{nth}")
    file = f"audiences.d/{nth}.yaml"
    return Definition(UUIDS[nth], name, file, 2, 5, normal(document), is_protected=is_protected)


def live(nth: int = 0, **document: Any) -> Audience:
    return Audience(UUIDS[nth], normal({"name": f"A{nth}", **document}))


def planned(
    definitions: Sequence[Definition],
    audiences: Sequence[Audience],
    limits: Limits = NO_LIMITS,
    active: int = 0,
    **more: Any,
) -> Plan:
    return build(
        origin=more.pop("origin", ORIGIN),
        definitions=definitions,
        live={audience.id: audience for audience in audiences},
        others=more.pop("others", ()),
        rules=RULES,
        limits=limits,
        active=active,
        **more,
    )


def moved(count: int, of: int) -> tuple[list[Definition], list[Audience]]:
    """Return definitions of which the first `count` differ from what is live."""
    identities = [f"00000000-0000-4000-8000-{nth:012d}" for nth in range(of)]
    definitions = [
        Definition(one, f"A{nth}", f"{nth}.yaml", 1, 1, {"name": f"A{nth}"})
        for nth, one in enumerate(identities)
    ]
    audiences = [
        Audience(one, {"name": "old" if nth < count else f"A{nth}"}) for nth, one in enumerate(identities)
    ]
    return definitions, audiences


def codes(value: Plan) -> list[str]:
    return [diagnostic.code for diagnostic in value.diagnostics]


class TestPatch:
    def test_patch_has_only_the_fields_that_differ(self) -> None:
        (change,) = planned(
            [defined(status="active", config=CONFIG)], [live(name="old", status="active", config=CONFIG)]
        ).changes
        assert change.patch == {"name": "A0"}

    def test_patch_has_a_changed_config_whole(self) -> None:
        (change,) = planned(
            [defined(status="active", config={**CONFIG, "filters": {"state": "Ohio"}})],
            [live(status="active", config={**CONFIG, "sourceUrl": "https://example.com", "xNew": [2, 1]})],
        ).changes
        assert change.patch == {
            "config": {
                **CONFIG,
                "filters": {"state": "Ohio"},
                "sourceUrl": "https://example.com",
                "xNew": [2, 1],
            }
        }

    def test_each_changed_audience_has_one_patch(self) -> None:
        value = planned([defined(0), defined(1), defined(2)], [live(0), live(1, name="x"), live(2, name="y")])
        assert [change.id for change in value.changes] == [UUIDS[1], UUIDS[2]]

    def test_change_has_all_fields_from_before(self) -> None:
        before: dict[str, Any] = {"name": "old", "status": "active", "config": CONFIG, "audienceSize": 7}
        (change,) = planned([defined()], [live(**before)]).changes
        assert change.before == before

    def test_change_has_its_place_and_unchanged_count(self) -> None:
        (change,) = planned(
            [defined(status="active", config={**CONFIG, "filters": {"seniority": ["vp"], "state": "Ohio"}})],
            [live(status="active", config={**CONFIG, "filters": {"seniority": ["vp"], "gender": "f"}})],
        ).changes
        assert (change.file, change.line, change.name) == ("audiences.d/0.yaml", 2, "A0")
        assert change.unchanged == len(["name", "status", "topicIds", "minScore", "seniority"])


class TestFields:
    def test_set_change_lists_sorted_gains_and_losses(self) -> None:
        (change,) = planned(
            [defined(config={"topicIds": [30, 4, 2]})],
            [
                Audience(
                    UUIDS[0],
                    normal({"name": "A0", "config": {"topicIds": [1, 2]}}),
                    {"config.topicIds": {"2": "CRM", "4": "ROI", "9": "Other"}},
                )
            ],
        ).changes
        assert change.fields == (
            FieldChange("config.topicIds", [1, 2], [2, 4, 30], (4, 30), (1,), {"2": "CRM", "4": "ROI"}),
        )

    def test_set_that_appears_or_vanishes_has_members(self) -> None:
        (change,) = planned(
            [defined(config={"topicIds": [1], "filters": {"seniority": ["vp"]}})],
            [live(config={"topicIds": [1], "filters": {"department": ["it"]}})],
        ).changes
        assert change.fields == (
            FieldChange("config.filters.seniority", None, ["vp"], ("vp",), ()),
            FieldChange("config.filters.department", ["it"], None, (), ("it",)),
        )

    def test_scalar_change_has_before_and_after(self) -> None:
        (change,) = planned([defined(status="draft")], [live(status="paused")]).changes
        assert change.fields == (FieldChange("status", "paused", "draft"),)


class TestPhases:
    @pytest.mark.parametrize(
        ("before", "after", "phase"),
        [
            ("active", "paused", "release"),
            ("active", "draft", "release"),
            ("paused", "active", "activate"),
            ("draft", "active", "activate"),
            (None, "active", "activate"),
            ("paused", "draft", "change"),
            ("draft", "paused", "change"),
            (None, "paused", "change"),
        ],
    )
    def test_phase_follows_from_the_status(self, before: str | None, after: str, phase: str) -> None:
        (change,) = planned([defined(status=after, name="new")], [live(status=before)]).changes
        assert change.phase == phase

    def test_change_without_status_is_in_phase_change(self) -> None:
        (change,) = planned([defined(status="active")], [live(status="active", name="old")]).changes
        assert change.phase == "change"

    def test_start_with_another_config_is_two_changes(self) -> None:
        there: dict[str, Any] = {"name": "old", "status": "paused", "config": {**CONFIG, "minScore": 10}}
        value = planned([defined(status="active", config=CONFIG)], [live(**there)])
        first, second = value.changes
        assert [(one.phase, dict(one.patch)) for one in value.changes] == [
            ("change", {"name": "A0", "config": CONFIG}),
            ("activate", {"status": "active"}),
        ]
        assert (first.before, second.before) == (there, {"name": "A0", "status": "paused", "config": CONFIG})
        assert [field.path for field in (*first.fields, *second.fields)] == [
            "name",
            "config.minScore",
            "status",
        ]
        assert (first.unchanged, second.unchanged) == (2, 3)

    def test_two_changes_read_and_count_as_one(self) -> None:
        definitions = [defined(status="active", config=CONFIG), defined(1)]
        there = [live(status="draft", name="old", config={**CONFIG, "minScore": 10}), live(1, name="x")]
        value = planned(definitions, there)
        plain, both = value.audience_changes
        assert (plain.id, both.id, both.phase, both.unchanged) == (UUIDS[1], UUIDS[0], "activate", 1)
        assert [field.path for field in both.fields] == ["name", "status", "config.minScore"]
        assert both.patch == {"name": "A0", "status": "active", "config": CONFIG}
        assert (value.summary["update"], value.summary["activate"], value.summary["unchanged"]) == (2, 1, 0)

    def test_changes_are_sorted_by_phase_then_name(self) -> None:
        statuses = [("paused", "active"), ("paused", "draft"), ("active", "draft")] * 2
        definitions = [
            defined(nth, status=after, name=f"N{9 - nth}") for nth, (_, after) in enumerate(statuses)
        ]
        audiences = [live(nth, status=before) for nth, (before, _) in enumerate(statuses)]
        assert [(change.phase, change.name) for change in planned(definitions, audiences).changes] == [
            ("release", "N4"),
            ("release", "N7"),
            ("change", "N5"),
            ("change", "N8"),
            ("activate", "N6"),
            ("activate", "N9"),
        ]


class TestSummary:
    def test_summary_counts_everything_once(self) -> None:
        definitions = [
            defined(0, status="active"),
            defined(1, status="paused"),
            defined(2),
            defined(3),
            defined(4),
        ]
        audiences = [live(0, status="draft"), live(1, status="active"), live(2, name="old"), live(3)]
        value = planned(definitions, audiences, others=[ListedAudience(UUIDS[7], "Z", "active")])
        assert value.summary == {
            "managed": 5,
            "update": 3,
            "unchanged": 1,
            "missing": 1,
            "unmanaged": 1,
            "activate": 1,
            "pause": 1,
        }

    def test_missing_audience_is_an_error_at_its_id(self) -> None:
        value = planned([defined(0), defined(1)], [live(0, name="old")])
        assert value.missing == (Missing(UUIDS[1], "audiences.d/1.yaml", 2),)
        (error,) = value.diagnostics
        assert (error.severity, error.code, error.path) == ("error", "missing-audience", "id")
        assert (error.file, error.line, error.column) == ("audiences.d/1.yaml", 2, 5)
        assert UUIDS[1] in error.summary
        assert (value.errored, value.complete, value.digest) == (True, False, None)

    def test_unmanaged_audiences_are_sorted_by_name(self) -> None:
        some = [
            ListedAudience(UUIDS[1], "B", "draft"),
            ListedAudience(UUIDS[3], "A", "active"),
            ListedAudience(UUIDS[2], "A", ""),
        ]
        assert planned([], [], others=some).unmanaged == (some[2], some[1], some[0])

    def test_audience_of_untargeted_definition_is_not_unmanaged(self) -> None:
        others = [ListedAudience(UUIDS[nth], f"A{nth}", "active") for nth in (1, 2)]
        value = planned([defined()], [live()], others=others, targets=["A0"], owned=[UUIDS[0], UUIDS[1]])
        assert value.unmanaged == (others[1],)

    def test_targeted_plan_is_not_complete(self) -> None:
        assert planned([defined()], [live()]).complete is True
        value = planned([defined()], [live()], targets=["b*", "a*"])
        assert (value.targets, value.complete, value.errored) == (("a*", "b*"), False, False)

    def test_given_diagnostics_are_in_the_plan(self) -> None:
        told = Diagnostic("warning", "some-code", "something")
        assert planned([], [], diagnostics=[told]).diagnostics == (told,)


BASES: list[dict[str, Definition] | None] = [None, {}]


class TestCauses:
    """With a base, every field says whether git changed it, somebody else did, or both."""

    @pytest.mark.parametrize(
        ("base", "file", "there", "cause"),
        [
            ("old", "new", "old", "change"),
            ("new", "new", "old", "drift"),
            ("other", "new", "old", "both"),
            (None, "new", "old", "change"),
        ],
    )
    def test_cause_follows_from_the_base(self, base: str | None, file: str, there: str, cause: str) -> None:
        before = {} if base is None else {UUIDS[0]: defined(name=base)}
        (change,) = planned([defined(name=file)], [live(name=there)], base=before).changes
        assert [field.cause for field in change.fields] == [cause]

    def test_each_field_has_its_own_cause(self) -> None:
        before = {UUIDS[0]: defined(name="old", status="active", config=CONFIG)}
        (change,) = planned(
            [defined(name="new", status="active", config={**CONFIG, "minScore": 90})],
            [live(name="old", status="draft", config={**CONFIG, "minScore": 10})],
            base=before,
        ).audience_changes
        assert [(field.path, field.cause) for field in change.fields] == [
            ("name", "change"),
            ("status", "drift"),
            ("config.minScore", "both"),
        ]

    def test_causes_need_a_base_and_leave_digest(self) -> None:
        without, based = (planned([defined()], [live(name="old")], base=base) for base in BASES)
        assert [value.changes[0].fields[0].cause for value in (without, based)] == [None, "change"]
        assert without.digest == based.digest


class TestUnknownFields:
    def test_unknown_field_is_reported_once(self) -> None:
        config = {**CONFIG, "xNew": 1, "filters": {"role.seniority": {"values": ["vp"], "xDepth": 1}}}
        definitions = [
            defined(nth, config={**CONFIG, "filters": {"role.seniority": {"values": ["vp"]}}})
            for nth in range(3)
        ]
        value = planned(definitions, [live(0, config=CONFIG), live(1, config=config), live(2, config=config)])
        assert [(found.code, found.path, found.file) for found in value.diagnostics] == [
            ("unknown-live-field", "config.filters.role.seniority.xDepth", "audiences.d/1.yaml"),
            ("unknown-live-field", "config.xNew", "audiences.d/1.yaml"),
        ]
        assert '"A1" and 1 more' in value.diagnostics[0].summary
        assert not value.errored

    def test_removed_or_unmanaged_unknown_field_is_not_reported(self) -> None:
        filters = {"role.seniority": {"values": ["vp"], "xDepth": 1}}
        value = planned(
            [defined(0, config=CONFIG), defined(1)],
            [live(0, config={**CONFIG, "filters": filters}), live(1, config={"xNew": 1})],
        )
        assert codes(value) == []


class TestLimits:
    @pytest.mark.parametrize(
        ("limits", "managed", "most"),
        [
            (Limits(), 1, 3),
            (Limits(), 10, 3),
            (Limits(), 13, 3),
            (Limits(), 14, 4),
            (Limits(), 100, 30),
            (Limits(floor=5), 10, 5),
            (Limits(MaxChanges(10, is_percent=True), 0), 20, 2),
            (Limits(MaxChanges(10, is_percent=True), 0), 9, 0),
            (Limits(MaxChanges(7), 0), 100, 7),
            (Limits(MaxChanges(2)), 100, 3),
            (Limits(MaxChanges(0), 0), 100, 0),
        ],
    )
    def test_limit_is_the_greater_of_floor_and_share(self, limits: Limits, managed: int, most: int) -> None:
        assert limits.allowed_changes(managed) == most
        at_most = planned(*moved(min(most, managed), managed), limits=limits)
        assert codes(at_most) == []
        assert plan.refusal(at_most) is None
        if most < managed:
            over = planned(*moved(most + 1, managed), limits=limits)
            assert codes(over) == ["limit-exceeded"]
            assert isinstance(plan.refusal(over), LimitExceeded)

    def test_exceeded_limit_names_the_way_on(self) -> None:
        value = planned(*moved(5, 10), limits=Limits())
        refused = plan.refusal(value)
        assert str(refused) == (
            "5 of 10 audiences would change at once; the limit is 3. "
            "Make it in smaller steps or, if it is meant, apply with --max-changes 5"
        )
        assert (value.errored, value.diagnostics[0].severity) == (False, "warning")

    @pytest.mark.parametrize(
        ("limit", "text"), [(MaxChanges(5), "5"), (MaxChanges(5, is_percent=True), "5%")]
    )
    def test_limit_is_shown_as_written(self, limit: MaxChanges, text: str) -> None:
        assert str(limit) == text

    def test_change_of_protected_audience_is_refused(self) -> None:
        definitions = [defined(0, is_protected=True), defined(1, is_protected=True), defined(2)]
        value = planned(definitions, [live(0, name="old"), live(1), live(2, name="old")])
        assert [(found.code, found.file, found.line) for found in value.diagnostics] == [
            ("protected-audience", "audiences.d/0.yaml", 2)
        ]
        assert '"A0"' in value.diagnostics[0].summary
        assert [change.is_protected for change in value.changes] == [True, False]
        assert isinstance(plan.refusal(value), ProtectedAudience)

    @pytest.mark.parametrize(
        ("slots", "active", "pauses", "starts", "free"),
        [
            (10, 9, 0, 1, None),
            (10, 10, 1, 1, None),
            (10, 10, 0, 0, None),
            (10, 12, 0, 0, None),
            (None, 99, 0, 5, None),
            (10, 10, 0, 1, 0),
            (10, 9, 0, 2, 1),
            (10, 14, 1, 1, 0),
        ],
    )
    def test_activations_need_free_slots(
        self, slots: int | None, active: int, pauses: int, starts: int, free: int | None
    ) -> None:
        statuses = [("active", "paused")] * pauses + [("paused", "active")] * starts
        definitions = [defined(nth, status=after) for nth, (_, after) in enumerate(statuses)]
        audiences = [live(nth, status=before) for nth, (before, _) in enumerate(statuses)]
        value = planned(definitions, audiences, replace(NO_LIMITS, active_slots=slots), active)
        assert codes(value) == ([] if free is None else ["slot-limit"])
        assert isinstance(plan.refusal(value), SlotsExceeded) == (free is not None)
        if free is not None:
            noun = "audience" if starts == 1 else "audiences"
            assert value.diagnostics[0].summary == (
                f"{starts} {noun} would start, and only {free} of the {slots} active slots will be free"
            )

    def test_objections_are_the_warnings_that_refuse(self) -> None:
        value = planned(
            [defined(0, is_protected=True, config=CONFIG)],
            [live(0, name="old", config={**CONFIG, "xNew": 1})],
            Limits(MaxChanges(0), 0),
        )
        assert codes(value) == ["unknown-live-field", "limit-exceeded", "protected-audience"]
        assert [found.code for found in plan.objections(value)] == ["limit-exceeded", "protected-audience"]

    @pytest.mark.parametrize(
        ("limits", "is_protected", "kind"),
        [
            (Limits(MaxChanges(0), 0), False, LimitExceeded),
            (Limits(active_slots=0), False, SlotsExceeded),
            (Limits(), True, ProtectedAudience),
        ],
    )
    def test_refusal_repeats_its_warning(
        self, limits: Limits, kind: type[Refused], *, is_protected: bool
    ) -> None:
        value = planned([defined(status="active", is_protected=is_protected)], [live(status="draft")], limits)
        (warning,), refusal = value.diagnostics, plan.refusal(value)
        assert type(refusal) is kind
        assert refusal.diagnostics == (Diagnostic("error", warning.code, warning.summary, warning.detail),)


@st.composite
def organizations(draw: st.DrawFn) -> tuple[list[Definition], list[Audience], list[ListedAudience]]:
    """Draw definitions with their live audiences, some of them missing, and others that nobody owns."""
    drawn = [draw(pairs(identity)) for identity in UUIDS[: draw(st.integers(0, 3))]]
    audiences = [audience for _, audience in drawn if draw(st.integers(0, 9))]
    others = [
        ListedAudience(identity, draw(st.text(max_size=3)), draw(st.sampled_from(["active", ""])))
        for identity in UUIDS[3 : draw(st.integers(3, 5))]
    ]
    return [definition for definition, _ in drawn], audiences, others


Organization = tuple[list[Definition], list[Audience], list[ListedAudience]]


def whole(organization: Organization) -> Plan:
    definitions, audiences, others = organization
    limits = Limits(MaxChanges(1), 0, active_slots=1)
    return planned(definitions, audiences, limits, 1, others=others)


class TestLaws:
    @patient
    @given(pairs())
    def test_plan_after_its_own_apply_is_empty(self, pair: tuple[Definition, Audience]) -> None:
        definition, audience = pair
        changes = planned([definition], [audience]).changes
        for nth, change in enumerate(changes, start=1):
            assert normal(change.before) == audience.fields
            audience = Audience(audience.id, normal({**change.before, **change.patch}))
            left = planned([definition], [audience])
            assert left.changes == changes[nth:] or [*map(left.digest_of, left.changes)] == [
                left.digest_of(one) for one in changes[nth:]
            ]

    @patient
    @given(pairs())
    def test_merging_server_converges_where_nothing_is_removed(
        self, pair: tuple[Definition, Audience]
    ) -> None:
        definition, audience = pair
        for change in planned([definition], [audience]).audience_changes:
            if all(field.after is not None for field in change.fields):
                merged = _merged(change.before, change.patch)
                assert planned([definition], [Audience(audience.id, normal(merged))]).changes == ()

    @patient
    @given(pairs())
    def test_patch_is_exactly_what_is_desired(self, pair: tuple[Definition, Audience]) -> None:
        definition, audience = pair
        desired: Any = to_json(diff.desired(definition, audience, RULES))
        changes = planned([definition], [audience]).audience_changes
        differing = [key for key in desired if not _is_same(key, audience, desired)]
        assert [dict(change.patch) for change in changes] == (
            [{key: desired[key] for key in differing}] if differing else []
        )

    @patient
    @given(organizations())
    def test_document_contains_the_whole_plan(self, organization: Organization) -> None:
        value = whole(organization)
        document = json.loads(json.dumps(plan.to_document(value)))
        assert schema.check(document, "plan") == ()
        assert plan.from_document(document) == value

    @patient
    @given(organizations(), st.randoms(use_true_random=False))
    def test_order_of_input_does_not_matter(self, organization: Organization, source: random.Random) -> None:
        definitions, audiences, others = organization
        reordered = (
            [
                replace(one, fields=reread(one.fields, source))
                for one in source.sample(definitions, len(definitions))
            ],
            [
                replace(one, fields=reread(one.fields, source))
                for one in source.sample(audiences, len(audiences))
            ],
            source.sample(others, len(others)),
        )
        one, other = (plan.to_document(whole(each)) for each in (organization, reordered))
        assert json.dumps(one) == json.dumps(other)

    @patient
    @given(organizations())
    def test_digest_is_of_content_alone(self, organization: Organization) -> None:
        definitions, audiences, others = organization
        renamed = [
            replace(one, file=f"elsewhere/{nth}.yml", line=90 - nth, column=7)
            for nth, one in enumerate(definitions)
        ]
        managed = {one.id for one in definitions if "audienceSize" in one.fields}
        refreshed = [
            audience
            if audience.id in managed
            else replace(audience, fields={**audience.fields, "audienceSize": 123456})
            for audience in audiences
        ]
        assert whole((renamed, refreshed, others)).digest == whole(organization).digest

    def test_digest_ignores_the_live_size_before(self) -> None:
        one, other = (planned([defined(audienceSize=5)], [live(audienceSize=size)]) for size in (1000, 1001))
        assert one.digest == other.digest
        assert one.changes[0].fields[0].before == 1000


def reread(fields: Fields, source: random.Random) -> Fields:
    """Return fields as read from a document in which keys and members of sets have another order."""
    document: Any = shuffled(to_json(fields), source)
    return normal(document)


def _is_same(key: str, audience: Audience, desired: dict[str, Any]) -> bool:
    before = {key: audience.fields[key]} if key in audience.fields else {}
    return diff.is_same(before, normal({key: desired[key]}), RULES)


def _merged(before: Any, patch: Any) -> Any:
    if not (isinstance(before, dict) and isinstance(patch, dict)):
        return patch
    return {**before, **{key: _merged(before.get(key), part) for key, part in patch.items()}}


ERROR = {"severity": "error", "code": "x", "summary": "y", "detail": ""}


def document() -> Any:
    return json.loads(json.dumps(plan.to_document(PLAN)))


def _tamper(path: Sequence[str | int], value: Any) -> Any:
    tampered = document()
    holder = tampered
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return tampered


class TestFromDocument:
    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("digest",), "sha256:" + "0" * 64),
            (("digest",), None),
            (("origin",), "https://evil.example.com"),
            (("targets",), []),
            (("summary", "managed"), 99),
            (("changes", 0, "name"), "harmless"),
            (("changes", 0, "id"), UUIDS[5]),
            (("changes", 0, "phase"), "activate"),
            (("changes", 0, "protected"), True),
            (("changes", 0, "unchanged"), 9),
            (("changes", 0, "patch", "status"), "active"),
            (("changes", 0, "before", "name"), "other"),
            (("changes", 0, "fields", 0, "removed"), []),
            (("changes", 0, "fields", 0, "names", "1"), "harmless"),
            (("changes", 0, "fields", 1, "after"), 70),
            (("unmanaged",), []),
            (("diagnostics",), [ERROR]),
        ],
    )
    def test_edited_plan_is_refused(self, path: Sequence[str | int], value: Any) -> None:
        tampered = _tamper(path, value)
        assert schema.check(tampered, "plan") == ()
        with pytest.raises(FileError, match="does not match its digest"):
            plan.from_document(tampered)

    def test_impossible_counts_are_refused_despite_the_digest(self) -> None:
        impossible = replace(PLAN, managed=0)
        with pytest.raises(FileError, match="does not match"):
            plan.from_document(json.loads(json.dumps(plan.to_document(impossible))))

    @pytest.mark.parametrize("value", [float("inf"), float("nan"), [[-float("inf")]]])
    def test_number_outside_json_is_refused(self, value: Any) -> None:
        with pytest.raises(FileError, match="no plan can hold"):
            plan.from_document(_tamper(("changes", 0, "before", "x"), value))

    def test_nesting_too_deep_to_show_is_refused(self) -> None:
        nested: Any = json.loads("[" * 600 + "]" * 600)
        with pytest.raises(FileError, match="no plan can hold"):
            plan.from_document(_tamper(("changes", 0, "patch", "x"), nested))

    def test_keys_of_later_minor_version_are_ignored(self) -> None:
        later = _with_extra_keys(document())
        later["format_version"] = "1.7"
        assert schema.check(later, "plan") == ()
        assert plan.from_document(later) == PLAN

    def test_optional_parts_of_a_field_may_lack(self) -> None:
        some = document()
        some["changes"][0]["fields"][1]["before"] = None
        del some["changes"][0]["fields"][0]["removed"]
        some |= {"digest": None, "diagnostics": [ERROR]}
        assert schema.check(some, "plan") == ()
        first, second = plan.from_document(some).changes[0].fields
        assert (first.removed, second.before) == (None, None)

    @patient
    @given(st.data())
    def test_valid_document_is_read_or_refused(self, data: st.DataObject) -> None:
        good = (
            {**document(), "digest": None, "diagnostics": [ERROR]} if data.draw(st.booleans()) else document()
        )
        spoilt = data.draw(_spoilt(good))
        if schema.check(spoilt, "plan") == ():
            try:
                assert isinstance(plan.from_document(spoilt), Plan)
            except FileError as refused:
                event(refused.summary)


def _with_extra_keys(value: Any) -> Any:
    """Add a key to every object but those whose keys are content."""
    if isinstance(value, list):
        return [_with_extra_keys(item) for item in value]
    if not isinstance(value, dict):
        return value
    content = {"patch", "before", "after", "names"}
    kept = {key: part if key in content else _with_extra_keys(part) for key, part in value.items()}
    return {**kept, "x_later": {"new": [1]}}


@st.composite
def _spoilt(draw: st.DrawFn, value: Any) -> Any:
    """Replace one part of a document, at any depth."""
    other = st.sampled_from(
        [None, True, 0, 1, 2.5, "", "x", "sha256:" + "0" * 64, [], [[1]], {}, {"a": None}]
    )
    if not (isinstance(value, dict | list) and value) or not draw(st.integers(0, 4)):
        return draw(other)
    keys = sorted(value) if isinstance(value, dict) else range(len(value))
    key: Any = draw(st.sampled_from(keys))
    copy: Any = value.copy()
    if draw(st.integers(0, 5)):
        copy[key] = draw(_spoilt(value[key]))
    else:
        del copy[key]
    return copy


RESULTS = (
    results.AudienceResult(UUIDS[0], "A", "applied", attempts=1, is_written=True),
    results.AudienceResult(UUIDS[1], "B", "unchanged"),
    results.AudienceResult(UUIDS[2], "C", "conflict", "changed by somebody else"),
)
WIDER = results.AudienceResult(UUIDS[3], "D", "applied", "x", 1, is_written=True, is_live_and_wider=True)


class TestResult:
    @pytest.mark.parametrize(
        ("result", "said"),
        [
            (plan.ApplyResult(), {"converged"}),
            (plan.ApplyResult(results=RESULTS[:2]), {"converged", "written"}),
            (plan.ApplyResult(results=RESULTS[1:2]), {"converged"}),
            (plan.ApplyResult(results=RESULTS), {"written"}),
            (plan.ApplyResult(results=RESULTS[2:]), set()),
            (plan.ApplyResult(results=(*RESULTS[:2], WIDER)), {"written"}),
            (plan.ApplyResult(interrupted=True), set()),
            (plan.ApplyResult(diagnostics=(Diagnostic("error", "x", "y"),)), set()),
            (plan.ApplyResult(diagnostics=(Diagnostic("warning", "x", "y"),)), {"converged"}),
        ],
    )
    def test_converged_only_if_every_audience_is_defined(
        self, result: plan.ApplyResult, said: set[str]
    ) -> None:
        assert result.is_converged == ("converged" in said)
        assert result.errored == ("converged" not in said)
        assert result.is_written == ("written" in said)

    @pytest.mark.parametrize("outcome", results.OUTCOMES)
    def test_each_outcome_is_counted(self, outcome: results.Outcome) -> None:
        result = plan.ApplyResult(results=(results.AudienceResult(UUIDS[0], "A", outcome),) * 2)
        assert result.summary == {**dict.fromkeys(results.OUTCOMES, 0), outcome: 2}
        assert result.is_converged == (outcome in {"applied", "unchanged"})

    @pytest.mark.parametrize(
        "result",
        [
            plan.ApplyResult(),
            plan.ApplyResult(PLAN.digest, (*RESULTS, WIDER), interrupted=True),
            plan.ApplyResult(
                diagnostics=(
                    Diagnostic("error", "x", "y", "z", "a.yaml", 1, 2, "config"),
                    Diagnostic("warning", "x", ""),
                )
            ),
        ],
    )
    def test_document_contains_the_whole_result(self, result: plan.ApplyResult) -> None:
        saved = json.loads(json.dumps(plan.result_to_document(result)))
        assert schema.check(saved, "apply-result") == ()
        assert plan.result_from_document(saved) == result
        later = {**_with_extra_keys(saved), "format_version": "1.12"}
        assert schema.check(later, "apply-result") == ()
        assert plan.result_from_document(later) == result

    def test_older_result_without_wider_is_read(self) -> None:
        saved: Any = plan.result_to_document(plan.ApplyResult(PLAN.digest, (WIDER,)))
        del saved["results"][0]["live_and_wider"]
        assert schema.check(saved, "apply-result") == ()
        assert plan.result_from_document(saved).live_and_wider == ()

    @patient
    @given(st.data())
    def test_valid_result_document_is_read(self, data: st.DataObject) -> None:
        spoilt = data.draw(_spoilt(plan.result_to_document(plan.ApplyResult(PLAN.digest, RESULTS))))
        if schema.check(spoilt, "apply-result") == ():
            assert isinstance(plan.result_from_document(spoilt), plan.ApplyResult)
