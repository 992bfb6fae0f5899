"""Which component a tagged thing's ARN names."""

import pytest

from breakglass.kinds import all_kinds
from breakglass.model.lead import Source
from breakglass.model.tagged import tagged_leads as leads_of

E = "arn:aws:elasticloadbalancing:eu-west-1:111122223333"
ECS = "arn:aws:ecs:eu-west-1:111122223333"


def tagged_leads(arns, detail):
    return leads_of(arns, detail, list(all_kinds().values()))


@pytest.mark.parametrize(
    ("arn", "kind", "id_or_none"),
    [
        (f"{ECS}:service/wonderland/api", "ecs-service", "wonderland/api"),
        (f"{ECS}:task-definition/api:7", "task-definition", "api:7"),
        (f"{E}:loadbalancer/app/api/0123456789abcdef", "load-balancer", "api"),
        (f"{E}:loadbalancer/net/api/0123456789abcdef", "load-balancer", "api"),
        (f"{E}:loadbalancer/api", "classic-load-balancer", "api"),
        (f"{E}:targetgroup/api/0123456789abcdef", "target-group", "api"),
        (f"{E}:listener/app/api/0123456789abcdef/0123456789abcdef", "listener", None),
        (f"{E}:listener-rule/app/api/0123456789abcdef/0123456789abcdef/0123456789abcdef", "listener-rule", None),
        ("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:api-5xx", "alarm", "api-5xx"),
        ("arn:aws:servicediscovery:eu-west-1:111122223333:service/srv-1", "discovery-service", ...),
        ("arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1", "security-group", "sg-1"),
        ("arn:aws:route53:::healthcheck/3f2b", "health-check", "3f2b"),
    ],
)
def test_an_arn_says_what_it_names(arn, kind, id_or_none):
    (lead,) = tagged_leads([arn, arn], "service = api")
    assert (lead.kind, lead.source) == (kind, Source.TAG)
    if id_or_none is not ...:
        assert all_kinds()[kind].identify(lead.ref, lead.within) == id_or_none


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:s3:::bucket",
        f"{ECS}:task/wonderland/0123",
        f"{ECS}:cluster/wonderland",
        "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
        "arn:aws:route53:::hostedzone/Z1",
        "no arn",
        "",
    ],
)
def test_what_is_no_component_is_no_lead(arn):
    assert tagged_leads([arn], "x") == []


def test_revisions_are_tagged_alike_and_only_the_newest_counts():
    arns = [f"{ECS}:task-definition/api:{number}" for number in (9, 10, 2)] + [f"{ECS}:task-definition/web:1"]
    assert [lead.ref for lead in tagged_leads(arns, "x")] == [arns[1], arns[3]]
    service = f"{ECS}:service/wonderland/api"
    assert [lead.ref for lead in tagged_leads([*arns, service], "x")] == [service]
