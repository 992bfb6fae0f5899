"""Elastic Load Balancing v2: load balancers, listeners, rules, target groups and their targets.

moto checks neither deletion protection nor duplicate names and ports, and gives every load balancer of a name the same
DNS name for ever, so a record that was not repointed would still look right. This area is therefore kept here in full.
"""

from .area import LoadBalancing
from .endpoint_services import EndpointServices

__all__ = ["EndpointServices", "LoadBalancing"]
