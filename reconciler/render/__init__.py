"""Plans, results and diagnostics as text, Markdown and JSON: pure functions to `str`."""
