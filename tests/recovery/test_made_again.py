"""What was made again under another ARN or id: whoever names the old one is led to the new one, and nobody else."""

import pytest

from breakglass.model.inventory import Health
from breakglass.planning.removal import Choice
from breakglass.running.progress import Outcome
from breakglass.running.recovery import carry_out, open_run, prepare_rebuild, save_snapshot
from breakglass.running.tools import Operator
from tests.recovery.worlds import differences


@pytest.fixture
def carried_out(bench_of, permit_for, writer_for):
    """`carried_out(bench)`: the plan of a rebuild and how it ended."""

    def go(bench, choice=Choice()):
        prepared = prepare_rebuild(bench, choice)
        assert prepared.plan.blockers == ()
        folder = open_run(bench, prepared)
        entries = list(carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator()))
        return prepared.plan, entries[-1].detail["outcome"]

    return go


def made_again(aws, listener):
    """The listener deleted and made again by somebody else, without the rules that were on it."""
    tagged = aws("elbv2").describe_tags(ResourceArns=[listener["ListenerArn"]])["TagDescriptions"][0]["Tags"]
    aws("elbv2").delete_listener(ListenerArn=listener["ListenerArn"])
    kept = ("LoadBalancerArn", "Port", "Protocol", "Certificates", "SslPolicy", "DefaultActions")
    settings = {name: listener[name] for name in kept if name in listener}
    return aws("elbv2").create_listener(**settings, Tags=tagged)["Listeners"][0]


def test_a_rule_is_made_on_the_listener_that_somebody_else_made_again(
    sandbox, bench_of, carried_out, aws, world
):
    """A shared listener, of which nothing of this service is left: its ARN is another one now."""
    before = sandbox.control.world()["settled"]
    benches = [bench_of("billing-api"), bench_of("deployer-api"), bench_of("deployer-api-canary")]
    for bench in benches:
        save_snapshot(bench)
    new = made_again(aws, world.listener())
    for bench in benches:
        plan, outcome = carried_out(bench)
        (call,) = plan.calls
        assert call.params["ListenerArn"] == new["ListenerArn"]
        assert outcome is Outcome.RECOVERED
    assert bench.look().diagnosis.state is Health.HEALTHY
    assert differences(before, sandbox.control.world()["settled"]) == []
