"""Life of a perimeter: computed, under negotiation, legal, superseded; every step undoable.

``Decision`` says who decided, when and why; each operation returns its stored record.
"""

from observatory.lifecycle import errors
from observatory.lifecycle.enactment import Validity, enact, supersede
from observatory.lifecycle.history import ancestors_of, descendants_of, life_of, operation_facts
from observatory.lifecycle.negotiation import (
    add_blocks,
    drop,
    merge,
    open_negotiation,
    remove_blocks,
    split,
    trim,
)
from observatory.lifecycle.recording import Decision, Target
from observatory.lifecycle.selectors import find_all, find_one
from observatory.lifecycle.undoing import undo
from observatory.lifecycle.watch import derive_watch_quarters, remainders

__all__ = [
    "Decision",
    "Target",
    "Validity",
    "add_blocks",
    "ancestors_of",
    "derive_watch_quarters",
    "descendants_of",
    "drop",
    "enact",
    "errors",
    "find_all",
    "find_one",
    "life_of",
    "merge",
    "open_negotiation",
    "operation_facts",
    "remainders",
    "remove_blocks",
    "split",
    "supersede",
    "trim",
    "undo",
]
