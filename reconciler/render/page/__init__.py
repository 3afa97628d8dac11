"""Plans and results as a page for a browser: one file, that asks for nothing and runs nothing."""

from reconciler.render.page.plan_page import plan
from reconciler.render.page.result_page import result

__all__ = ["plan", "result"]
