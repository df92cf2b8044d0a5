"""A dictionary written as TOML text, for files that people keep. Never: reading, which the standard library does."""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["write_toml"]


def write_toml(document: Mapping[str, Any]) -> str:
    """A dictionary of texts, lists and one level of dictionaries of those, as TOML."""
    plain = [f"{key} = {_write(value)}" for key, value in document.items() if not isinstance(value, Mapping)]
    tables = [
        "\n".join(["", f"[{key}]", *(f"{_write(name)} = {_write(listed)}" for name, listed in value.items())])
        for key, value in document.items()
        if isinstance(value, Mapping)
    ]
    return "\n".join([*plain, *tables, ""])


def _write(value: object) -> str:
    # JSON text and arrays are TOML too, but for one control character that JSON leaves bare.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
