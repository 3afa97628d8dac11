"""What the API makes of a config that it takes: what it would store, and how it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox import filters, reach
from reconciler.sandbox.constraints import is_integer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.sandbox.options import Options
    from reconciler.sandbox.record import Config

# The second generation raises a lower score to it.
LOWEST_SCORE = 50
# What a normalized config has for a key that the config leaves out: no default is documented.
ABSENT: Config = {
    "minScore": None,
    "maxScore": None,
    "minTopicOverlap": None,
    "filters": {},
    "sourceUrl": None,
}


def stored(config: Config, options: Options) -> Config:
    """Return the config as it is stored: scores clamped, and unknown filters gone where they are stripped."""
    normal = dict(config)
    score: object = config.get("minScore")
    if options.generation != 1 and is_integer(score) and 0 <= score < LOWEST_SCORE:
        normal["minScore"] = LOWEST_SCORE
    if options.unknown_filters == "strip" and "filters" in config:
        normal["filters"] = filters.without_unknown(config["filters"], options.generation)
    return normal


def verdict(config: Config, problems: Sequence[str], options: Options) -> dict[str, Any]:
    """Return the data of the validate route's response."""
    normal = stored(config, options)
    return {
        "valid": not problems,
        "normalizedConfig": {**ABSENT, **normal},
        **reach.evaluation(normal, options.generation),
        # Not documented: where the response says what is out of bounds.
        **({"errors": list(problems)} if problems else {}),
    }
