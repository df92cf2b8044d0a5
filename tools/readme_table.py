"""Write the catalogue's table into the README: `uv run python tools/readme_table.py`. A test compares the two."""

import re
from pathlib import Path

from servicequality import catalogue

README = Path(__file__).resolve().parent.parent / "README.md"
TABLE = re.compile(r"(?<=<!-- catalogue -->\n).*?(?=\n<!-- /catalogue -->)", re.DOTALL)


def main() -> None:
    """Put today's table in the place of the one that is there."""
    page = README.read_text(encoding="utf-8")
    README.write_text(TABLE.sub(lambda _: catalogue.families_table(), page), encoding="utf-8")


if __name__ == "__main__":
    main()
