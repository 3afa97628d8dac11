"""Feeds policies with mutated rules, and asks those that are taken about an audience."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.app import policies
from reconciler.definitions import policies as reader
from reconciler.model import Definition
from reconciler.plan import policy
from tests.cli.command import ROOT

from . import runner
from .mutations import Inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "id: a\nsentence: It is so\nseverity: deny\nowners: [x]\n"
CORPUS = (
    *(file.read_text("utf-8") for file in sorted((ROOT / "docs" / "policies").iterdir())),
    HEAD
    + "require: {if: {required: [change]}, then: {anyOf: [{not: {properties: {name: {pattern: '^x+'}}}}]}}\n",
    HEAD
    + "when: {oneOf: [{required: [reach]}]}\nrequire: {properties: {live: {enum: [1]}}}\nnot_known: deny\n",
)
SNIPPETS = (
    *"\t\n {}[]:,'\"-?*+()|\\^$.&!\0\u202e\U0001f600",
    *("pattern: ", "'(a+)+$'", "properties: ", "required: ", "not: ", "anyOf: ", "contains: ", "items: "),
    *("$ref: '#'", "reach", "config", "growth", "minimum: ", "1e9", "-1", "0.5", "true", "null", "const: "),
)
REPEATED = ("{not: ", "[", "a?", "(a", "x: 1\n", "1, ", "|a")
INPUTS = Inputs(CORPUS, SNIPPETS, REPEATED, reader.MAX_BYTES)
SEEN = Definition("x", "DE – Founders", "a.yaml", 1, 1, {"status": "active", "name": "x"}, owner="ana")


def cases(runs: int, seed: int) -> Iterator[bytes]:
    return INPUTS.cases(runs, seed, lambda chance: chance.choice(CORPUS).encode())


def read(data: bytes) -> reader.Policies:
    found = reader.parse({"a.yaml": data}, schema.rules())
    list(policy.problems(policies.compiled(found.policies), [SEEN], []))
    return found


def check(_: bytes, result: reader.Policies) -> list[str]:
    """Return what is wrong: a file is a rule or has problems, and each of these has its place."""
    odd = [one.summary for one in result.diagnostics if one.file != "a.yaml" or not one.summary]
    return odd + ([] if bool(result.policies) != bool(result.diagnostics) else ["neither or both"])


def kinds(result: reader.Policies) -> list[str]:
    return [re.sub(r'".*"|\d+', "…", one.code) for one in result.diagnostics] or ["policy"]


TARGET = runner.Target(cases, read, check, kinds, lambda result: bool(result.policies))

if __name__ == "__main__":
    sys.exit(runner.main(TARGET))
