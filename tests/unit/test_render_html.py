from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from reconciler.errors import Diagnostic
from reconciler.plan import ApplyResult, Change, FieldChange, Plan
from reconciler.plan.model import Handover, Ownership, Reach
from reconciler.render import html_output, html_text
from reconciler.render.escape import log_line, markdown_inline
from tests.doubles.oracles.runner_commands import commands
from tests.unit import reviews
from tests.unit.strategies import RULES, hostile, patient

if TYPE_CHECKING:
    from collections.abc import Iterable

BREAKOUT = "</title></style><script>alert(1)</script>\"' onload=x <img src=//e> **b** `c` | ]: &lt;"
TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "section",
        "p",
        "ul",
        "li",
        "strong",
        "code",
        "h1",
        "h2",
        "h3",
        "h4",
        "article",
        "div",
        "span",
        "svg",
        "rect",
        "ins",
        "del",
        "details",
        "summary",
        "pre",
        "footer",
    ]
)
ATTRIBUTES = frozenset(
    [
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "viewbox",
        "preserveaspectratio",
        "aria-hidden",
        "width",
        "height",
        "rx",
        "tabindex",
    ]
)


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.open += [] if tag in {"meta", "rect"} else [tag]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def shown(value: Plan) -> str:
    return Page(html_output.plan(value, RULES)).text


def reaching(*numbers: tuple[int, int], status: str = "active") -> Plan:
    changes = tuple(
        Change(
            str(nth), f"N{nth}", "a.yaml", 2, "change", (FieldChange("name", "O", "N"),),
            {"name": "N"}, {"status": status}, reach=Reach(*pair, "2026-11-26"),
        )
        for nth, pair in enumerate(numbers)
    )  # fmt: skip
    return Plan("o", len(numbers), changes)


def fragments(document: str, *expected: str) -> Iterable[str]:
    return [one for one in expected if one not in document]


@pytest.mark.parametrize(
    "case", ["one_filter", "swap", "forty", "nothing", "missing", "partial_plan", "swept"]
)
def test_page_of_a_plan_is_well_formed(case: str) -> None:
    page = Page(html_output.plan(getattr(reviews, case)(), RULES))
    assert (page.open, set(page.tags) - TAGS, {key for key, _ in page.attributes} - ATTRIBUTES) == (
        [],
        set(),
        set(),
    )


def check_hostile(text: str) -> None:
    plan, result = reviews.outside(text)
    for document in (html_output.plan(plan, RULES), html_output.result(result)):
        page = Page(document)
        assert set(page.tags) <= TAGS
        assert {key for key, _ in page.attributes} <= ATTRIBUTES
        assert page.open == []
        assert document.isascii()
        assert commands(document) == []


@patient
@given(hostile)
def test_text_from_outside_stays_text(text: str) -> None:
    check_hostile(text)


def test_text_that_breaks_out_stays_text() -> None:
    check_hostile(BREAKOUT)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**a** and **b**", "<strong>a</strong> and <strong>b</strong>"),
        ("**a", "**a"),
        ("**a `**` b**", "<strong>a <code>&#42;&#42;</code> b</strong>"),
        ("a\\|b <i>", "a|b &lt;i&gt;"),
    ],
)
def test_inline_markdown_of_ours_becomes_elements(markdown: str, shown: str) -> None:
    assert html_text.inline(markdown) == shown


@patient
@given(hostile)
def test_inline_markdown_shows_what_it_quotes(text: str) -> None:
    quoted = Page(html_text.inline(f"was {markdown_inline(text)} now")).texts
    expected = without_blanks(log_line(text)) if log_line(text) else "(empty)"
    assert without_blanks("".join(quoted)) == f"was{expected}now"


def without_blanks(text: str) -> str:
    """Return a text without blanks, which Markdown has to spell as escapes in some places."""
    return re.sub(r"\\x20|\\u3000|\s", "", text)


def test_page_fetches_nothing_and_runs_nothing() -> None:
    document = html_output.plan(reviews.forty(), RULES)
    (style,) = re.findall(r"<style>(.*?)</style>", document, re.DOTALL)
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'"
    assert f'content="{policy}"' in document
    assert not re.search(r"url\(|@import|<script|\bsrc=|href=|\bstyle=", document)


@pytest.mark.parametrize(
    ("value", "heading"),
    [
        (reviews.swap(), "Ready"),
        (reviews.nothing(), "Nothing to do"),
        (replace(reviews.swap(), diagnostics=(Diagnostic("warning", "x", "odd"),)), "Look twice"),
        (reviews.forty(), "Would be refused"),
        (reviews.missing(), "Cannot be applied"),
        (Plan("", diagnostics=(Diagnostic("error", "x", "no API"),)), "Cannot be applied"),
    ],
)
def test_verdict_comes_first(value: Plan, heading: str) -> None:
    assert shown(value).split("an apply would do")[-1].lstrip().startswith(heading)


