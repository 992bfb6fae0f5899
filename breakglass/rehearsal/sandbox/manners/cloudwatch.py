"""CloudWatch: composite alarms, which moto does not know, and what an alarm is made of, which moto keeps in part."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from breakglass.rehearsal.sandbox.clock import instant
from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

_PAGE = 100
_IN_RULE = re.compile(r"""\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|'([^']+)'|([^"'()]+?))\s*\)""")


@dataclass
class Watching:
    """Composite alarms by name, their tags by ARN, and the metric alarms as they were put."""

    composite: dict[str, AwsShape] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    put: dict[str, AwsShape] = field(default_factory=dict)


class Alarms:
    """Alarms, metric ones beside moto; metrics and dashboards are moto's."""

    service = "cloudwatch"

    def __init__(self, world: World, moto: MotoBridge) -> None:
        self._world = world
        self._moto = moto

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "PutCompositeAlarm": self._put_composite,
            "PutMetricAlarm": self._put_metric,
            "DescribeAlarms": self._describe,
            "DescribeAlarmsForMetric": self._on_metric,
            "DeleteAlarms": self._delete,
            "ListTagsForResource": self._list_tags,
            "TagResource": self._tag,
        }

    def _put_composite(self, call: Call) -> AwsShape:
        """ValidationError where the rule names alarms that do not exist; tags are taken only where it is made.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html, and for the words
        https://github.com/awsdocs/aws-cloudformation-user-guide/issues/911
        """
        state, name = self._state(call), call.params["AlarmName"]
        known = {alarm["AlarmName"] for alarm in self._metric(call, {})} | state.composite.keys()
        if unknown := [child for child in _children(call.params["AlarmRule"]) if child not in known]:
            raise Refused(
                "ValidationError",
                f"Could not save the composite alarm as alarms {', '.join(unknown)} in the alarm rule do not exist",
            )
        if name in {alarm["AlarmName"] for alarm in self._metric(call, {})}:
            raise Refused("ValidationError", f"A metric alarm by the name {name} exists")
        arn = f"arn:aws:cloudwatch:{call.region}:{call.account}:alarm:{name}"
        now = instant(self._world.clock.now())
        given = {key: value for key, value in call.params.items() if key != "Tags" and value is not None}
        if name not in state.composite:
            state.tags[arn] = {tag["Key"]: tag.get("Value", "") for tag in call.params.get("Tags") or []}
        state.composite[name] = {
            "ActionsEnabled": True,
            "AlarmActions": [],
            "OKActions": [],
            "InsufficientDataActions": [],
            **given,
            "AlarmArn": arn,
            "AlarmConfigurationUpdatedTimestamp": now,
            "StateValue": "OK",
            "StateUpdatedTimestamp": now,
        }
        return {}

    def _put_metric(self, call: Call) -> AwsShape:
        """Overwrites all of an alarm of that name. What moto does not keep of it is kept here.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        """
        answer = self._moto.call(call)
        given = {key: value for key, value in call.params.items() if key != "Tags" and value is not None}
        self._state(call).put[call.params["AlarmName"]] = given
        return answer

    def _describe(self, call: Call) -> AwsShape:
        """Without AlarmTypes no composite ones are shown; ParentsOfAlarmName and ChildrenOfAlarmName stand alone.

        Of parents only name and ARN are told, of children the state as well.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
        """
        params, state = call.params, self._state(call)
        related = [key for key in ("ParentsOfAlarmName", "ChildrenOfAlarmName") if params.get(key)]
        if related:
            if set(params) - {related[0], "MaxRecords", "NextToken"}:
                raise Refused("ValidationError", f"{related[0]} cannot be used with other parameters")
            return self._related(call, related[0])
        types = params.get("AlarmTypes") or ["MetricAlarm"]
        names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix") or ""
        metric = self._metric(call, params) if "MetricAlarm" in types else []
        composite = [
            ("CompositeAlarms", alarm)
            for name, alarm in state.composite.items()
            if "CompositeAlarm" in types
            and (names is None or name in names)
            and name.startswith(prefix)
            and params.get("StateValue") in (None, alarm["StateValue"])
        ]
        every = [*composite, *(("MetricAlarms", alarm) for alarm in metric)]
        shown, token = page(every, params.get("NextToken"), int(params.get("MaxRecords") or _PAGE))
        return {**_by_sort(shown), "NextToken": token}

    def _on_metric(self, call: Call) -> AwsShape:
        """Those of that very metric: its name, namespace and all of its dimensions, in whatever order.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmsForMetric.html
        """
        wanted = _metric_of(call.params)
        return {"MetricAlarms": [alarm for alarm in self._metric(call, {}) if _metric_of(alarm) == wanted]}

    def _related(self, call: Call, how: str) -> AwsShape:
        state, name = self._state(call), call.params[how]
        if how == "ParentsOfAlarmName":
            wanted = {one for one, alarm in state.composite.items() if name in _children(alarm["AlarmRule"])}
            fields = ["AlarmName", "AlarmArn"]
        else:
            wanted = set(_children(state.composite.get(name, {}).get("AlarmRule", "")))
            fields = ["AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp"]
        every = [("CompositeAlarms", alarm) for alarm in state.composite.values()]
        every += [("MetricAlarms", alarm) for alarm in self._metric(call, {})]
        told = [(sort, {key: one[key] for key in fields}) for sort, one in every if one["AlarmName"] in wanted]
        return {**_by_sort(told), "NextToken": None}

    def _delete(self, call: Call) -> AwsShape:
        """Refused where a composite alarm depends on one, or with two composite ones at once; unknown names are none.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html, and for the words
        https://github.com/cloud-custodian/cloud-custodian/issues/7763
        """
        state, names = self._state(call), call.params["AlarmNames"]
        if sum(name in state.composite for name in names) > 1:
            raise Refused("ValidationError", "Only one composite alarm can be deleted at once")
        used = {child for alarm in state.composite.values() for child in _children(alarm["AlarmRule"])}
        if stuck := [name for name in names if name in used]:
            words = "it" if len(stuck) == 1 else "them"
            raise Refused(
                "ValidationError",
                f"Cannot delete {','.join(stuck)} as there are composite alarm(s) depending on {words}.",
            )
        for name in names:
            state.put.pop(name, None)
            if composite := state.composite.pop(name, None):
                state.tags.pop(composite["AlarmArn"], None)
        metric = [alarm["AlarmName"] for alarm in self._metric(call, {"AlarmNames": names})]
        return self._moto.call(call.replaced(AlarmNames=metric)) if metric else {}

    def _list_tags(self, call: Call) -> AwsShape:
        tags = self._state(call).tags.get(call.params["ResourceARN"])
        if tags is None:
            return self._moto.call(call)
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _tag(self, call: Call) -> AwsShape:
        tags = self._state(call).tags.get(call.params["ResourceARN"])
        if tags is None:
            return self._moto.call(call)
        tags.update({tag["Key"]: tag.get("Value", "") for tag in call.params["Tags"]})
        return {}

    def _metric(self, call: Call, params: AwsShape) -> list[AwsShape]:
        """The metric alarms as moto has them, each with what was put."""
        asked = {key: value for key, value in params.items() if key in _MOTOS and value}
        if params.get("AlarmNames") == []:
            return []
        answer = self._moto.call(Call("cloudwatch", "DescribeAlarms", call.account, call.region, asked))
        put = self._state(call).put
        return [{**alarm, **put.get(alarm["AlarmName"], {})} for alarm in answer.get("MetricAlarms", [])]

    def _state(self, call: Call) -> Watching:
        return self._world.state(Watching, call.account, call.region)


_MOTOS = ("AlarmNames", "AlarmNamePrefix", "StateValue", "ActionPrefix")


def _metric_of(told: AwsShape) -> tuple[object, ...]:
    dimensions = sorted((one["Name"], one["Value"]) for one in told.get("Dimensions") or [])
    return told.get("Namespace"), told.get("MetricName"), dimensions


def _children(rule: str) -> list[str]:
    names = ("".join(match.groups("")).strip() for match in _IN_RULE.finditer(rule))
    return [name.rpartition(":alarm:")[2] for name in names]


def _by_sort(alarms: list[tuple[str, AwsShape]]) -> AwsShape:
    found: AwsShape = {"MetricAlarms": [], "CompositeAlarms": []}
    for sort, alarm in alarms:
        found[sort].append(alarm)
    return found
