"""The portrait of one territory: a page, a two-page PDF, an atlas."""