def test_every_reason_is_told_worst_first() -> None:
    found = [
        Diagnostic("warning", code, summary, "", "a.yaml", 2)
        for code, summary in (("x", "odd"), ("guard-lifted", "lifts it"), ("limit-exceeded", "too many"))
    ]
    text = shown(replace(reviews.swap(), diagnostics=(*found, Diagnostic("error", "x", "bad"))))
    order = ["Error: bad.", "Too much at once: too many. (a.yaml:2)", "Look: lifts it.", "Look: odd."]
    assert sorted(order, key=text.index) == order


@pytest.mark.parametrize("case", ["one_filter", "forty", "missing"])
def test_numbers_add_up_to_all_managed(case: str) -> None:
    value = getattr(reviews, case)()
    line = re.search(r"(\d+) of (\d+) audiences would change([^.]*)\.", shown(value))
    assert line is not None
    assert int(line[1]) + sum(map(int, re.findall(r"\d+", line[3]))) == int(line[2])


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ((8_120, 24_300), "3.0 times as many people. Data of 2026-11-26."),
        ((100, 120), "20% more people."),
        ((1000, 999), "Under 1% fewer people."),
        ((7, 7), "As many people as today."),
        ((0, 12), "It reaches nobody today."),
        ((12, 0), "It would reach nobody."),
    ],
)
def test_people_before_and_after_are_bars(people: tuple[int, int], said: str) -> None:
    document = html_output.plan(reaching(people), RULES)
    widths = [int(one) for one in re.findall(r'class="(?:before|after)" width="(\d+)"', document)]
    assert widths == [one * 1000 // max(people) for one in people]
    assert not fragments(Page(document).text, said, *(f"{one:,} people" for one in people))


def test_largest_effect_comes_first() -> None:
    text = shown(reaching((5, 6), (10, 900), (500, 400)))
    assert sorted(["N0", "N1", "N2"], key=text.index) == ["N1", "N2", "N0"]


@pytest.mark.parametrize(
    ("reach", "said"),
    [(None, ""), (Reach(unknown="no <route>"), "not known, because no <route>."), (Reach(), "not known.")],
)
def test_unknown_reach_is_told(reach: Reach | None, said: str) -> None:
    (change,) = reaching((1, 2)).changes
    text = shown(Plan("o", 1, (replace(change, reach=reach),)))
    assert said in text
    assert ("How many people" in text) == bool(said)


def test_drift_is_apart_with_its_day() -> None:
    swept = reviews.swept()
    changes = tuple(replace(one, updated_at="2026-11-24T09:00:00Z") for one in swept.changes)
    document = html_output.plan(replace(swept, changes=changes), RULES)
    drift = [Page(part.split("</div>")[0]).text for part in document.split('<div class="drift">')[1:]]
    assert len(drift) == 2
    assert all("last edited on 2026-11-24. An apply puts it back." in one for one in drift)
    assert document.count("Somebody changed this outside git as well.") == 1


def test_card_names_owner_reason_and_values() -> None:
    fields = (
        FieldChange("config.topicIds", [1], [2], (2,), (1,), {"2": "CRM"}),
        FieldChange("config.filters.hasPhone", after=True),
        FieldChange("config.xNew", None, {"a": [1]}),
        FieldChange("config.filters.seniority", None, ["vp"], tuple(f"v{nth}" for nth in range(14)), ()),
    )
    change = Change("i", "N", "a.yaml", 2, "activate", fields, {}, {}, owner="g@x.y", description="Because")
    text = shown(Plan("o", 1, (replace(change, is_protected=True),)))
    expected = ("+ CRM", "\u2212 1", "+ yes", '+ {"a": [1]}', "+ v11", "+ 2 more", "starts", "protected")
    assert not fragments(text, *expected, "Owner: g@x.y.", "Why: Because", "File: a.yaml:2")


def test_slots_handovers_and_others_go_by_name() -> None:
    let_go = Handover("00000000-0000-4000-8000-000000000090", "Let go", "active", "x.yaml")
    swap = replace(
        reviews.swap(),
        unmanaged=reviews.one_filter().unmanaged,
        ownership=Ownership(no_longer_managed=(let_go,)),
    )
    text = shown(swap)
    assert not fragments(
        text, "10 of 10 in use today", "1 freed: Spring webinar", "1 wanted: Autumn webinar",
        "No longer managed: 1 audience", "1 live audience without a file here:",
    )  # fmt: skip
    assert "Test [old CRM import]" in text
    assert "1 wanted: none" not in text


def test_freed_slot_wants_nobody() -> None:
    swap = reviews.swap()
    released = tuple(one for one in swap.changes if one.phase == "release")
    assert "0 wanted: none" in shown(replace(swap, changes=released))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (reviews.applied(), "Done 3 applied."),
        (reviews.in_part(), "Ended in part"),
        (reviews.wider(), "Ended in part Live and wider than defined: CFOs [west]. Pause it now"),
        (reviews.refused(), "Nothing was changed Too much at once:"),
        (ApplyResult(), "Done"),
    ],
)
def test_result_says_how_it_ended(value: ApplyResult, said: str) -> None:
    page = Page(html_output.result(value).replace("</p>", " </p>").replace("</li>", " </li>"))
    assert said in page.text
    assert page.open == []
