from __future__ import annotations

import ast
import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

import reconciler
from reconciler import errors, schema
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


def tree(kind: type[BaseException]) -> set[tuple[str, str]]:
    """Return each class below one with the name of its base."""
    return {
        pair for child in kind.__subclasses__() for pair in ((kind.__name__, child.__name__), *tree(child))
    }


def drawn() -> list[tuple[str, str]]:
    """Return each class of the docstring's tree with the one that it hangs on."""
    above, found = [""], []
    for branch, name in re.findall(r"^    ([│├└─ ]*)(\w+)", errors.__doc__ or "", re.MULTILINE):
        above[len(branch) // 4 :] = [name]
        found += [(above[-2], name)] if len(above) > 1 else []
    return found


def test_every_exception_inherits_the_common_base() -> None:
    assert {kind for kind in exceptions() if not issubclass(kind, ReconcilerError)} == set()
    assert len(exceptions()) > 10


def test_docstring_draws_the_real_tree() -> None:
    assert exceptions()  # every module is imported, so that each class has its subclasses

    assert sorted(drawn()) == sorted(tree(ReconcilerError))


def test_every_code_is_valid_and_unique() -> None:
    codes = [kind.code for kind in exceptions() if issubclass(kind, ReconcilerError)]
    pattern = schema.load("diagnostics")["$defs"]["diagnostic"]["properties"]["code"]["pattern"]

    assert [code for code in codes if not re.fullmatch(pattern, code)] == []
    assert len(set(codes)) == len(codes)


def causeless(source: str) -> list[int]:
    """Return the lines on which a `raise` inside an `except` neither names its cause nor says `from None`."""
    handlers = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler)]
    raised = [node for handler in handlers for node in ast.walk(handler) if isinstance(node, ast.Raise)]
    return [node.lineno for node in raised if node.exc is not None and node.cause is None]


@pytest.mark.parametrize(
    ("raised", "lines"),
    [
        ("raise", []),
        ("raise E from error", []),
        ("raise E from None", []),
        ("raise E", [4]),
        ("raise E(error)", [4]),
        ("if x:\n        raise E", [5]),
    ],
)
def test_raise_without_its_cause_is_found(raised: str, lines: list[int]) -> None:
    assert causeless(f"try:\n    f()\nexcept X as error:\n    {raised}\n") == lines


def test_every_exception_is_raised_from_its_cause() -> None:
    sources = {name: Path(import_module(name).__file__ or "").read_text("utf-8") for name in modules()}

    assert sum(bool(re.search(r"raise .* from ", source)) for source in sources.values()) > 5
    assert {name: lines for name, source in sources.items() if (lines := causeless(source))} == {}


def test_every_refusal_is_in_the_registry() -> None:
    kinds = {kind for kind in exceptions() if issubclass(kind, Refused) and kind is not Refused}

    assert set(REFUSALS.values()) == kinds
    assert {code: kind.code for code, kind in REFUSALS.items()} == {code: code for code in REFUSALS}
    assert len({kind.heading for kind in kinds}) == len(kinds)


def test_error_reads_as_sentences() -> None:
    assert str(ReconcilerError("it is wrong", "Fix it")) == "it is wrong. Fix it"
    assert str(ReconcilerError("it is wrong")) == "it is wrong."
    assert ReconcilerError("it is wrong", "Fix it").diagnostics == (
        Diagnostic("error", "error", "it is wrong", "Fix it"),
    )


@pytest.mark.parametrize(("count", "words"), [(1, "1 problem"), (2, "2 problems")])
def test_definition_error_carries_diagnostics_and_counts_errors(count: int, words: str) -> None:
    found = [Diagnostic("warning", "w", "odd"), *[Diagnostic("error", "e", "wrong")] * count]
    error = DefinitionError(found)

    assert error.diagnostics == tuple(found)
    assert str(error) == f"{words} in the definitions. Fix them and run again"
    assert [diagnostic.is_error for diagnostic in error.diagnostics] == [False, *[True] * count]


def test_rejection_names_request_status_and_message() -> None:
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
