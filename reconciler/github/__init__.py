"""GitHub, where plans are reviewed: its environment, its REST API, and what is said there."""
