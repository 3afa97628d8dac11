"""Definition files: found, read strictly, and turned into desired audiences or diagnostics."""

from reconciler.definitions.load import Definitions, load, parse

__all__ = ["Definitions", "load", "parse"]
