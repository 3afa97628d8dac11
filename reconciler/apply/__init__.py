"""A plan into results: phase by phase, each audience compared, written and verified."""

from reconciler.apply.run import Stop, execute

__all__ = ["Stop", "execute"]
