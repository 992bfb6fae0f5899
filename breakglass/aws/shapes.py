"""Planned calls held against botocore's own models, without credentials and without sending anything.

The models are those that the SDK serialises by, so that what passes here is not refused on its way out. They
know required members, types, and the smallest lengths and numbers; the largest ones, patterns and enumerations
AWS alone judges. https://botocore.amazonaws.com/v1/documentation/api/latest/
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from breakglass.aws.fast import lean_loader
from breakglass.model.plan import Call, Output, filled

_VALUE_IN_REPORT = re.compile(r", value: .*?, type: (?=<class )", re.DOTALL)
_CHOICES_IN_REPORT = re.compile(r", must be one of: [\w, :*-]*")


class Shapes:
    """botocore's service models, each loaded when first asked for."""

    def __init__(self, loader: Loader | None = None) -> None:
        self._loader = loader or lean_loader()
        self._services: dict[str, ServiceModel] = {}

    def check(self, call: Call, fill: Callable[[Output], str]) -> tuple[str, ...]:
        """What is wrong with a planned call, a sentence each; `fill` gives what is not known yet (`stand_in`)."""
        try:
            return self.problems(call.service, call.operation, filled(call.params, fill))
        except ValueError as error:
            return (str(error),)

    def problems(self, service: str, operation: str, params: Mapping[str, Any]) -> tuple[str, ...]:
        """What the SDK would refuse in parameters that hold nothing but values. Never quotes a value.

        Raises `ValueError` where there is no such service or operation.
        """
        shape = self._operation(service, operation).input_shape
        if shape is None:
            return tuple(f'Unknown parameter in input: "{name}"' for name in params)
        report = ParamValidator().validate(params, shape).generate_report()
        said = _CHOICES_IN_REPORT.sub("", _VALUE_IN_REPORT.sub(", type: ", report))
        return tuple(line for line in said.splitlines() if line)

    def unknown_members(self, service: str, operation: str, params: Mapping[str, Any]) -> tuple[str, ...]:
        """Paths (`loadBalancers[0].newField`) of what the operation's input shape does not know, however deep.

        What AWS tells and this version of the SDK cannot send back: planning drops it and says that it is lost.
        Raises `ValueError` where there is no such service or operation.
        """
        shape = self._operation(service, operation).input_shape
        return tuple(_unknown(params, shape, "") if shape else params)

    def example(self, service: str, operation: str) -> dict[str, Any]:
        """A made-up answer with every member of the operation's output shape, lists holding one item each.

        Raises `ValueError` where there is no such service or operation.
        """
        shape = self._operation(service, operation).output_shape
        made: dict[str, Any] = _example(shape, ()) if shape else {}
        return made

    def _operation(self, service: str, operation: str) -> OperationModel:
        if service not in self._services:
            try:
                model = self._loader.load_service_model(service, "service-2")
            except UnknownServiceError as error:
                raise ValueError(f"There is no service {service}") from error
            self._services[service] = ServiceModel(model, service_name=service)
        if operation not in self._services[service].operation_names:
            raise ValueError(f"{service} has no operation {operation}")
        return self._services[service].operation_model(operation)


def stand_in(output: Output, account: str, region: str) -> str:
    """What an output could be once it is known, in the right form: for checking a plan and for rehearsing it.

    `account` and `region` are those of the plan. Recognisable by the zeros in place of AWS's random parts.
    """
    template = _STAND_INS.get(output.field, "{field}-of-{name}")
    name, _, rest = output.component.id.partition(":")
    return template.format(name=name, rest=rest, field=output.field, account=account, region=region)


_ELB_ARN = "arn:aws:elasticloadbalancing:{region}:{account}"
_ZEROS = "0000000000000000"
_STAND_INS = {
    "Arn": "arn:aws:servicediscovery:{region}:{account}:service/srv-0000000000000000",
    "AlarmArn": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "CanonicalHostedZoneId": "Z00000000000000000000",
    "CanonicalHostedZoneNameID": "Z00000000000000000000",
    "DNSName": "{name}-0000000000.{region}.elb.amazonaws.com",
    "Id": "00000000-0000-0000-0000-000000000000",
    "ListenerArn": f"{_ELB_ARN}:listener/app/{{name}}/{_ZEROS}/{_ZEROS}",
    "LoadBalancerArn": f"{_ELB_ARN}:loadbalancer/app/{{name}}/{_ZEROS}",
    "PolicyARN": "arn:aws:autoscaling:{region}:{account}:scalingPolicy:00000000-0000-0000-0000-000000000000",
    "RuleArn": f"{_ELB_ARN}:listener-rule/app/{{name}}/{_ZEROS}/{_ZEROS}/{_ZEROS}",
    "TargetGroupArn": f"{_ELB_ARN}:targetgroup/{{name}}/{_ZEROS}",
    "serviceArn": "arn:aws:ecs:{region}:{account}:service/{name}",
    "taskDefinitionArn": "arn:aws:ecs:{region}:{account}:task-definition/{name}:{rest}",
}


def _unknown(value: Any, shape: Shape, path: str) -> Iterator[str]:
    match shape, value:
        case StructureShape(), Mapping():
            for name, item in value.items():
                below = f"{path}.{name}".lstrip(".")
                if name in shape.members:
                    yield from _unknown(item, shape.members[name], below)
                elif not shape.is_document_type:
                    yield below
        case ListShape(), list() | tuple():
            for at, item in enumerate(value):
                yield from _unknown(item, shape.member, f"{path}[{at}]")
        case MapShape(), Mapping():
            for name, item in value.items():
                yield from _unknown(item, shape.value, f"{path}.{name}")
        case _:
            return


def _example(shape: Shape, above: tuple[str, ...]) -> Any:
    if shape.name in above:
        return {} if isinstance(shape, StructureShape) else []
    inside = (*above, shape.name)
    match shape:
        case StructureShape():
            members = list(shape.members.items())[: 1 if shape.is_tagged_union else None]
            return {name: _example(member, inside) for name, member in members}
        case ListShape():
            return [_example(shape.member, inside)]
        case MapShape():
            return {_example(shape.key, inside): _example(shape.value, inside)}
        case StringShape():
            return shape.enum[0] if shape.enum else "x" * max(1, shape.metadata.get("min", 1))
        case _:
            return _SCALARS[shape.type_name](shape.metadata.get("min", 0))


_SCALARS: Mapping[str, Callable[[float], Any]] = {
    "blob": lambda _: b"",
    "boolean": lambda _: False,
    "double": float,
    "float": float,
    "integer": int,
    "long": int,
    "timestamp": lambda _: datetime.fromtimestamp(0, UTC),
}
