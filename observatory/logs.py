"""Log lines: what they hold (a request id), and what they may not (anything about a person)."""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

_QUERY = re.compile(r"\?[^\s\"']*")
# Set by observatory.watching for the time of a request; "-" outside of one.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")


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
        record.request_id = REQUEST_ID.get()
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line; ``fields`` given with a record stand beside its message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            told["exception"] = _QUERY.sub("?…", self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False, default=str)
