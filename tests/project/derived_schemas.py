"""Makes the schemas that are derived of the audience schema: `python -m tests.project.derived_schemas`."""

from __future__ import annotations

import json
from pathlib import Path

from reconciler import schema
from reconciler.schema import derived

FOLDER = Path(__file__).parents[2] / "schemas"
MADE = {"piece": derived.piece, "extending": derived.extending}


def text(name: str) -> str:
    return json.dumps(MADE[name](schema.load("audience")), indent=1, ensure_ascii=False) + "\n"


def file(name: str) -> Path:
    return FOLDER / f"{name}.schema.json"


if __name__ == "__main__":
    for made in MADE:
        file(made).write_text(text(made), "utf-8")
