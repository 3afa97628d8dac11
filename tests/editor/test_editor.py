"""The schemas in an editor's YAML language server: what it completes, explains and underlines."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler import schema
from reconciler.app import catalogue
from reconciler.model import Catalogue, Filter
from tests.editor import language_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.editor.language_server import LanguageServer

pytestmark = pytest.mark.slow
SCHEMAS = Path(__file__).parents[2] / "schemas"
KNOWN = Catalogue(
    2,
    {
        "role.seniority": Filter("multi_select", ("contains", "equals"), ("director", "vp")),
        "company.technologies": Filter("multi_select", ("contains",), ("Oracle", "SAP")),
    },
    {117801: "CRM Software", 117805: "Marketing ROI"},
)
ID = "id: 6fb81599-f601-4afe-b3ff-e8a211cae27d\n"
BEGUN = f"""# yaml-language-server: $schema=../{{}}
{ID}name: A
config:
  topics:
    - CR
    - Marketing ROI
  filters:
    role.seniority:
      values: [v, director]
      operator: equ
    company.technologies: {{{{values: [S]}}}}
"""
MISSPELT = f"""# yaml-language-server: $schema=../{{}}
{ID}name: A
statsu: active
config:
  topicIds: [117801]
  filters:
    role.senority: {{{{values: [vp]}}}}
"""
BOTH = (
    "# yaml-language-server: $schema=../{}\n"
    + ID
    + "name: A\nconfig:\n  topicIds: [117801]\n  topics: [CRM Software]\n"
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with both schemas and a folder for definitions."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "audiences.d").mkdir()
    (folder / "catalogue.schema.json").write_text(catalogue.editor_schema(KNOWN), "utf-8")
    (folder / "schemas").mkdir()
    shutil.copy(SCHEMAS / "audience.schema.json", folder / "schemas")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, workspace: Path) -> Iterator[LanguageServer]:
    folder = tmp_path_factory.mktemp("npm")
    if (reason := language_server.install(folder)) is not None:
        pytest.skip(f"NO EDITOR: {reason}, so nobody saw what an editor makes of the schemas")
    with language_server.running(folder, workspace) as found:
        yield found


PLAIN, OWN = "schemas/audience.schema.json", "catalogue.schema.json"
both = pytest.mark.parametrize("named", [PLAIN, OWN])


def opened(server: LanguageServer, workspace: Path, name: str, text: str, named: str) -> Path:
    """Show the server a definition that names a schema."""
    file = workspace / "audiences.d" / f"{name}-{Path(named).name}.yaml"
    file.write_text(text.format(named), "utf-8")
    server.open(file)
    return file


def test_values_and_names_of_organization_are_completed(server: LanguageServer, workspace: Path) -> None:
    file = opened(server, workspace, "begun", BEGUN, OWN)

    assert {"director", "vp"} <= server.completions(file, "values: [v").keys()
    assert {"contains", "equals"} <= server.completions(file, "operator: equ").keys()
    assert {"Oracle", "SAP"} <= server.completions(file, "values: [S").keys()
    names = server.completions(file, "- CR")
    assert {"CRM Software", "Marketing ROI"} <= names.keys()
    assert "Topic 117801" in server.hover(file, "Marketing RO") + names["CRM Software"]


@both
def test_keys_are_completed_and_explained(server: LanguageServer, workspace: Path, named: str) -> None:
    text = BEGUN.replace("  filters:", "  min\n  filters:").replace("operator: equ", "operator: equals")
    file = opened(server, workspace, "keys", text, named)

    assert {"minScore", "minTopicOverlap"} <= server.completions(file, "  min").keys()
    whole = opened(server, workspace, "whole", BEGUN, named)
    hovered = server.hover(whole, "role.seniority").replace("\\", "")
    described = schema.audience()["properties"]["config"]["properties"]["filters"]["properties"]
    assert described["role.seniority"]["description"] in hovered


@both
def test_misspelt_keys_are_underlined(server: LanguageServer, workspace: Path, named: str) -> None:
    file = opened(server, workspace, "misspelt", MISSPELT, named)

    assert [
        (line, "statsu" in text or "senority" in text) for line, text in sorted(server.diagnostics(file))
    ] == [
        (4, True),
        (8, True),
    ]


@both
def test_two_keys_for_topics_are_underlined(server: LanguageServer, workspace: Path, named: str) -> None:
    file = opened(server, workspace, "both", BOTH, named)

    assert len(server.diagnostics(file)) > 0
