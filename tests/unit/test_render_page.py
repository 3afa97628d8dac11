from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given

from reconciler import plan
from reconciler.errors import Diagnostic, LimitExceeded
from reconciler.model import ListedAudience
from reconciler.plan import ApplyResult, Change, FieldChange, Plan, guards
from reconciler.plan.model import Handover, Ownership, Reach
from reconciler.render import markdown, page
from reconciler.render.escape import EMPTY, log_line
from reconciler.render.page import bars, chips, ranges
from reconciler.render.page.markup import Markup, element, joined
from reconciler.render.page.medium import HTML, markup, sentence
from tests.doubles.oracles.page import Read, read
from tests.doubles.oracles.runner_commands import commands
from tests.unit import reviews
from tests.unit.strategies import RULES, hostile, patient

pytestmark = pytest.mark.once  # what it says is data, whatever Python makes it

DAY = "2026-05-04"
SCORES = {"topicIds": [1], "minScore": 62, "maxScore": 90}


def shown(value: Plan) -> Read:
    return read(page.plan(value, RULES))


def texts(part: str) -> list[str]:
    return read(f"<!doctype html>\n{part}").text


def change(*fields: FieldChange, **more: Any) -> Change:
    whole = {
        "id": "i",
        "name": "N",
        "file": "a.yaml",
        "line": 2,
        "phase": "change",
        "patch": {},
        "before": {},
    }
    return Change(fields=fields, **{**whole, **more})


def counted(before: int, after: int, name: str = "N", status: str = "active", **more: Any) -> Change:
    field = FieldChange("name", f"Old {name}", name)
    given = {
        "id": name,
        "name": name,
        "reach": Reach(before, after, DAY),
        "before": {"status": status},
        **more,
    }
    return change(field, **given)


class TestMarkup:
    def test_text_is_escaped_markup_is_not(self) -> None:
        inner = element("b", "<i>", Markup("<u></u>"), title_='"', hidden=None)
        assert element("p", "&", inner, class_="x") == (
            '<p class="x">&amp;<b title="&quot;">&lt;i&gt;<u></u></b></p>'
        )
        assert joined(["<", Markup("<br>")], by=" ") == "&lt; <br>"

    @pytest.mark.parametrize(
        ("text", "html"),
        [
            (f"{HTML.strong('starts')}: now", "<strong>starts</strong>: now"),
            (
                f'was "{HTML.quote("<`b`>")}" & run `x`',
                "was &quot;<bdi>&lt;`b`&gt;</bdi>&quot; &amp; run <code>x</code>",
            ),
            (f"{HTML.prose('a <b>')}{HTML.prose('')}", "<span>a &lt;b&gt;</span>"),
            (HTML.quote(""), "<bdi>(empty)</bdi>"),
        ],
    )
    def test_sentences_of_ours_become_html(self, text: str, html: str) -> None:
        assert markup(text) == html

    @pytest.mark.parametrize(
        ("text", "html"),
        [
            ("drops them", "Drops them."),
            (f"{HTML.strong('starts')} now", "<strong>Starts</strong> now."),
            (f"{HTML.quote('eBay')} goes", "<bdi>eBay</bdi> goes."),
        ],
    )
    def test_a_sentence_begins_as_one(self, text: str, html: str) -> None:
        assert sentence(text) == html

    @patient
    @given(hostile)
    def test_quoted_text_shows_as_in_a_log(self, text: str) -> None:
        said = texts(element("p", markup(f"was {HTML.quote(text)} now")))
        assert said[1:-1] == [log_line(text).strip() or EMPTY] or text.isspace()


