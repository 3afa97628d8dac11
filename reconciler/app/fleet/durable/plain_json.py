"""How values are written into the database: as JSON, and of an exception nothing but its type."""

from __future__ import annotations

import json
from typing import Any

from dbos import Serializer

_ERROR = "error"


class PlainJson(Serializer):
    """JSON of what we store. An exception's words may name an audience, so that its type alone is kept."""

    def name(self) -> str:
        return "reconciler_json"

    def serialize(self, data: Any) -> str:  # noqa: ANN401 - DBOS's signature
        if isinstance(data, BaseException):
            data = {_ERROR: type(data).__name__}
        return json.dumps(data, separators=(",", ":"))

    def deserialize(self, serialized_data: str) -> Any:  # noqa: ANN401 - as above
        data = json.loads(serialized_data)
        return RuntimeError(data[_ERROR]) if isinstance(data, dict) and set(data) == {_ERROR} else data
