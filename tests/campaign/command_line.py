"""The command line as the campaign runs it: with shorter waits, and its own name in its User-Agent."""

from __future__ import annotations

import os

from reconciler import __version__
from reconciler.api import client
from reconciler.cli import main
from tests.campaign.plants import PLANTS
from tests.cli import fast

if __name__ == "__main__":
    setattr(client, "__version__", f"{__version__}+{os.environ['RECONCILER_TEST_NAME']}")  # noqa: B010 - mypy: it is no export
    fast.hurry()
    for plant in filter(None, os.environ.get("CAMPAIGN_PLANTS", "").split(", ")):
        PLANTS[plant]()
    main()
