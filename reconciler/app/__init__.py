"""The use cases, without click and without printing: they take values, yield events and return results."""
