"""Beneficiary files: from a partner's spreadsheet to safe counts per quarter."""
