"""Help without a person: visits solved, tickets avoided, articles and searches that helped.

Never here: tickets' own figures.
"""

__all__: list[str] = []
