"""The witness: the whole state of all accounts as one JSON document, so that a test can prove what did not change.

`settled` holds what people configured, keyed by account, region, kind and id: two of them can be compared. `moving`
holds what changes by itself: tasks, target health, rollouts.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends

from .accounts import ACCOUNTS
from .annexes import all_annexes
from .manners import Manners
from .manners.autoscaling import Scaling
from .manners.ecs.creation import OF_A_SET
from .manners.ecs.state import Deployment, Ecs
from .manners.elb.state import ClassicBalancing
from .manners.elbv2.state import Balancing
from .manners.route53.state import Dns
from .seed.caller import Caller
from .state import GLOBAL, AwsShape, World

_ALARM_REGION = "us-east-1"
_ALARM_MOVES = {"StateUpdatedTimestamp", "AlarmConfigurationUpdatedTimestamp", "StateTransitionedTimestamp",
                "StateValue", "StateReason", "StateReasonData"}  # fmt: skip


class Witness:
    """Describes a world."""

    def __init__(self, world: World, manners: Manners) -> None:
        self._world = world
        self._manners = manners

    def document(self) -> AwsShape:
        """Everything there is, now."""
        settled: AwsShape = {account.id: {} for account in ACCOUNTS}
        moving: AwsShape = {account.id: {} for account in ACCOUNTS}
        for region, account in {(region, account) for account, region, _ in self._world.states(Ecs)}:
            self._manners.scheduler.settle(account, region)
            settled[account][region] = self._regional(account, region)
            moving[account][region] = self._moving(account, region)
        for account_id, kinds in settled.items():
            alarms = self._alarms(Caller(self._manners, account_id, _ALARM_REGION))
            kinds.setdefault(_ALARM_REGION, {})["alarm"] = alarms
            kinds["global"] = self._global(account_id)
        document: AwsShape = _as_json({"at": self._world.clock.now(), "settled": settled, "moving": moving})
        return document

    def _regional(self, account: str, region: str) -> AwsShape:
        call = Caller(self._manners, account, region)
        return {
            **_containers(self._world.state(Ecs, account, region)),
            **_balancing(self._world.state(Balancing, account, region)),
            **_classic(self._world.state(ClassicBalancing, account, region)),
            **_scaling(self._world.state(Scaling, account, region)),
            **_discovery(call),
            **{kind: told for annex in all_annexes() for kind, told in annex.witness(account, region).items()},
            "alarm": self._alarms(call),
            "item": _items(account, region),
            "security-group": _security_groups(account, region),
        }

    def _alarms(self, call: Caller) -> AwsShape:
        told = call("cloudwatch", "DescribeAlarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=100_000)
        alarms = [*told.get("MetricAlarms", []), *told.get("CompositeAlarms", [])]
        return {
            alarm["AlarmName"]: {
                **{key: value for key, value in alarm.items() if key not in _ALARM_MOVES},
                "tags": call("cloudwatch", "ListTagsForResource", ResourceARN=alarm["AlarmArn"]).get("Tags", []),
            }
            for alarm in alarms
        }

    def _global(self, account: str) -> AwsShape:
        dns = self._world.state(Dns, account, GLOBAL)
        call = Caller(self._manners, account, "us-east-1")
        return {
            "record-set": {
                f"{zone} {record['Name']} {record['Type']} {record.get('SetIdentifier', '-')}": record
                for zone, records in dns.record_sets.items()
                for record in records.values()
            },
            "health-check": {
                check_id: {**check.shape, "tags": dns.tags.get(("healthcheck", check_id), {})}
                for check_id, check in dns.health_checks.items()
            },
            "hosted-zone": {zone["Id"]: zone["Name"] for zone in call("route53", "ListHostedZones")["HostedZones"]},
            "role": {role["RoleName"]: role["Arn"] for role in call("iam", "ListRoles")["Roles"]},
        }

    def _moving(self, account: str, region: str) -> AwsShape:
        now = self._world.clock.now()
        ecs = self._world.state(Ecs, account, region)
        balancing = self._world.state(Balancing, account, region)
        return {
            "task": {task.id: {"group": task.group, "status": task.status(now)} for task in ecs.tasks()},
            "rollout": {
                f"{cluster}/{name}": [[item.id, item.status, item.rollout] for item in service.rollouts]
                for (cluster, name), service in ecs.services.items()
            },
            "target": {
                arn: [[t.id, t.port, t.deregistered_at is None] for t in group.targets]
                for arn, group in balancing.target_groups.items()
            },
        }


def _containers(ecs: Ecs) -> AwsShape:
    return {
        "ecs-service": {
            f"{cluster}/{name}": {
                **service.settings,
                "serviceArn": service.arn,
                "status": service.status,
                "desiredCount": service.desired,
                "createdAt": service.created_at,
                "tags": service.tags,
                **({"taskSets": [_task_set(one) for one in service.sets]} if service.in_sets else {}),
            }
            for (cluster, name), service in ecs.services.items()
        },
        "task-definition": {
            item["taskDefinitionArn"]: {**item, "tags": ecs.definition_tags[item["taskDefinitionArn"]]}
            for revisions in ecs.definitions.values()
            for item in revisions.values()
        },
    }


def _task_set(one: Deployment) -> AwsShape:
    return {
        **{name: one.settings[name] for name in OF_A_SET if name in one.settings},
        "status": one.status,
        "scale": one.scale,
        "externalId": one.external_id,
        "tags": one.tags,
    }


def _balancing(state: Balancing) -> AwsShape:
    return {
        "load-balancer": {
            arn: {**item.shape, "attributes": item.attributes, "tags": state.tags.get(arn, {})}
            for arn, item in state.load_balancers.items()
        },
        "listener": {
            arn: {
                **item.shape,
                "attributes": item.attributes,
                "certificates": item.certificates,
                "tags": state.tags.get(arn, {}),
            }
            for arn, item in state.listeners.items()
        },
        "listener-rule": {arn: {**item, "tags": state.tags.get(arn, {})} for arn, item in state.rules.items()},
        "target-group": {
            arn: {
                **item.shape,
                "attributes": item.attributes,
                "tags": state.tags.get(arn, {}),
                "LoadBalancerArns": state.load_balancers_of(arn),
            }
            for arn, item in state.target_groups.items()
        },
    }


def _classic(state: ClassicBalancing) -> AwsShape:
    return {
        "classic-load-balancer": {
            name: {
                **item.shape,
                "attributes": item.attributes,
                "policies": item.policies,
                "tags": item.tags,
            }
            for name, item in state.load_balancers.items()
        }
    }


def _scaling(state: Scaling) -> AwsShape:
    return {
        "scalable-target": {
            " ".join(key): {**item, "tags": state.tags.get(item["ScalableTargetARN"], {})}
            for key, item in state.targets.items()
        },
        "scaling-policy": {f"{' '.join(key)} {name}": item for (key, name), item in state.policies.items()},
        "scheduled-action": {f"{' '.join(key)} {name}": item for (key, name), item in state.schedules.items()},
    }


def _discovery(call: Caller) -> AwsShape:
    services = call("servicediscovery", "ListServices").get("Services", [])
    return {
        "discovery-service": {
            service["Id"]: {
                **service,
                "instances": call("servicediscovery", "ListInstances", ServiceId=service["Id"]).get("Instances", []),
            }
            for service in services
        }
    }


def _items(account: str, region: str) -> AwsShape:
    tables = dynamodb_backends[account][region].tables
    return {
        f"{name} {item.hash_key.value}": {key: value.to_json() for key, value in item.attrs.items()}
        for name, table in tables.items()
        for item in table.all_items()
    }


def _security_groups(account: str, region: str) -> AwsShape:
    groups = ec2_backends[account][region].describe_security_groups()
    return {
        group.id: {
            "name": group.name,
            "vpc": group.vpc_id,
            "ingress": sorted(rule.id for rule in group.ingress_rules),
            "egress": sorted(rule.id for rule in group.egress_rules),
        }
        for group in groups
    }


def _as_json(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _as_json(value[key]) for key in sorted(value, key=str)}
        case set() | frozenset():
            return sorted(map(_as_json, value))
        case list() | tuple():
            return [_as_json(item) for item in value]
        case datetime():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case str() | int() | float() | None:
            return value
    return str(value)
