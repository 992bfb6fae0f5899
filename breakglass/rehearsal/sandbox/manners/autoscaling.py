"""Application Auto Scaling: scalable targets with their policies and scheduled actions.

moto keeps policies and schedules when their target is deregistered, and finds every policy whose resource id is a part
of the one asked for, so `deployer-api-canary` would also find those of `deployer-api`.
"""

from __future__ import annotations

import copy
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .ecs.state import Ecs
from .target_tracking import make_alarms

Key = tuple[str, str, str]
"""Service namespace, resource id, scalable dimension."""

_SERVICE_ROLE = (
    "role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
)
_NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


@dataclass
class Scaling:
    """Application Auto Scaling in one account and region."""

    targets: dict[Key, AwsShape] = field(default_factory=dict)
    policies: dict[tuple[Key, str], AwsShape] = field(default_factory=dict)
    schedules: dict[tuple[Key, str], AwsShape] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)


class Autoscaling:
    """Application Auto Scaling as AWS answers it."""

    service = "application-autoscaling"

    def __init__(self, world: World, moto: MotoBridge) -> None:
        self._world = world
        self._moto = moto

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "RegisterScalableTarget": self._register,
            "DescribeScalableTargets": self._describe_targets,
            "DeregisterScalableTarget": self._deregister,
            "PutScalingPolicy": self._put_policy,
            "DescribeScalingPolicies": self._describe_policies,
            "DeleteScalingPolicy": self._delete_policy,
            "PutScheduledAction": self._put_schedule,
            "DescribeScheduledActions": self._describe_schedules,
            "DeleteScheduledAction": self._delete_schedule,
            "DescribeScalingActivities": lambda _: {"ScalingActivities": []},
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._list_tags,
        }

    def _register(self, call: Call) -> AwsShape:
        """Registers a target, or changes the fields that are sent; SuspendedState is kept.

        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
        """
        scaling, key = self._state(call), _key(call)
        existing = scaling.targets.get(key)
        if existing is None:
            self._must_scale(call, key)
            arn = (
                f"arn:aws:application-autoscaling:{call.region}:{call.account}:scalable-target/{secrets.token_hex(16)}"
            )
            existing = scaling.targets[key] = {
                "ServiceNamespace": key[0],
                "ResourceId": key[1],
                "ScalableDimension": key[2],
                "RoleARN": f"arn:aws:iam::{call.account}:{_SERVICE_ROLE}",
                "CreationTime": self._world.clock.moment(),
                "SuspendedState": dict(_NOT_SUSPENDED),
                "ScalableTargetARN": arn,
            }
            scaling.tags[arn] = dict(call.params.get("Tags") or {})
        for field_name in ("MinCapacity", "MaxCapacity", "RoleARN"):
            if call.params.get(field_name) is not None:
                existing[field_name] = call.params[field_name]
        existing["SuspendedState"].update(call.params.get("SuspendedState") or {})
        return {"ScalableTargetARN": existing["ScalableTargetARN"]}

    def _must_scale(self, call: Call, key: Key) -> None:
        for required in ("MinCapacity", "MaxCapacity"):
            if call.params.get(required) is None:
                raise Refused("ValidationException", f"{required} is required to register a new scalable target.")
        if key[0] != "ecs":
            return
        _, cluster, name = key[1].split("/")
        service = self._world.state(Ecs, call.account, call.region).services.get((cluster, name))
        if service is None or service.status != "ACTIVE":
            raise Refused("ValidationException", f"ECS service doesn't exist: {key[1]}")

    def _describe_targets(self, call: Call) -> AwsShape:
        ids, dimension = call.params.get("ResourceIds"), call.params.get("ScalableDimension")
        chosen = [
            copy.deepcopy(target)
            for (namespace, resource, of), target in self._state(call).targets.items()
            if namespace == call.params["ServiceNamespace"] and (not ids or resource in ids) and dimension in (None, of)
        ]
        return _paged(call, "ScalableTargets", chosen, 50)

    def _deregister(self, call: Call) -> AwsShape:
        """Deletes the target's scaling policies and scheduled actions too.

        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
        """
        scaling, key = self._state(call), _key(call)
        self._must_exist(scaling, key)
        for owner, name in [entry for entry in scaling.policies if entry[0] == key]:
            self._drop_policy(call, scaling, (owner, name))
        for entry in [entry for entry in scaling.schedules if entry[0] == key]:
            del scaling.schedules[entry]
        scaling.tags.pop(scaling.targets.pop(key)["ScalableTargetARN"], None)
        return {}

    def _put_policy(self, call: Call) -> AwsShape:
        """A target-tracking policy brings two alarms of its own, which AWS makes and deletes itself.

        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
        """
        scaling, key = self._state(call), _key(call)
        self._must_exist(scaling, key)
        name = call.params["PolicyName"]
        policy = scaling.policies.get((key, name))
        if policy is None:
            policy = scaling.policies[key, name] = {
                "PolicyARN": self._arn(call, "scalingPolicy", key, "policyName", name),
                "PolicyName": name,
                "CreationTime": self._world.clock.moment(),
                "Alarms": [],
            }
        policy.update(copy.deepcopy(call.params))
        policy.setdefault("PolicyType", "StepScaling")
        if policy["PolicyType"] == "TargetTrackingScaling" and not policy["Alarms"]:
            policy["Alarms"] = make_alarms(self._moto, call, policy)
        return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}

    def _describe_policies(self, call: Call) -> AwsShape:
        """Found by the whole resource id, ten a page. A step policy's alarms are those that call it.

        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingPolicies.html
        """
        names = call.params.get("PolicyNames")
        chosen = self._matching(call, self._state(call).policies, names)
        for policy in chosen:
            if policy["PolicyType"] == "StepScaling":
                policy["Alarms"] = self._calling(call, policy["PolicyARN"])
        return _paged(call, "ScalingPolicies", chosen, 10)

    def _calling(self, call: Call, policy: str) -> list[AwsShape]:
        told = self._moto.call(Call("cloudwatch", "DescribeAlarms", call.account, call.region, {"MaxRecords": 100}))
        calling = [alarm for alarm in told["MetricAlarms"] if policy in alarm.get("AlarmActions", [])]
        return [{"AlarmName": alarm["AlarmName"], "AlarmARN": alarm["AlarmArn"]} for alarm in calling]

    def _delete_policy(self, call: Call) -> AwsShape:
        scaling, entry = self._state(call), (_key(call), call.params["PolicyName"])
        if entry not in scaling.policies:
            raise Refused("ObjectNotFoundException", f"No scaling policy found for {_spelled(entry[0])}")
        self._drop_policy(call, scaling, entry)
        return {}

    def _put_schedule(self, call: Call) -> AwsShape:
        scaling, key = self._state(call), _key(call)
        self._must_exist(scaling, key)
        name = call.params["ScheduledActionName"]
        action = scaling.schedules.setdefault(
            (key, name),
            {
                "ScheduledActionARN": self._arn(call, "scheduledAction", key, "scheduledActionName", name),
                "CreationTime": self._world.clock.moment(),
            },
        )
        action.update(copy.deepcopy(call.params))
        return {}

    def _describe_schedules(self, call: Call) -> AwsShape:
        names = call.params.get("ScheduledActionNames")
        return _paged(call, "ScheduledActions", self._matching(call, self._state(call).schedules, names), 50)

    def _delete_schedule(self, call: Call) -> AwsShape:
        scaling, entry = self._state(call), (_key(call), call.params["ScheduledActionName"])
        if entry not in scaling.schedules:
            raise Refused("ObjectNotFoundException", f"No scheduled action found for {_spelled(entry[0])}")
        del scaling.schedules[entry]
        return {}

    def _tag(self, call: Call) -> AwsShape:
        self._tags(call).update(call.params["Tags"])
        return {}

    def _untag(self, call: Call) -> AwsShape:
        for key in call.params["TagKeys"]:
            self._tags(call).pop(key, None)
        return {}

    def _list_tags(self, call: Call) -> AwsShape:
        return {"Tags": dict(self._tags(call))}

    def _tags(self, call: Call) -> dict[str, str]:
        arn = call.params["ResourceARN"]
        try:
            return self._state(call).tags[arn]
        except KeyError:
            raise Refused("ResourceNotFoundException", f"The resource '{arn}' does not exist.") from None

    def _drop_policy(self, call: Call, scaling: Scaling, entry: tuple[Key, str]) -> None:
        names = [alarm["AlarmName"] for alarm in scaling.policies.pop(entry)["Alarms"]]
        if names:
            self._moto.call(Call("cloudwatch", "DeleteAlarms", call.account, call.region, {"AlarmNames": names}))

    def _matching(
        self, call: Call, kept: Mapping[tuple[Key, str], AwsShape], names: list[str] | None
    ) -> list[AwsShape]:
        resource, dimension = call.params.get("ResourceId"), call.params.get("ScalableDimension")
        return [
            copy.deepcopy(item)
            for ((namespace, owner, of), name), item in kept.items()
            if namespace == call.params["ServiceNamespace"]
            and resource in (None, owner)
            and dimension in (None, of)
            and (not names or name in names)
        ]

    def _must_exist(self, scaling: Scaling, key: Key) -> None:
        if key not in scaling.targets:
            raise Refused("ObjectNotFoundException", f"No scalable target registered for {_spelled(key)}")

    def _arn(self, call: Call, kind: str, key: Key, label: str, name: str) -> str:
        return (
            f"arn:aws:autoscaling:{call.region}:{call.account}:{kind}:{uuid.uuid4()}:resource/{key[0]}/{key[1]}:"
            f"{label}/{name}"
        )

    def _state(self, call: Call) -> Scaling:
        return self._world.state(Scaling, call.account, call.region)


def _key(call: Call) -> Key:
    return call.params["ServiceNamespace"], call.params["ResourceId"], call.params["ScalableDimension"]


def _spelled(key: Key) -> str:
    return f"service namespace: {key[0]}, resource ID: {key[1]}, scalable dimension: {key[2]}"


def _paged(call: Call, name: str, items: list[AwsShape], most: int) -> AwsShape:
    shown, token = page(items, call.params.get("NextToken"), min(int(call.params.get("MaxResults") or most), most))
    return {name: shown, "NextToken": token}
