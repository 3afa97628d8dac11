"""Plans, results and diagnostics as text, Markdown, JSON, SARIF and annotations: pure functions to `str`."""
