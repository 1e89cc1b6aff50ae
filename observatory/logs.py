"""What a log line may not hold: query strings and form values, which may name a person."""

from __future__ import annotations

import logging
import re

_QUERY = re.compile(r"\?[^\s\"']*")


class DiscreetFilter(logging.Filter):
    """Cut the query string from every address and drop the request from every record.

    Django hands the whole request to its handlers; an error mail or a JSON formatter would
    print its form values. Nothing downstream of this filter sees them.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record in place and keep it."""
        record.msg = _QUERY.sub("?…", record.getMessage())
        record.args = None
        record.__dict__.pop("request", None)
        return True
