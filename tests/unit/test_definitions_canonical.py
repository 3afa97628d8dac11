"""The canonical form: what it looks like, and that every reader of YAML reads the same from it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler import diff
from reconciler.definitions import canonical, parse
from tests.unit.strategies import RULES, UUIDS, documents, hostile, normal, patient

LIVE = {
    "status": "active",
    "name": "Finance: [EMEA] #1",
    "audienceSize": 12,
    "config": {
        "sourceUrl": "https://example.com/pricing#top",
        "filters": {
            "role.seniority": {"mode": "any", "values": ["vp", "no", "c_suite"]},
            "contact.hasBusinessEmail": True,
            "company.employeeCount": {"min": 5},
        },
        "maxScore": 99,
        "minScore": 0,
        "topicIds": [117890, 102391, 117805],
        "minTopicOverlap": 2,
    },
}
NAMES = {"config.topicIds": {"117805": "Marketing\nROI\u202e ", "117890": "N" * 90}}
EXPECTED = f"""\
# yaml-language-server: $schema=../catalogue.schema.json
id: {UUIDS[0]}
name: "Finance: [EMEA] #1"
status: active
config:
  topicIds:
    - 102391
    - 117805  # Marketing ROI
    - 117890  # {"N" * 79}…
  minScore: 0
  maxScore: 99
  minTopicOverlap: 2
  filters:
    role.seniority:
      values: [c_suite, "no", vp]
      mode: any
    contact.hasBusinessEmail: true
  sourceUrl: https://example.com/pricing#top
"""


def written(document: dict[str, Any], **names: dict[str, str]) -> str:
    return canonical.text(UUIDS[0], normal(document), RULES, schema="../catalogue.schema.json", names=names)


def test_form_is_the_schemas_order_and_sorted_sets() -> None:
    assert written(LIVE, **NAMES) == EXPECTED


def test_filters_that_are_all_unknown_leave_no_key() -> None:
    config = {"topicIds": [1], "filters": {"company.employeeCount": {"min": 5}}}
    assert "filters" not in written({"name": "a", "config": config})


def test_list_too_long_for_a_line_has_many() -> None:
    industries = [f"a rather long industry, {number}" for number in range(4)]
    filters = {"companyIndustry": industries, "seniority": industries[:2]}
    text = written({"name": "a", "config": {"topicIds": [1], "filters": filters}})
    assert "    companyIndustry:\n      - a rather long industry, 0\n      - a rather" in text
    assert '    seniority: ["a rather long industry, 0", "a rather long industry, 1"]\n' in text


MISREAD = (
    [
        *"nY~=|>",
        "",
        "no",
        "on",
        "Null",
        " a",
        "a ",
        "014",
        "0o7",
        "0b1",
        "0x1F",
        "1_000",
        "1:30",
        "1:30:59.5",
        "1e5",
    ],
    [
        "-1",
        "1.",
        ".5",
        ".inf",
        "2024-01-01",
        "2024-1-1 10:00",
        "<<",
        "- a",
        "? a",
        "a: b",
        "a:",
        "a #b",
        "#a",
    ],
    ["&a", "*a", "!a", "%a", "@a", "`a", "'a'", '"a"', "[a]", "{a}", "\U0001f680", "a\tb", "\u00a0a"],
)


@pytest.mark.parametrize("text", [text for texts in MISREAD for text in texts])
def test_text_that_could_be_misread_is_quoted(text: str) -> None:
    assert canonical.scalar(text).startswith('"')
    assert yaml.safe_load(canonical.scalar(text)) == text


@pytest.mark.parametrize("text", ["a, b", "[a]", "a]", "a{b", "a}", "really?", "a:,"])
def test_text_that_ends_in_brackets_is_quoted(text: str) -> None:
    assert canonical.scalar(text, is_in_flow=True) == f'"{text}"'
    assert yaml.safe_load(f"[{canonical.scalar(text, is_in_flow=True)}]") == [text]


@pytest.mark.parametrize(
    "text",
    ["51 to 100", "CFOs, EMEA", "c_suite", "Größe & Straße", "R&D (new)", "C#", "at 10:30", UUIDS[0], "日本"],
)
def test_harmless_text_has_no_quotes(text: str) -> None:
    assert canonical.scalar(text) == text == yaml.safe_load(text)


@given(hostile | st.text() | st.from_regex(re.compile(r"[-+0-9_:.eExobTZ ]{1,12}"), fullmatch=True))
@patient
def test_old_and_new_readers_read_the_same_text(text: str) -> None:
    plain, in_flow = canonical.scalar(text), canonical.scalar(text, is_in_flow=True)
    document = f"id: {UUIDS[0]}\nname: {plain}\nmetadata: {{labels: {{a: {in_flow}}}}}\n"
    for definition in parse({"a.yaml": document.encode(errors="surrogatepass")}).definitions:
        read = yaml.safe_load(document)
        assert [definition.fields["name"], read["name"], read["metadata"]["labels"]["a"]] == [text] * 3


@given(documents(live=True))
@patient
def test_what_is_written_reads_as_what_is_live(document: dict[str, Any]) -> None:
    fields = normal(document)
    found = parse({"a.yaml": written(document).encode(errors="surrogatepass")})
    for definition in found.definitions:
        known = {key: fields[key] for key in definition.fields}
        assert not [
            one
            for one in diff.compare(known, definition.fields, RULES)
            if one.path in RULES and not RULES[one.path].is_volatile
        ]


@given(documents(live=True))
@patient
def test_same_fields_give_the_same_text(document: dict[str, Any]) -> None:
    assert written(dict(reversed(document.items()))) == written(document)
