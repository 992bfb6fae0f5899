"""What CreateService and UpdateService refuse."""

from __future__ import annotations

from collections.abc import Iterator

from breakglass.rehearsal.sandbox.manners.elbv2.state import Balancing
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .creation import SENT_FOR_A_SET


def check_controller(call: Call) -> None:
    """Refuse what the deployment controller that was asked for does not take.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
    """
    given = call.params
    controller = given.get("deploymentController", {}).get("type", "ECS")
    if controller == "ECS":
        return
    if given.get("schedulingStrategy") == "DAEMON":
        raise Refused(
            "InvalidParameterException",
            f"The DAEMON scheduling strategy is not supported with the {controller} deployment controller.",
        )
    rolling = given.get("deploymentConfiguration", {}).keys() - {"maximumPercent", "minimumHealthyPercent"}
    if rolling:
        raise Refused(
            "InvalidParameterException",
            f"{', '.join(sorted(rolling))} can only be used with the ECS deployment controller.",
        )
    if controller == "EXTERNAL" and (decided := [name for name in SENT_FOR_A_SET if name in given]):
        raise Refused(
            "InvalidParameterException",
            f"{', '.join(decided)} cannot be specified for a service that uses an external deployment controller: "
            "create a task set.",
        )
    if controller == "CODE_DEPLOY" and len(given.get("loadBalancers", [])) != 1:
        raise Refused(
            "InvalidParameterException",
            "A service that uses the CODE_DEPLOY deployment controller has to name one load balancer.",
        )


def check_request(call: Call, definition: AwsShape) -> None:
    """Refuse parameters that exclude each other, whatever else there is.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
    """
    given = call.params
    if any(tag["key"].lower().startswith("aws:") for tag in given.get("tags", [])):
        raise Refused("InvalidParameterException", "Tag keys beginning with aws: are reserved.")
    if given.get("launchType") and given.get("capacityProviderStrategy"):
        raise Refused(
            "InvalidParameterException",
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        )
    if given.get("schedulingStrategy") == "DAEMON" and "desiredCount" in given:
        raise Refused(
            "InvalidParameterException",
            "The daemon scheduling strategy does not support a desired count for services. Remove the desired count "
            "value and try again.",
        )
    linked = definition.get("networkMode") == "awsvpc" or given.get("serviceRegistries")
    if given.get("role") and (linked or len(given.get("loadBalancers", [])) != 1):
        raise Refused(
            "InvalidParameterException",
            "You cannot specify an IAM role for services that require a service linked role.",
        )


def check(world: World, call: Call, settings: AwsShape, definition: AwsShape) -> None:
    """Refuse what ECS refuses when it compares a service with its task definition and load balancers.

    "does not have an associated load balancer" comes from a missing listener or rule, not from a missing load
    balancer: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshoot-service-load-balancers.html
    """
    if definition.get("status") == "INACTIVE":
        raise Refused("ClientException", "TaskDefinition is inactive")
    awsvpc = definition.get("networkMode") == "awsvpc"
    if awsvpc and "networkConfiguration" not in settings:
        raise Refused(
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        )
    _check_volumes(settings, definition)
    _check_port_names(settings, definition)
    balancing = world.state(Balancing, call.account, call.region)
    for entry in settings["loadBalancers"]:
        _check_container(entry, definition)
        if arn := entry.get("targetGroupArn"):
            _check_target_group(balancing, arn, awsvpc=awsvpc)
        _check_traffic_shifting(balancing, entry.get("advancedConfiguration", {}))


def _check_volumes(settings: AwsShape, definition: AwsShape) -> None:
    """A volume that is configured at launch, and its configuration, need each other.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-ebs-config.html
    """
    at_launch = {volume["name"] for volume in definition["volumes"] if volume.get("configuredAtLaunch")}
    configured = {volume["name"] for volume in settings.get("volumeConfigurations", [])}
    if at_launch != configured:
        names = ", ".join(sorted(at_launch ^ configured))
        raise Refused("InvalidParameterException", f"Volumes configured at launch do not match: {names}.")


def _check_port_names(settings: AwsShape, definition: AwsShape) -> None:
    """Service Connect, VPC Lattice and gateways name ports by the names of port mappings.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html
    """
    known = {
        mapping.get("name")
        for container in definition["containerDefinitions"]
        for mapping in container.get("portMappings", [])
    }
    for name in _port_names(settings):
        if name not in known:
            raise Refused("InvalidParameterException", f"The portName {name} is not defined in the task definition.")


def _port_names(settings: AwsShape) -> Iterator[str]:
    places = (
        *settings.get("serviceConnectConfiguration", {}).get("services", []),
        *settings.get("vpcLatticeConfigurations", []),
        *settings.get("gatewayConnectors", []),
    )
    return (place["portName"] for place in places)


def _check_container(entry: AwsShape, definition: AwsShape) -> None:
    container = next(
        (item for item in definition["containerDefinitions"] if item["name"] == entry.get("containerName")), None
    )
    if container is None:
        raise Refused(
            "InvalidParameterException",
            f"The container {entry.get('containerName')} does not exist in the task definition.",
        )
    ports = [mapping.get("containerPort") for mapping in container.get("portMappings", [])]
    if entry.get("containerPort") not in ports:
        raise Refused(
            "InvalidParameterException",
            f"The container {entry['containerName']} did not have a container port {entry.get('containerPort')} "
            "defined.",
        )


def _check_target_group(balancing: Balancing, arn: str, *, awsvpc: bool) -> None:
    group = balancing.target_groups.get(arn)
    if group is None:
        raise Refused("InvalidParameterException", f"The specified target group does not exist: {arn}")
    if awsvpc and group.shape["TargetType"] != "ip":
        raise Refused(
            "InvalidParameterException",
            f"The provided target group {arn} has target type {group.shape['TargetType']}, which is incompatible with "
            "the awsvpc network mode specified in the task definition.",
        )
    if not balancing.load_balancers_of(arn):
        raise Refused(
            "InvalidParameterException",
            f"The target group with targetGroupArn {arn} does not have an associated load balancer.",
        )


def _check_traffic_shifting(balancing: Balancing, advanced: AwsShape) -> None:
    """What a blue/green deployment shifts traffic between has to be there.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AdvancedConfiguration.html
    """
    if arn := advanced.get("alternateTargetGroupArn"):
        _check_target_group(balancing, arn, awsvpc=False)
    for field in ("productionListenerRule", "testListenerRule"):
        arn = advanced.get(field)
        if arn and arn not in balancing.rules and arn not in balancing.listeners:
            raise Refused("InvalidParameterException", f"The specified listener rule does not exist: {arn}")
