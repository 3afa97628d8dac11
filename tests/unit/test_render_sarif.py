"""Diagnostics as SARIF 2.1.0, held to what the standard says of the parts that are used."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler import __version__
from reconciler.errors import Diagnostic
from reconciler.render import sarif
from tests.doubles.oracles.runner_commands import commands
from tests.unit.strategies import hostile, patient

TEXT = {"type": "string", "minLength": 1}
REGION = {
    "type": "object",
    "required": ["startLine"],
    "properties": {
        "startLine": {"type": "integer", "minimum": 1},
        "startColumn": {"type": "integer", "minimum": 1},
    },
    "additionalProperties": False,
}
PLACE = {
    "type": "object",
    "required": ["artifactLocation"],
    "properties": {
        "artifactLocation": {
            "type": "object",
            "properties": {"uri": {**TEXT, "pattern": r"\A[A-Za-z0-9._~!$&'()*+,;=:@/%-]+\Z"}},
            "required": ["uri"],
            "additionalProperties": False,
        },
        "region": REGION,
    },
    "additionalProperties": False,
}
RESULT = {
    "type": "object",
    "required": ["message"],
    "properties": {
        "ruleId": TEXT,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": {"type": "object", "required": ["text"], "properties": {"text": TEXT}},
        "locations": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"physicalLocation": PLACE},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
DRIVER = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": TEXT,
        "version": TEXT,
        "rules": {
            "type": "array",
            "uniqueItems": True,
            "items": {"type": "object", "required": ["id"], "properties": {"id": TEXT}},
        },
    },
    "additionalProperties": False,
}
LOG = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": TEXT,
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": RESULT},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


def logged(*found: Diagnostic) -> dict[str, Any]:
    """Return the run of a log, held to the standard, with rules that its results point at."""
    text = sarif.log(found)
    document = json.loads(text)
    Draft202012Validator(LOG).validate(document)
    (run,) = document["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert text.isascii()
    assert commands(text) == []
    return dict(run)


def uri_of(run: dict[str, Any]) -> str:
    (result,) = run["results"]
    (location,) = result["locations"]
    return str(location["physicalLocation"]["artifactLocation"]["uri"])


def test_log_names_tool_rules_and_places() -> None:
    run = logged(
        Diagnostic("error", "unknown-key", "unknown key", "Did you mean x?", "a.yaml", 3, 7, "config.x"),
        Diagnostic("warning", "other", "odd", file="b.yaml", line=2),
        Diagnostic("error", "unknown-key", "unknown key", file="c.yaml"),
        Diagnostic("error", "no-path", "a path is empty"),
    )

    assert run["tool"]["driver"] == {
        "name": "reconciler",
        "version": __version__,
        "rules": [{"id": "no-path"}, {"id": "other"}, {"id": "unknown-key"}],
    }
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["results"][0] == {
        "ruleId": "unknown-key",
        "ruleIndex": 2,
        "level": "error",
        "message": {"text": "config.x: unknown key. Did you mean x?"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "a.yaml"},
                    "region": {"startLine": 3, "startColumn": 7},
                }
            }
        ],
    }
    assert run["results"][1]["level"] == "warning"
    places = [result.get("locations", [{}])[0].get("physicalLocation") for result in run["results"]]
    assert places[1:] == [
        {"artifactLocation": {"uri": "b.yaml"}, "region": {"startLine": 2}},
        {"artifactLocation": {"uri": "c.yaml"}},
        None,
    ]


def test_nothing_found_is_a_log_too() -> None:
    assert logged()["results"] == []


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("audiences.d/a.yaml", "audiences.d/a.yaml"),
        ("audiences.d/a b#c?d%41.yaml", "audiences.d/a%20b%23c%3Fd%2541.yaml"),
        ("https:x.yaml", "https%3Ax.yaml"),
        ("größe\\n.yaml", "gr%C3%B6%C3%9Fe%5Cn.yaml"),
        ("/srv/a.yaml", "file:///srv/a.yaml"),
        ("//evil.example/a.yaml", "file:////evil.example/a.yaml"),
    ],
)
def test_a_file_is_a_reference_below_the_repository(file: str, uri: str) -> None:
    assert uri_of(logged(Diagnostic("error", "x", "x", file=file))) == uri


@patient
@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_file_name_round_trips_and_is_no_host(file: str) -> None:
    parts = urlsplit(uri_of(logged(Diagnostic("error", "x", "x", file=file))))

    assert (parts.scheme in {"", "file"}, parts.netloc, parts.query, parts.fragment) == (True, "", "", "")
    assert unquote(parts.path) == file


@patient
@given(hostile)
def test_message_is_one_inert_line(outside: str) -> None:
    run = logged(Diagnostic("error", "x", outside or "x", outside, "a.yaml", 1, 1, outside))

    assert "\n" not in run["results"][0]["message"]["text"]
    assert "\x1b" not in run["results"][0]["message"]["text"]
