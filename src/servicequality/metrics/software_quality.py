"""Defects, escapes, automation and integration failures, security and patches, integrity of data.

Never here: outages (see `reliability`).
"""

__all__: list[str] = []
