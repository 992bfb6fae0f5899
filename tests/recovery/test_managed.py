"""What a CloudFormation stack manages: kept unless said otherwise, and its owners are not forgotten."""

import pytest

from breakglass.model.lead import Key
from breakglass.planning.removal import Choice
from breakglass.running.recovery import prepare_rebuild, prepare_removal
from tests.recovery.test_journeys import run

GROUP, BALANCER = Key("target-group", "image-api"), Key("load-balancer", "image-api")


@pytest.fixture
def stacked(aws, world):
    """The target group of `image-api` is a stack's; others are another tool's."""
    elbv2 = aws("elbv2")
    arn = world.group("image-api")["TargetGroupArn"]
    elbv2.add_tags(ResourceArns=[arn], Tags=[{"Key": "aws:cloudformation:stack-name", "Value": "web"}])
    arn = world.balancer("image-api")["LoadBalancerArn"]
    elbv2.add_tags(ResourceArns=[arn], Tags=[{"Key": "managed-by", "Value": "terraform"}])


def test_it_is_kept_with_the_stacks_name(stacked, bench_of):
    plan = prepare_removal(bench_of("image-api"), Choice()).plan
    why = {one.component: one.why for one in plan.kept}
    assert "CloudFormation stack web" in why[GROUP]
    assert "--managed" in why[GROUP]
    assert BALANCER in {step.component for step in plan.steps}


def test_it_is_removed_when_that_is_asked_for_and_made_again_with_a_word(
    sandbox, stacked, bench_of, permit_for, writer_for, aws, world
):
    bench = bench_of("image-api")
    removal = prepare_removal(bench, Choice(managed=True))
    assert GROUP in {step.component for step in removal.plan.steps}
    run(bench, removal, permit_for, writer_for)
    rebuild = prepare_rebuild(bench, Choice(), named=removal.plan.run)
    assert [loss.component for loss in rebuild.plan.lost if "stack web" in loss.what] == [GROUP]
    sent = [tag["Key"] for call in rebuild.plan.calls for tag in call.params.get("Tags", []) if "Key" in tag]
    assert sent
    assert not [key for key in sent if key.startswith("aws:")]
    run(bench, rebuild, permit_for, writer_for)
    arn = world.group("image-api")["TargetGroupArn"]
    (tags,) = aws("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"]
    assert "aws:cloudformation:stack-name" not in {tag["Key"] for tag in tags["Tags"]}
