"""Patterns of policies: which are taken, and that none of these takes long."""

from __future__ import annotations

import re
import time

import pytest

from reconciler.schema.patterns import MAX_TEXT, fault

TAKEN = (
    "^[A-Z]{2} – ",
    "^(EMEA|AMER|APAC) – .+$",
    r"^[A-Z]{2,3} – [^–]+ – [^–]+( \([a-z]\))?$",
    "^.+@example\\.com$",
    "(ab)+",
    "^(?:[a-z]+-)?x",
    "[^]a]*",
    "(a?)?",
    "^x{0,40}$",
)


@pytest.mark.parametrize("pattern", TAKEN)
def test_plain_pattern_is_taken(pattern: str) -> None:
    assert fault(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[", "is not a regular expression"),
        (r"^\p{Lu}", "is not a regular expression"),
        ("a**", "is not a regular expression"),
        ("[[a]", "or may come to mean something else"),
        ("(a+)+$", "repeats a group that has a repetition"),
        ("(a|ab)*$", "repeats a group that has a repetition or alternatives"),
        ("(a{1,9}){9}", "repeats a group"),
        ("^a*b*c*", "has over 2 repetitions without an end"),
        (".*x.*", "has over 2 repetitions"),
        ("^a|b+c+", "has over 2 repetitions"),
        ("^" + "a?" * 7, "has too many alternatives and optional parts"),
        ("^x{0,900}", "has too many alternatives"),
        ("^(a|b)(c|d)(e|f)(g|h)(i|j)(k|l)(m|n)", "has too many alternatives"),
        (r"(a)\1", r'has a part that is not taken, from "\1" on'),
        ("(?=a)", 'has a part that is not taken, from "(?=a)" on'),
        ("(?i)a", "has a part that is not taken"),
        ("a{1000}", "has a part that is not taken"),
    ],
)
def test_costly_pattern_is_refused(pattern: str, reason: str) -> None:
    assert reason in fault(pattern)


@pytest.mark.parametrize("pattern", ["^.*.*!", "a+!", "^(a*)(a*)" + "a?" * 6 + "!", "^(a|aa|a)a*(a|aa|a)a*!"])
def test_worst_pattern_on_longest_text_is_quick(pattern: str) -> None:
    assert fault(pattern) == ""
    began = time.process_time()
    assert re.search(pattern, "a" * MAX_TEXT) is None
    assert time.process_time() - began < 5
