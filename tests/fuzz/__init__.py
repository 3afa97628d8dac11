"""Fuzzers, each `python -m tests.fuzz.NAME --runs N --seed S`; a short run of each is a test."""
