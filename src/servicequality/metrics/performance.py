"""How fast the software answers under load: Apdex, latency, throughput, scalability.

Never here: how fast people answer (see `speed`).
"""

__all__: list[str] = []
