"""How rules are computed: checks and sums in one scan, value tables, estimates."""

__all__: list[str] = []
