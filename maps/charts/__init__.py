"""Charts drawn on the server: one figure, as SVG on the page, PNG to take away, and in a PDF."""
