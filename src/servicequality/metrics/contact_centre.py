"""Calls and chats: how fast they are answered, how many give up, how busy the agents are, what they cost.

Never here: tickets, or paid time by itself (see `workload`).
"""

__all__: list[str] = []
