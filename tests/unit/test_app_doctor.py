from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from reconciler.api.connection import Connection
from reconciler.app import doctor
from reconciler.sandbox.app import create_app
from reconciler.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model import Json


def test_second_generation_tells_its_slots(tmp_path: Path) -> None:
    app = create_app(tmp_path / "data", generation=2, slots=12)
    found = asyncio.run(doctor._asked(Connection("sandbox", Secret("sk_sandbox"), app=app)))
    assert [one.summary for one in found][-2:] == [
        "generation 2 of the API's contract", "Northwind Demo, active, 10 of 12 slots in use"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "account", [{}, {"slots": 3}, {"slots": {"used": 1}}, {"slots": {"used": True, "limit": 1}}]
)
def test_slots_of_another_shape_are_not_told(account: dict[str, Json]) -> None:
    assert doctor._slots(account) == ""
