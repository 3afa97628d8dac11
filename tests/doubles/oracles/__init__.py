"""Judges of the output that know nothing of the code that wrote it."""
