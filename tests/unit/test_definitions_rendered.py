"""A definition written out: what it says with its piece, whatever of it which of the two says."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import definitions
from reconciler.definitions import rendered
from reconciler.errors import DefinitionError
from tests.fuzz.definitions import DOCUMENTS
from tests.fuzz.pieces import HEAD, shared, split
from tests.unit.strategies import patient

if TYPE_CHECKING:
    from reconciler.model import Definition

OWN = Path("audiences.d/a.yaml")


@pytest.fixture(autouse=True, scope="module")
def _in_a_repository(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("repository")
    for name in (".git", "audiences.d", "shared"):
        (folder / name).mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield


def write(own: dict[str, Any], piece: dict[str, Any]) -> None:
    OWN.write_text(json.dumps({**HEAD, **own}), "utf-8")
    Path("shared/p.yaml").write_text(json.dumps(piece), "utf-8")


def load() -> Definition:
    loaded = definitions.load([str(OWN)])
    assert loaded.diagnostics == ()
    return loaded.definitions[0]


def said(one: Definition) -> Definition:
    """Return a definition without where it is said."""
    return replace(one, places={}, origins={}, extends="", line=1, column=1)


@settings(patient, max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from(DOCUMENTS[:2]))
def test_written_out_it_is_the_same_definition(seed: int, document: Any) -> None:
    chance = random.Random(seed)
    own, piece = split(chance, shared(deepcopy(document)))
    write(own, piece)
    extending, text, plain = load(), rendered.text(str(OWN)), json.loads(rendered.document(str(OWN)))
    OWN.write_text(text, "utf-8")
    assert said(load()) == said(extending)
    assert rendered.text(str(OWN)) == text, "comments stay"
    write(plain, {})
    assert said(load()) == said(extending)


def test_whole_is_what_was_split() -> None:
    whole = shared(DOCUMENTS[0])  # type: ignore[arg-type] # a document of the corpus is a mapping
    write({}, whole)
    assert (
        load().fields["config"]
        == definitions.parse({"a.yaml": json.dumps({**whole, "id": HEAD["id"], "name": "x"}).encode()})
        .definitions[0]
        .fields["config"]
    )


def test_odd_names_of_files_stay_in_comments() -> None:
    odd = Path("shared/# a\nb.yaml")
    odd.write_text("status: active\n", "utf-8")
    OWN.write_text(json.dumps({**HEAD, "extends": f"../{odd}"}), "utf-8")
    assert rendered.text(str(OWN)).endswith("status: active  # from shared/# a b.yaml:1\n")


def test_problems_are_told_and_nothing_written() -> None:
    write({"status": "x"}, {})
    with pytest.raises(DefinitionError):
        rendered.text(str(OWN))
