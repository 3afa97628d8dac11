"""What becomes of a stream when writing to it is interrupted; the rest is in the tests of the commands."""

from __future__ import annotations

import io
import os

import pytest

from reconciler.cli import output


class _Interrupted(io.TextIOWrapper):
    """A stream that has taken its text when the signal comes."""

    def flush(self) -> None:
        super().flush()
        raise KeyboardInterrupt


def test_interrupted_stream_still_takes_the_last_message() -> None:
    reading, writing = os.pipe()
    stream = _Interrupted(os.fdopen(writing, "wb", buffering=0), write_through=True)
    with pytest.raises(KeyboardInterrupt):
        output.write("half", stream)
    os.write(stream.fileno(), b" and the rest")

    assert os.read(reading, 100) == b"half and the rest"
    with pytest.raises(KeyboardInterrupt):
        stream.close()
    stream.buffer.close()
    os.close(reading)
