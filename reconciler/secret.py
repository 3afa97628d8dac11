"""A secret that prints as `***` everywhere but in the one header that carries it."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote

_CARRIED_BY_A_HEADER = re.compile(r"[!-~]+")


class Secret:
    """A key or a token that only `reveal` shows."""

    __slots__ = ("_spellings", "_value")

    def __init__(self, value: str) -> None:
        """Raise ValueError, without quoting it, for a value that is empty or that no header can carry."""
        if not _CARRIED_BY_A_HEADER.fullmatch(value):
            raise ValueError("not a value that a header can carry")
        self._value = value
        raw = value.encode()
        base64s = (base64.b64encode(raw), base64.urlsafe_b64encode(raw))
        self._spellings = (
            value,
            json.dumps(value)[1:-1],
            quote(value, safe=""),
            *(form.decode().rstrip("=") for form in base64s),
        )

    def __repr__(self) -> str:
        return "***"

    def reveal(self) -> str:
        """Return the secret itself, for the header."""
        return self._value

    def redact(self, text: str) -> str:
        """Return the text without the secret: raw, as JSON spells it, base64 or URL-encoded."""
        for spelling in self._spellings:
            text = text.replace(spelling, "***")
        return text
