"""``python -m observatory`` is the console script."""

import sys

from observatory.cli import main

sys.exit(main())
