"""Two services of one name in two clusters: nothing is done before one is named."""

import json


def test_nothing_is_removed_before_a_cluster_is_named(night):
    """Configuration and state entry name different ones, and both are there."""
    ecs = night.aws("ecs")
    ecs.create_cluster(clusterName="looking-glass")
    like = ecs.describe_services(cluster="wonderland", services=["billing-api"])["services"][0]
    kept = {name: like[name] for name in ("taskDefinition", "launchType", "networkConfiguration")}
    ecs.create_service(cluster="looking-glass", serviceName="billing-api", desiredCount=1, **kept)
    night.control.advance(60)
    night.control.clear_calls()
    config = night.folder / "own.toml"
    common = (night.sandbox.folder / "breakglass.toml").read_text()
    config.write_text(common + '\n[services.billing-api]\necs = { cluster = "looking-glass" }\n')
    ended = night.run("remove", "billing-api", "--config", str(config), "--dry-run", "-o", "json")
    assert ended.returncode == 9, ended.stderr
    (blocker,) = json.loads(ended.stdout)["blockers"]
    assert "looking-glass/billing-api" in blocker["message"]
    assert "wonderland/billing-api" in blocker["message"]
    assert "--cluster wonderland" in blocker["hint"]
    ecs.delete_service(cluster="wonderland", service="billing-api", force=True)
    night.control.advance(600)
    named = night.run("inventory", "billing-api", "--config", str(config), "--cluster", "wonderland", "-o", "json")
    assert named.returncode == 0, named.stderr
    inventory = json.loads(named.stdout)
    assert [one["id"] for one in inventory["components"] if one["kind"] == "ecs-service"] == ["wonderland/billing-api"]
    (following,) = inventory["diagnosis"]["next"]
    assert following.startswith("breakglass rebuild billing-api --cluster wonderland --config ")
    planned = night.run("rebuild", *following.split()[2:], "--dry-run", "-o", "json")
    assert planned.returncode == 0, planned.stderr
    assert [step["component"] for step in json.loads(planned.stdout)["steps"]] == ["ecs-service wonderland/billing-api"]
