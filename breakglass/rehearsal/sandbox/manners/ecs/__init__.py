"""ECS services and tasks.

moto's services have no tasks, go straight to INACTIVE, are overwritten by CreateService and lose half of their fields,
so services and tasks are kept here in full; clusters and task definitions stay moto's.
"""

from .area import Containers

__all__ = ["Containers"]
