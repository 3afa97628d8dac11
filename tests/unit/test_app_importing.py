from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from reconciler.api.connection import Connection
from reconciler.app import importing, project
from reconciler.model import Audience
from reconciler.sandbox.app import create_app
from reconciler.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path


def test_topics_without_names_are_looked_up_once(tmp_path: Path) -> None:
    connection = Connection("sandbox", Secret("sk_sandbox"), app=create_app(tmp_path / "data", generation=2))
    config = {"topicIds": frozenset({117805, 117801, 5})}
    named = {importing.TOPICS: {"117805": "As the audience names it"}}
    live = [Audience("1", {"config": config}, named), Audience("2", {"name": "without a config"})]

    assert asyncio.run(importing.topic_names(connection, live)) == (
        {"117805": "As the audience names it", "117801": "CRM Software"}, None
    )  # fmt: skip


@pytest.mark.parametrize(
    ("made", "folder", "root"),
    [
        (["reconciler.toml"], "a/audiences.d/b", "."),
        (["a/catalogue.json", "reconciler.toml"], "a/audiences.d", "a"),
        (["reconciler.toml", "a/.git"], "a/b/audiences.d/c/d", "a/b"),
        (["a/.git"], "a/b/c", "a/b"),
    ],
)
def test_project_is_where_its_settings_are(tmp_path: Path, made: list[str], folder: str, root: str) -> None:
    for name in made:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert project.root(tmp_path / folder) == (tmp_path / root)
