"""What agents do: open, pending and solved tickets each, breadth of activity, utilisation, causes by weight.

Never here: a ranking of people without its doubt.
"""

__all__: list[str] = []
