"""Saved map templates: a kind of map declared once, drawn again for any contract."""
