"""Feeds saved plans and results with mutated documents, and shows what is read of them."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any
from unittest import mock

from reconciler import schema
from reconciler.app import saved_files
from reconciler.errors import FileError
from reconciler.plan import ApplyResult, Plan, from_document, result_from_document
from reconciler.render import json_output, markdown, markdown_result, text
from tests.unit import reviews

from . import mutations, runner
from .mutations import Inputs

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    Read = Plan | ApplyResult | FileError

PLANS = tuple(
    json_output.plan(make()) for make in (reviews.forty, reviews.swap, reviews.missing, reviews.swept)
)
RESULTS = tuple(json_output.result(make()) for make in (reviews.in_part, reviews.applied))
ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        -1,
        1.0,
        1e308,
        10**400,
        "",
        "x",
        "\u202e\x1b[31m",
        "::error::x",
        "| a",
        [],
        {},
        [[]],
        [{}],
    ),
    *(
        "a" * 5000,
        [1] * 500,
        {"a": {"a": {"a": 1}}},
        "1.0",
        "1.7",
        "2.0",
        "activate",
        "applied",
        "sha256:" + "0" * 64,
    ),
)
SNIPPETS = (
    *'\t\r\n []{},:"\\0-\0\x1b\u202e\ufeff\U0001f600',
    *(
        '"a":',
        '{"changes":',
        "NaN",
        "Infinity",
        "-0",
        "1e999",
        "null",
        "true",
        '"\\ud800"',
        '"id":1,"id":2',
        "[" * 60,
    ),
)
REPEATED = (
    "[",
    "{},",
    '{"a":',
    "1,",
    '"a",',
    '"k%d":1,',
    " ",
    "\\u0041",
    '{"changes": [',
    "0",
    '{"id": "x"},',
)
PLACES = ("origin", "volatile", "targets", "before", "patch")
INPUTS = Inputs((*PLANS, *RESULTS), SNIPPETS, REPEATED, 1024 * 1024)


def altered(chance: random.Random) -> bytes:
    """Return a document of which some places hold something else, whatever its digest says."""
    document = mutations.altered(chance, json.loads(chance.choice((*PLANS, *RESULTS))), ODD)
    if chance.random() < 0.5:
        _name_again(document)
    return json.dumps(document).encode("utf-8", "surrogatepass")


def _name_again(document: Any) -> None:
    """Give a plan that was edited the digests and counts that it would have, as whoever forges one would."""
    try:
        name = document["digest"]
        for one in document["changes"]:
            one["digest"] = name
        with (
            mock.patch.object(Plan, "digest", name),
            mock.patch.object(Plan, "digest_of", return_value=name),
            mock.patch.object(Plan, "summary", document["summary"]),
        ):
            plan = from_document(document)
        document["digest"], document["summary"] = plan.digest, dict(plan.summary)
        for change, one in zip(plan.changes, document["changes"], strict=True):
            one["digest"] = plan.digest_of(change)
    except (KeyError, TypeError, ValueError, AttributeError, FileError):
        pass  # it is no plan any more


def cases(runs: int, seed: int) -> Iterator[bytes]:
    return INPUTS.cases(runs, seed, _documents)


def _documents(chance: random.Random) -> bytes:
    return (grown if chance.random() < 0.005 else altered)(chance)


def grown(chance: random.Random) -> bytes:
    """Return a plan that grew large in two places: where one is gone through for each of the other."""
    document = json.loads(chance.choice(PLANS))
    if document["changes"]:
        first = document["changes"][0]
        document["changes"] = [dict(first), *[first] * chance.choice((0, 300))]  # only one of them grows
    for place in chance.sample(PLACES, 2):
        size = chance.choice((100, 20_000, 60_000))
        large: dict[str, Any] = {
            "origin": "x" * size,
            "volatile": [f"v{number}" for number in range(size // 8)],
            "targets": ["t"] * (size // 4),
            "before": {f"k{number}": 1 for number in range(size // 8)},
            "patch": {"config": _nested([1] * (size // 2), chance.choice((0, 1, 40)))},
        }
        owner = document["changes"][0] if place in {"before", "patch"} and document["changes"] else document
        owner[place] = large[place]
    if chance.random() < 0.5:
        _name_again(document)
    return json.dumps(document, separators=(",", ":")).encode()


def _nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


def read(data: bytes) -> Read:
    _FILE.write_bytes(data)
    try:
        found = saved_files.read(str(_FILE))
    except FileError as error:
        return error
    _shown(found)
    return found


def _shown(found: Plan | ApplyResult) -> str:
    if isinstance(found, Plan):
        return (
            json_output.plan(found) + text.plan(found, schema.rules()) + markdown.plan(found, schema.rules())
        )
    return json_output.result(found) + text.result(found) + markdown_result.result(found)


def check(data: bytes, result: Read) -> list[str]:
    """Return what is wrong: an error is one line that names the file, and what is read is saved as it is."""
    if isinstance(result, FileError):
        is_sentence = result.summary.startswith(str(_FILE)) and runner.is_one_line(result)
        return [] if is_sentence else [f"bad sentence: {result}"]
    if any(ord(char) < 32 and char != "\n" for char in _shown(result)):
        return ["a control character is shown"]
    if isinstance(result, Plan):
        again: Any = from_document(json.loads(json_output.plan(result)))
        written = json_output.plan(again) == json_output.plan(result)
    else:
        again = result_from_document(json.loads(json_output.result(result)))
        written = json_output.result(again) == json_output.result(result)
    wrong = [] if _digest(data) in {None, getattr(result, "digest", None)} else ["it has another digest"]
    return wrong if written and again == result else [*wrong, "it is another one when it is saved again"]


def _digest(data: bytes) -> str | None:
    """Return the digest that a plan was saved with; a result has none."""
    digest: str | None = json.loads(data).get("digest")
    return digest


def kinds(result: Read) -> list[str]:
    if isinstance(result, FileError):
        return [re.sub(r"\d+", "…", result.summary.removeprefix(str(_FILE)))[:30]]
    return [type(result).__name__]


_FILE = runner.scratch("saved") / "plan.json"
TARGET = runner.Target(cases, read, check, kinds, lambda result: not isinstance(result, FileError))

if __name__ == "__main__":
    sys.exit(runner.main(TARGET))
