"""Definition files: found, read strictly, and turned into desired audiences or diagnostics."""

from reconciler.definitions.files import is_definition
from reconciler.definitions.load import Definitions, load, parse

__all__ = ["Definitions", "is_definition", "load", "parse"]