class TestPage:
    @pytest.mark.parametrize(
        "case", ["one_filter", "swap", "forty", "nothing", "missing", "partial_plan", "swept", "only_swept"]
    )
    def test_saved_plan_shows_the_same_sound_page(self, case: str) -> None:
        value: Plan = getattr(reviews, case)()
        saved = plan.from_document(json.loads(json.dumps(plan.to_document(value))))
        seen = shown(value)

        assert page.plan(saved, RULES) == page.plan(value, RULES)
        assert {one.name for one in value.audience_changes} <= set(seen.text)
        assert bool(seen.shape.count("article.card")) == bool(value.changes)
        assert value.digest is None or value.digest in seen.text

    def test_policy_allows_its_own_style_alone(self) -> None:
        seen = shown(reviews.swap())
        allowed = b64encode(sha256(seen.style.encode()).digest()).decode()
        assert seen.policy == (
            f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'"
        )

    @patient
    @given(hostile.filter(str.strip))  # a fact that is empty has no place at all
    def test_hostile_text_stays_text(self, text: str) -> None:
        for document, wanted in zip(documents(text), harmless_shapes(), strict=True):
            assert without_code(read(document).shape) == wanted
            assert document.isascii()
            assert commands(document) == []

    def test_plan_that_could_not_be_made_says_why(self) -> None:
        error = Diagnostic("error", "x", "the API cannot be reached", "Try again", "a.yaml", 3)
        text = shown(Plan("", diagnostics=(error,))).text
        assert text[1:3] == [
            "Would be refused",
            "Nothing could be compared, so nobody can say what would change.",
        ]
        assert {"Error:", "the API cannot be reached. Try again.", "a.yaml:3"} <= set(text)


def documents(text: str) -> list[str]:
    """Return the pages there are, with one text wherever text comes from outside."""
    value, result = reviews.outside(text)
    first, *others = value.changes
    said = replace(first, owner=text, description=text, updated_at=text, reach=Reach(1, 2, text))
    unknown = [replace(one, reach=Reach(unknown=text)) for one in others]
    let_go = Ownership(*[(Handover("i", text, text, text, text),)] * 3)
    return [
        page.plan(replace(value, changes=(said, *unknown), ownership=let_go), RULES),
        page.result(result),
    ]


@cache
def harmless_shapes() -> list[list[str]]:
    return [without_code(read(document).shape) for document in documents("word")]


def without_code(shape: list[str]) -> list[str]:
    """Leave out what depends on the text itself: code, notes, and facts that are left out where empty."""
    return [tag for tag in shape if tag not in {"code", "strong", "span.note"}]


class TestVerdict:
    @pytest.mark.parametrize(
        ("value", "title", "kind"),
        [
            (reviews.nothing(), "Nothing to change", "good"),
            (reviews.swap(), "Ready", "good"),
            (reviews.missing(), "Would be refused", "bad"),
            (reviews.forty(), "Would be refused", "bad"),
            (Plan("o", 1, (counted(100, 50),)), "Look twice", "look"),
        ],
    )
    def test_first_words_say_whether_it_can_be_applied(self, value: Plan, title: str, kind: str) -> None:
        seen = shown(value)
        assert seen.text[1] == title
        assert f"div.verdict {kind}" in seen.shape

    def test_refusals_come_before_what_to_look_at(self) -> None:
        found = [Diagnostic("warning", code, code) for code in (guards.LIFTED, LimitExceeded.code, "x")]
        seen = shown(Plan("o", 1, diagnostics=tuple(found)))
        order = ["Too much at once:", "Look twice at this:", "This also lifts a guard:", "Warning:"]
        assert [text for text in seen.text if text in order] == order

    def test_notes_of_a_pull_request_are_looked_at(self) -> None:
        note = Diagnostic("warning", "x", "nobody can tell what is drift")
        seen = read(page.plan(reviews.swap(), RULES, notes=[note]))
        assert {"Look twice", "nobody can tell what is drift."} <= set(seen.text)


