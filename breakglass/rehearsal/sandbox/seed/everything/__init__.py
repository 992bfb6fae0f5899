"""A service that has a component of every kind, in as many shapes as one service can have at once.

`looking-glass-api` stands in the production account alone. It runs on EC2 hosts, because a classic load balancer
reaches no task on Fargate.
"""

from .service import NAME, plant_everything

__all__ = ["NAME", "plant_everything"]
