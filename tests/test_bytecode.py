from __future__ import annotations

import shutil
from pathlib import Path

from tests import bytecode


def test_kept_bytecode_has_the_name_expected(tmp_path: Path) -> None:
    assert bytecode.is_kept(Path(__file__))
    assert not bytecode.is_kept(Path(shutil.copy(__file__, tmp_path)))
