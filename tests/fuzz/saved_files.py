"""Feeds saved plans and results with mutated documents, and shows what is read of them."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from reconciler import schema
from reconciler.app import saved_files
from reconciler.errors import FileError
from reconciler.plan import ApplyResult, Plan, from_document, result_from_document
from reconciler.render import json_output, markdown, text
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
    return INPUTS.cases(runs, seed, altered)


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
        return json_output.plan(found) + text.plan(found) + markdown.plan(found, schema.rules())
    return json_output.result(found) + text.result(found) + markdown.result(found)


def check(_: bytes, result: Read) -> list[str]:
    """Return what is wrong: an error is one line that names the file, and what is read is saved as it is."""
    if isinstance(result, FileError):
        shown = text.diagnostics(result.diagnostics)
        is_sentence = result.summary.startswith(str(_FILE)) and result.detail and shown.count("\n") == 1
        return [] if is_sentence else [f"bad sentence: {result}"]
    if any(ord(char) < 32 and char != "\n" for char in _shown(result)):
        return ["a control character is shown"]
    if isinstance(result, Plan):
        again: Any = from_document(json.loads(json_output.plan(result)))
    else:
        again = result_from_document(json.loads(json_output.result(result)))
    return [] if again == result else ["it is another one when it is saved again"]


def kinds(result: Read) -> list[str]:
    if isinstance(result, FileError):
        return [re.sub(r"\d+", "…", result.summary.removeprefix(str(_FILE)))[:30]]
    return [type(result).__name__]


_FILE = Path(tempfile.mkdtemp(prefix="fuzz-saved-")) / "plan.json"
TARGET = runner.Target(cases, read, check, kinds, lambda result: not isinstance(result, FileError))

if __name__ == "__main__":
    sys.exit(runner.main(TARGET))
