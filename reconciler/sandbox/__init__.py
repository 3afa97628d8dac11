"""The embedded API: the vendor's side of the contract, for demos, tests and other clients."""

from __future__ import annotations

API_KEY = "sk_sandbox"
