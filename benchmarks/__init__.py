"""How fast and how large the tool is, beside what the machine allows: `python -m benchmarks [ROW…]`."""
