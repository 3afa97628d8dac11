"""Git as the truth for marketing audiences: plan and apply over the vendor's REST API."""

__version__ = "0.1.0"
