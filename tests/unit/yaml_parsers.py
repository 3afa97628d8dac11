"""The parsers that a definition may be read with: each must give the same values, problems and places."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import yaml

from reconciler.definitions.yaml import events as yaml_events
from reconciler.definitions.yaml import reader

if TYPE_CHECKING:
    from reconciler.errors import Diagnostic

    Read = tuple[reader.Document | None, tuple[Diagnostic, ...]]


class Mute(yaml.CSafeLoader):
    """libyaml as a version might be that puts everything in other words."""

    def check_event(self, *choices: type[yaml.Event]) -> bool:
        try:
            return super().check_event(*choices)
        except yaml.MarkedYAMLError as error:
            error.problem = error.context = "x"
            raise


PARSERS = {"libyaml": yaml.CSafeLoader, "mute": Mute}


def read(parser: str, data: bytes, file: str = "a.yaml") -> Read:
    """Read a definition with one of the parsers."""
    with patch.object(yaml_events, "_LOADER", PARSERS[parser]):
        return reader.read(data, file)
