"""What to say of a bug: its type and place alone, since its message may hold what nobody should paste."""

from __future__ import annotations

import traceback
from pathlib import PurePath

from reconciler import __version__
from reconciler.errors import ReconcilerError


def described(bug: BaseException) -> ReconcilerError:
    frame = traceback.extract_tb(bug.__traceback__)[-1]
    place = f"{type(bug).__name__} at {PurePath(frame.filename).name}:{frame.lineno}"
    return ReconcilerError(
        f"this is a bug in reconciler {__version__} ({place})", "Please report it with this line"
    )
