"""Definition files: found, read strictly, and turned into desired audiences or diagnostics."""

from reconciler.definitions.files import is_definition
from reconciler.definitions.load import Checked, Definitions, check, load, parse

__all__ = ["Checked", "Definitions", "check", "is_definition", "load", "parse"]
