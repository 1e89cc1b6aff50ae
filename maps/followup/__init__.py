"""Pages of what was promised: the tree of engagements, follow-up sheets, annual reviews."""
