"""A real browser, driven over its own pipe: what a page asks for, how it looks, and what an audit finds."""
