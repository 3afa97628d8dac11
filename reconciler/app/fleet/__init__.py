"""Many organizations in one repository, each with its own key, limits, plan, journal and result."""