class TestPeople:
    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            (5, 5, "as many as before"),
            (5, 0, "nobody is left"),
            (0, 5, "from nobody before"),
            (100, 320, "3.2 times as many"),
            (100, 150, "50% more"),
            (100, 99, "1% fewer"),
            (100_000, 100_001, "less than 1% more"),
            (100, 1, "99% fewer"),
            (100_000, 1, "99% fewer"),
        ],
    )
    def test_difference_is_said_in_words(self, before: int, after: int, said: str) -> None:
        assert bars.difference(before, after) == said

    def test_largest_effect_comes_first(self) -> None:
        quiet = [counted(100, 100, "steady"), counted(100, 90, "few"), counted(900, 100, "many")]
        status = [counted(500, 500, "begins", phase="activate"), counted(400, 400, "ends", phase="release")]
        unknown = change(id="unknown", name="unknown", before={"status": "draft"}, reach=Reach(unknown="no"))
        document = page.plan(Plan("o", 9, (*status, *quiet, unknown)), RULES)
        order = ["many", "begins", "ends", "few", "steady", "unknown"]
        assert re.findall(r'<th scope="row">.*?<bdi>(.*?)</bdi>', document) == order

    def test_numbers_stand_beside_their_bars(self) -> None:
        document = page.plan(Plan("o", 1, (counted(5_000, 1_250),)), RULES)
        assert {"5,000", "1,250", "75% fewer", f"· data of {DAY}"} <= set(read(document).text)
        assert '<rect width="100.0%" height="14" rx="3" class="was">' in document
        assert '<rect width="25.0%" height="14" rx="3" class="fewer">' in document

    def test_starting_audience_says_so_of_its_people(self) -> None:
        seen = shown(Plan("o", 1, (counted(7, 7, phase="activate"),)))
        assert {"7", "start to be refreshed"} <= set(seen.text)

    def test_nobody_has_no_bar(self) -> None:
        assert '<rect width="0"' in page.plan(Plan("o", 1, (counted(5, 0),)), RULES)

    def test_unknown_numbers_say_why(self) -> None:
        one = change(reach=Reach(unknown="the API said no"))
        assert (
            "How many people this reaches is not known: the API said no." in shown(Plan("o", 1, (one,))).text
        )

    def test_overview_says_what_happens_without_numbers(self) -> None:
        text = shown(reviews.forty()).text
        assert {"start to be refreshed", "no longer refreshed", "more people", "the same people"} <= set(text)

    def test_unasked_people_are_not_counted(self) -> None:
        seen = shown(Plan("o", 2, (change(id="1", name="1"), change(id="2", file="b.yaml"))))
        assert not [text for text in seen.text if text in {"People", "not known"}]


class TestRange:
    @pytest.mark.parametrize(
        ("before", "patch", "said"),
        [
            (SCORES, {**SCORES, "minScore": 80}, "62 to 90 before, 80 to 90 after"),
            ({"minScore": 60}, {"minScore": 80}, "60 to 100 before, 80 to 100 after"),
            ({"maxScore": 90}, {"maxScore": 95}, "0 to 90 before, 0 to 95 after"),
            (SCORES, {"maxScore": 90}, None),
            (SCORES, {**SCORES, "minScore": "?"}, None),
            (SCORES, {**SCORES, "minScore": 500, "maxScore": 600}, None),
            (SCORES, {**SCORES, "minScore": 99}, None),
        ],
    )
    def test_both_ranges_are_drawn_where_known(self, before: Any, patch: Any, said: str | None) -> None:
        paths = [f"config.{key}" for key in ("minScore", "maxScore") if before.get(key) != patch.get(key)]
        one = change(*map(FieldChange, paths), before={"config": before}, patch={"config": patch})
        found = ranges.pictures(one, RULES)
        assert [texts(picture)[1] for picture in found.values()] == ([] if said is None else [said])

    def test_nothing_is_drawn_of_ranges_that_stay(self) -> None:
        assert ranges.pictures(change(FieldChange("name", "a", "b")), RULES) == {}


class TestChips:
    @pytest.mark.parametrize(
        ("field", "said"),
        [
            (
                FieldChange("config.topicIds", [1], [2], (2,), (1,), {"1": "CRM", "2": "ROI"}),
                ["Topics", "added:", "+", "ROI", "removed:", "\N{MINUS SIGN}", "CRM"],
            ),
            (
                FieldChange("config.filters.seniority", ["vp"], ["vp", "x"], ("x",), ()),
                ["Job levels", "added:", "+", "x"],
            ),
            (
                FieldChange("status", "paused", "active"),
                ["Status", "before:", "paused", "→", "after:", "active"],
            ),
            (
                FieldChange("config.filters.hasPhone", after=True),
                ["People with a phone number", "before:", "not set", "→", "after:", "yes"],
            ),
            (
                FieldChange("config.xNew", [1, "a"], "", cause="both"),
                [
                    "Config.xNew",
                    "before:",
                    "1, a",
                    "→",
                    "after:",
                    EMPTY,
                    "somebody changed this outside git as well",
                ],
            ),
        ],
    )
    def test_field_reads_in_plain_words(self, field: FieldChange, said: list[str]) -> None:
        assert texts(chips.fields([field], RULES, {})) == said

    def test_values_without_end_are_counted(self) -> None:
        field = FieldChange("config.topicIds", [], [], tuple(range(100)), ())
        assert "and 70 more added" in texts(chips.fields([field], RULES, {}))

    def test_drift_stands_apart(self) -> None:
        seen = shown(reviews.only_swept())
        assert seen.shape.count("div.drifted") == 2
        assert "Changed outside git, and put back" in seen.text


