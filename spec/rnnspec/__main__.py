"""`python -m rnnspec` is `rnnspec`."""

import sys

from rnnspec.command.main import main

if __name__ == "__main__":
    sys.exit(main())
