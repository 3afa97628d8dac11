"""The embedded API: the vendor's side of the contract, for demos, tests and other clients."""

from __future__ import annotations

from importlib.util import find_spec

from reconciler.errors import SettingsError

API_KEY = "sk_sandbox"
# What the extra `sandbox` installs. This module imports none of it, so that it can say what is missing.
_EXTRA = ("starlette", "uvicorn")


def require_extra() -> None:
    """Raise SettingsError where the package was installed without the extra that the sandbox needs."""
    if any(find_spec(name) is None for name in _EXTRA):
        raise SettingsError(
            "the embedded API is not installed",
            'Run pip install "audience-reconciler[sandbox]" (in a checkout of it, pip install ".[sandbox]")',
        )