class TestRest:
    def test_owner_reason_and_last_edit_are_there(self) -> None:
        one = change(owner="a@b", description="Why\n  not", updated_at="2026-04-28T15:41:07.000Z")
        assert {"a@b", "Why not", "2026-04-28 15:41 UTC", "a.yaml:2"} <= set(shown(Plan("o", 1, (one,))).text)

    def test_time_of_another_form_is_shown_as_is(self) -> None:
        assert "yesterday" in shown(Plan("o", 1, (change(updated_at="yesterday"),))).text

    def test_what_is_let_go_is_not_left_alone(self) -> None:
        others = [ListedAudience(name, name, "active") for name in ("gone", "theirs")]
        let_go = Ownership(no_longer_managed=(Handover("gone", "gone", "active", "b.yaml"),))
        text = " ".join(shown(Plan("o", 1, unmanaged=tuple(others), ownership=let_go)).text)
        assert "nobody owns it any more: gone (active, and keeps running)." in text
        assert "Live without a file here (1) theirs" in text

    def test_same_change_is_said_once_for_many(self) -> None:
        owners = {"A": "x@x", "B": "", "C": "x@x"}
        some = [
            change(FieldChange("status", None, "draft"), id=one, name=one, owner=owner)
            for one, owner in owners.items()
        ]
        seen = shown(Plan("o", 3, tuple(some)))
        card = seen.text[seen.text.index("The same in 3 audiences") :]
        assert seen.shape.count("article.card") == 1
        assert [one for one in card if one in {"x@x", "No owner", *owners}] == [
            "x@x",
            "A",
            "C",
            "No owner",
            "B",
        ]
        assert seen.links == ["#a1"] * 3


class TestSlots:
    @pytest.mark.parametrize(
        ("active", "limit", "drawn"), [(8, 10, "kept " * 7 + "starts free free"), (9, None, ""), (99, 99, "")]
    )
    def test_slots_are_drawn_where_their_number_is_known(
        self, active: int, limit: int | None, drawn: str
    ) -> None:
        seen = shown(replace(reviews.swap(), active=active, active_slots=limit))
        assert " ".join(tag[7:] for tag in seen.shape if tag.startswith("i.slot")) == drawn
        assert f"{active} of {limit} in use, 1 frees up (" in seen.text or limit is None

    def test_start_without_slot_is_drawn_over_the_limit(self) -> None:
        start = counted(1, 1, phase="activate")
        seen = shown(Plan("o", 1, (start,), active=2, active_slots=2))
        assert [tag for tag in seen.shape if tag.startswith("i.")] == [
            *("i.slot kept", "i.slot kept", "i.slot over")
        ]


class TestResult:
    @pytest.mark.parametrize(
        ("value", "title", "kind"),
        [
            (reviews.applied(), "Applied", "good"),
            (ApplyResult(), "Applied", "good"),
            (reviews.in_part(), "Applied in part", "look"),
            (reviews.interrupted(), "Applied in part", "look"),
            (reviews.refused(), "Nothing was changed", "bad"),
            (reviews.wider(), "Live and wider than defined", "bad"),
        ],
    )
    def test_first_words_say_how_it_ended(self, value: ApplyResult, title: str, kind: str) -> None:
        seen = read(page.result(value))
        assert seen.text[1] == title
        assert f"div.verdict {kind}" in seen.shape
        assert {one.name for one in value.results} <= set(seen.text)

    def test_what_is_not_as_planned_comes_first(self) -> None:
        seen = read(page.result(reviews.in_part()))
        assert seen.text.index("CFOs") < seen.text.index("Spring webinar")
        assert seen.text[2].startswith("1 changed as planned, 1 already as planned, 2 failed")


@pytest.mark.parametrize(
    ("origin", "named"),
    [
        ("https://api.example.com", "the organization of LEADPIPE_API_KEY at api.example.com"),
        ("http://127.0.0.1:8787", "the organization of LEADPIPE_API_KEY at 127.0.0.1:8787"),
        ("sandbox", "sandbox"),
    ],
)
def test_organization_is_named_by_its_key(origin: str, named: str) -> None:
    value = replace(reviews.swap(), origin=origin)
    seen = read(page.plan(value, RULES))
    last = markdown.plan(value, RULES).splitlines()[-1].replace("`", "")

    assert seen.text[seen.text.index("Compared with") + 1] == named
    assert last.endswith(f", compared with {named}</sub>")
