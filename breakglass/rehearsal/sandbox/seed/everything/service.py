"""The whole of it, in the order in which its deployer would make it."""

from __future__ import annotations

import hashlib

from breakglass.rehearsal.sandbox.seed.blueprint import Blueprint
from breakglass.rehearsal.sandbox.seed.ground import CLUSTER, TABLE, Ground
from breakglass.rehearsal.sandbox.state import AwsShape

from .entrances import Entrances, make_entrances
from .names import make_checks, make_records
from .runtime import make_runtime
from .watching import make_scaling, watch, watch_check

NAME = "looking-glass-api"
OWNER = "spiegelsaal"


def plant_everything(ground: Ground) -> None:
    """Make it in an account whose ground is laid. Its tasks run and its targets are healthy two minutes later."""
    blueprint = Blueprint(NAME, OWNER, balancer=NAME, desired=3, revisions=(6,))
    entrances = make_entrances(ground, blueprint)
    definition = make_runtime(ground, blueprint, entrances)
    policy = make_scaling(ground, blueprint, entrances)
    alarms = watch(ground, blueprint, entrances, policy)
    checks = make_checks(ground, blueprint, entrances, alarms)
    watch_check(ground, blueprint, checks["name"])
    make_records(ground, blueprint, entrances, checks)
    ground.call("dynamodb", "PutItem", TableName=TABLE, Item=_entry(blueprint, entrances, definition, checks["name"]))


def _entry(blueprint: Blueprint, entrances: Entrances, definition: str, check: str) -> AwsShape:
    """Lists of strings, a set, binary, an empty map: whatever DynamoDB can hold comes back as it was."""
    balancers = (entrances.application["LoadBalancerArn"], entrances.network["LoadBalancerArn"], entrances.classic)
    return {
        "name": {"S": blueprint.name},
        "owner": {"S": blueprint.owner},
        "ecs": {
            "M": {
                "cluster": {"S": CLUSTER},
                "service": {"S": blueprint.name},
                "taskDefinition": {"S": definition},
            }
        },
        "loadBalancer": {"L": [{"S": one} for one in balancers]},
        "targetGroups": {"L": [{"S": arn} for arn in entrances.groups.values()]},
        "cname": {"L": [{"S": f"{label}{blueprint.host}"} for label in ("", "old.", "net.", "*.")]},
        "healthCheckId": {"S": check},
        "weights": {"NS": ["10", "90"]},
        "digest": {"B": hashlib.sha256(definition.encode()).digest()},
        "notes": {"M": {}},
        "retired": {"NULL": True},
    }
