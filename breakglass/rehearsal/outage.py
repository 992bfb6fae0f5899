"""The outage that this project comes from, played in the sandbox.

2016-09-05, 09:27 UTC: the production deployer-api was deleted in the belief that it was staging. The ECS service
is only one component; what is left of it keeps the deployer from deploying it again.
"""

from dataclasses import dataclass

import boto3

from breakglass.errors import UsageError
from breakglass.rehearsal.sandbox import Sandbox
from breakglass.rehearsal.sandbox.accounts import PRODUCTION, REGION

CLUSTER = "wonderland"
UNTIL_IT_IS_GONE = 900.0
"""Seconds, by the sandbox's clock, after which nothing of a deleted service drains any more."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What a pager shows."""

    title: str
    lines: tuple[str, ...]


def play(sandbox: Sandbox, service: str) -> Alert:
    """Delete the production service, as it happened, and let its tasks stop.

    Raises `UsageError` where the sandbox has no such service.
    """
    ecs = boto3.client(
        "ecs",
        region_name=REGION,
        endpoint_url=sandbox.url,
        aws_access_key_id=PRODUCTION.access_key,
        aws_secret_access_key=PRODUCTION.secret_key,
        aws_session_token=PRODUCTION.session_token,
    )
    names = [arn.rpartition("/")[2] for arn in ecs.list_services(cluster=CLUSTER)["serviceArns"]]
    if service not in names:
        raise UsageError(f"The sandbox has no service {service}.", hint=f"It has {', '.join(sorted(names))}.")
    ecs.delete_service(cluster=CLUSTER, service=service, force=True)
    sandbox.control.advance(UNTIL_IT_IS_GONE)
    return Alert(
        f"DOWN  {service} is not answering",
        (
            f"https://{service}.example.com/health: 503 from 3 of 3 locations, for 2 min",
            "Deployments, status and `wl delete` fail: all of them go through this API.",
            f"Last seen in #ops: 'cleaned up the broken {service} in staging'.",
        ),
    )
