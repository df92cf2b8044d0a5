"""`python -m fuzz`: many inputs, or `--replay SEED` for one."""

import sys

from fuzz.runner import main

if __name__ == "__main__":
    sys.exit(main())
