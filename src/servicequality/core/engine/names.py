"""The names of a state's columns. The prefix before the colon is reserved, so that no user's column can collide with one."""

BIN = "bin"
STRATUM = "stratum"
CLUSTER = "cluster"
ROWS = "rows"
EXCLUDED = "excluded"


def key_column(name: str) -> str:
    """The column of a key."""
    return f"key:{name}"


def sum_column(rule: str, leaf: str) -> str:
    """The column of one sum of a rule."""
    return f"{leaf}:{rule}"


def weighted(leaf: str) -> str:
    """The leaf that is multiplied by the weight, beside the plain one."""
    return f"weighted {leaf}"


def fault_column(place: int) -> str:
    """The column that counts the rows which break the check of this place."""
    return f"fault:{place}"
