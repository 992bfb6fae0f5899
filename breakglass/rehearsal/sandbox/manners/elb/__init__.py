"""Classic Elastic Load Balancing: load balancers with their listeners, policies and instances.

moto gives a load balancer of a name the same DNS name for ever and in a form that AWS does not use, without a hosted
zone, makes a policy twice, binds policies that are not there, answers 500 for a load balancer that is not there, and
knows nothing of the instances that ECS registers. This area is therefore kept here in full.
"""

from .area import ClassicLoadBalancing

__all__ = ["ClassicLoadBalancing"]
