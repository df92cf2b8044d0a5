"""How well people get on with the software: SUS, UMUX, task success, time on task, training, steps.

Never here: satisfaction with the service (see `satisfaction`).
"""

__all__: list[str] = []
