from __future__ import annotations

import ast
import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

import reconciler
from reconciler import errors
from reconciler.errors import REFUSALS, ApiRejected, DefinitionError, Diagnostic, ReconcilerError, Refused


def modules() -> list[str]:
    found = pkgutil.walk_packages(reconciler.__path__, "reconciler.")
    return [module.name for module in found if not module.name.endswith("__main__")]


def exceptions() -> set[type[BaseException]]:
    """Return every exception class that a module of the package defines."""
    return {
        value
        for name in modules()
        for _, value in inspect.getmembers(import_module(name), inspect.isclass)
        if issubclass(value, BaseException) and value.__module__.startswith("reconciler.")
    }


def tree(kind: type[BaseException], depth: int = 0) -> list[tuple[int, str]]:
    below = [line for child in kind.__subclasses__() for line in tree(child, depth + 1)]
    return [(depth, kind.__name__), *below]


def test_every_exception_inherits_the_one_that_the_command_line_catches() -> None:
    found = exceptions()

    assert ReconcilerError in found
    assert all(issubclass(kind, ReconcilerError) for kind in found)


def test_the_tree_in_the_docstring_is_the_real_one() -> None:
    assert exceptions()  # every module is imported, so that each class has its subclasses
    drawn = re.findall(r"^    ([│├└─ ]*)(\w+)", errors.__doc__ or "", re.MULTILINE)

    assert [(len(branch) // 4, name) for branch, name in drawn] == tree(ReconcilerError)


def test_every_code_is_one_that_the_schemas_allow_and_is_its_own() -> None:
    codes = [kind.code for kind in exceptions() if issubclass(kind, ReconcilerError)]

    assert all(re.fullmatch(r"[a-z0-9-]+", code) for code in codes)
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("name", modules())
def test_an_exception_is_raised_from_its_cause(name: str) -> None:
    """A `raise` of ours in an `except` names its cause, or says that there is none to name."""
    file = import_module(name).__file__
    assert file is not None
    handlers = [
        node for node in ast.walk(ast.parse(Path(file).read_text())) if isinstance(node, ast.ExceptHandler)
    ]
    raised = [node for handler in handlers for node in ast.walk(handler) if isinstance(node, ast.Raise)]

    assert [node.lineno for node in raised if node.exc is not None and node.cause is None] == []


def test_every_refusal_is_in_the_registry() -> None:
    kinds = {kind for kind in exceptions() if issubclass(kind, Refused) and kind is not Refused}

    assert set(REFUSALS.values()) == kinds
    assert {code: kind.code for code, kind in REFUSALS.items()} == {code: code for code in REFUSALS}
    assert len({kind.heading for kind in kinds}) == len(kinds)


def test_an_error_reads_as_sentences() -> None:
    assert str(ReconcilerError("it is wrong", "Fix it")) == "it is wrong. Fix it"
    assert str(ReconcilerError("it is wrong")) == "it is wrong."
    assert ReconcilerError("it is wrong", "Fix it").diagnostics == (
        Diagnostic("error", "error", "it is wrong", "Fix it"),
    )


@pytest.mark.parametrize(("count", "words"), [(1, "1 problem"), (2, "2 problems")])
def test_a_definition_error_carries_every_diagnostic_and_counts_the_errors(count: int, words: str) -> None:
    found = [Diagnostic("warning", "w", "odd"), *[Diagnostic("error", "e", "wrong")] * count]
    error = DefinitionError(found)

    assert error.diagnostics == tuple(found)
    assert str(error) == f"{words} in the definitions. Fix them and run again"
    assert [diagnostic.is_error for diagnostic in error.diagnostics] == [False, *[True] * count]


def test_a_rejection_says_what_was_asked_and_answered() -> None:
    error = ApiRejected(
        "PATCH", "/v1/x", 403, "every slot is taken", error_code="SLOTS_FULL", detail="Pause one"
    )

    assert str(error) == "PATCH /v1/x returned 403: every slot is taken. Pause one"
    assert (error.method, error.path, error.status, error.message) == (
        "PATCH",
        "/v1/x",
        403,
        "every slot is taken",
    )
    assert error.error_code == "SLOTS_FULL"
    assert str(ApiRejected("GET", "/v1/x", 500, "")) == "GET /v1/x returned 500."
