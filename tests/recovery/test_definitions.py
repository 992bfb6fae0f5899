"""Removed and rebuilt, a service has every field that it had: service by service, as AWS's own documents shape them."""

import json
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakglass.aws.shapes import Shapes
from breakglass.kinds import task_definition
from breakglass.model import ecs_making, ecs_task_sets
from breakglass.model.lead import Key
from breakglass.model.world import Recipe, World
from breakglass.planning.removal import Choice
from breakglass.running.progress import Outcome
from breakglass.running.recovery import carry_out, open_run, prepare_rebuild, prepare_removal
from breakglass.running.tools import Operator
from tests.recovery.definitions.published import ALL
from tests.recovery.definitions.shape import INFRASTRUCTURE_ROLE
from tests.recovery.worlds import differences, of_others

CLUSTER, TABLE = "wonderland", "wonderland-services"
SECONDS_TO_SETTLE = 120
FIRST_PRIORITY = 101
TAGS = [{"key": "team", "value": "shop"}, {"key": "empty", "value": ""}]
OURS = {"breakglass:run", "breakglass:token"}
MOVES = {"events", "createdAt", "updatedAt", "id", "currentServiceDeployment", "currentServiceRevisions"}
MOVES |= {"taskSetArn", "stabilityStatusAt"}
NEW_WITH_EACH_REVISION = {"taskDefinitionArn", "revision", "registeredAt", "deregisteredAt", "status"}
ONLY_THE_STATE_ENTRY = """
[services.{service}]
load_balancer = []
target_groups = []
alarms = []
dns = []
"""


class Maker:
    """Makes a definition's service in the sandbox, with everything around it that a deployer would make."""

    def __init__(self, aws, world):
        self._aws, self._world = aws, world
        self._placed = world.service("billing-api")["networkConfiguration"]
        self._priority = FIRST_PRIORITY

    def make(self, definition):
        for group in dict.fromkeys(log_groups({**definition.task, **definition.service})):
            self._aws("logs").create_log_group(logGroupName=group)
        registered = self._aws("ecs").register_task_definition(**definition.task, family=definition.family, tags=TAGS)
        revision = registered["taskDefinition"]["taskDefinitionArn"]
        balancers = [self._balanced(definition, at, behind) for at, behind in enumerate(definition.behind)]
        params = {
            **definition.service,
            "cluster": CLUSTER,
            "serviceName": definition.family,
            "taskDefinition": revision,
            "loadBalancers": balancers,
            "serviceRegistries": [
                {**registry, "registryArn": self._registry(definition)} for registry in definition.registries
            ],
            "tags": TAGS,
        }
        if "networkConfiguration" in params:
            params["networkConfiguration"] = self._placed
        if params.get("deploymentController", {}).get("type") == "EXTERNAL":
            self._in_sets(params)
        else:
            self._aws("ecs").create_service(**params)
        self._entry(definition, revision, balancers)

    def _in_sets(self, params):
        """A primary task set behind the first target group, and a small one behind each other."""
        own = {name: value for name, value in params.items() if name not in ecs_task_sets.DECIDED}
        self._aws("ecs").create_service(**own)
        place = {"cluster": CLUSTER, "service": params["serviceName"], "tags": TAGS}
        decided = {name: value for name, value in params.items() if name in ecs_task_sets.DECIDED}
        for at, balancer in enumerate(params["loadBalancers"]):
            scale = {"value": 34.0 if at else 100.0, "unit": "PERCENT"}
            chosen = {**decided, "loadBalancers": [balancer], "externalId": f"deployment-{at}", "scale": scale}
            made = self._aws("ecs").create_task_set(**place, **chosen)["taskSet"]
            if not at:
                self._aws("ecs").update_service_primary_task_set(
                    cluster=CLUSTER, service=params["serviceName"], primaryTaskSet=made["taskSetArn"]
                )

    def _balanced(self, definition, at, behind):
        name = f"{definition.family}-{at}"
        group = self._group(definition, name, behind)
        balanced = {"targetGroupArn": group, "containerName": behind.container, "containerPort": behind.port}
        if not behind.alternate:
            self._rule(name, [{"Type": "forward", "TargetGroupArn": group}])
            return balanced
        other = self._group(definition, f"{name}-green", behind)
        weights = [{"TargetGroupArn": group, "Weight": 100}, {"TargetGroupArn": other, "Weight": 0}]
        production = self._rule(name, [{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}])
        test = self._rule(f"{name}-test", [{"Type": "forward", "TargetGroupArn": other}])
        advanced = {
            "alternateTargetGroupArn": other,
            "productionListenerRule": production,
            "testListenerRule": test,
            "roleArn": INFRASTRUCTURE_ROLE,
        }
        return {**balanced, "advancedConfiguration": advanced}

    def _group(self, definition, name, behind):
        made = self._aws("elbv2").create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=behind.port,
            VpcId=self._world.balancer()["VpcId"],
            TargetType="ip" if definition.task.get("networkMode") == "awsvpc" else "instance",
            HealthCheckPath="/health",
        )
        return made["TargetGroups"][0]["TargetGroupArn"]

    def _rule(self, name, actions):
        made = self._aws("elbv2").create_rule(
            ListenerArn=self._world.listener()["ListenerArn"],
            Priority=self._priority,
            Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": [f"{name}.example.com"]}}],
            Actions=actions,
        )
        self._priority += 1
        return made["Rules"][0]["RuleArn"]

    def _registry(self, definition):
        discovery = self._aws("servicediscovery")
        discovery.create_private_dns_namespace(Name=f"{definition.name}.local", Vpc=self._world.balancer()["VpcId"])
        namespaces = discovery.list_namespaces()["Namespaces"]
        namespace = next(one["Id"] for one in namespaces if one["Name"] == f"{definition.name}.local")
        records = {"DnsRecords": [{"Type": "A", "TTL": 60}]}
        made = discovery.create_service(Name=definition.family, NamespaceId=namespace, DnsConfig=records)
        return made["Service"]["Arn"]

    def _entry(self, definition, revision, balancers):
        groups = [one["targetGroupArn"] for one in balancers]
        item = {
            "name": {"S": definition.family},
            "ecs": {
                "M": {
                    "cluster": {"S": CLUSTER},
                    "service": {"S": definition.family},
                    "taskDefinition": {"S": revision},
                }
            },
            "targetGroups": {"L": [{"S": arn} for arn in groups]},
        }
        if groups:
            item["loadBalancer"] = {"S": self._world.balancer()["LoadBalancerArn"]}
        self._aws("dynamodb").put_item(TableName=TABLE, Item=item)


def log_groups(told):
    """Every log group that is named anywhere in it: whoever makes such a service has made these first."""
    match told:
        case dict():
            yield from (value for name, value in told.items() if name == "awslogs-group")
            for value in told.values():
                yield from log_groups(value)
        case list():
            for item in told:
                yield from log_groups(item)


@pytest.fixture
def maker(aws, world):
    return Maker(aws, world)


def run(bench, prepared, permit_for, writer_for):
    assert prepared.plan.blockers == ()
    folder = open_run(bench, prepared)
    return list(carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator()))[-1].detail["outcome"]


def as_told(world, aws, name):
    """The service as DescribeServices tells of it, without what moves by itself, and its task definition."""
    service = plain(world.service(name, include=["TAGS"]))
    told = aws("ecs").describe_task_definition(taskDefinition=service["taskDefinition"], include=["TAGS"])
    revisions = {"serviceRevisions": []}
    if arns := [one["arn"] for one in world.service(name).get("currentServiceRevisions", [])]:
        revisions = aws("ecs").describe_service_revisions(serviceRevisionArns=arns)
    gone_with_the_service = {"serviceRevisionArn", "createdAt"}
    return {
        "service": service,
        "revisions": [
            {field: value for field, value in one.items() if field not in gone_with_the_service}
            for one in revisions["serviceRevisions"]
        ],
        "definition": {**told["taskDefinition"], "tags": plain(told["tags"])},
    }


def plain(told):
    match told:
        case dict():
            return {name: plain(value) for name, value in told.items() if name not in MOVES}
        case list():
            return [plain(item) for item in told if not (isinstance(item, dict) and item.get("key") in OURS)]
        case str() if told.startswith("ECS deployment ecs-svc/"):
            return "ECS deployment"
        case _:
            return told


def new_names(then, now):
    """Every ARN of a target group or rule that was, and what stands in its place: by name, and by its conditions."""
    return {
        old: new for kind in then for name, old in then[kind].items() if (new := now[kind].get(name)) and old != new
    }


def arns(aws, world):
    groups = aws("elbv2").describe_target_groups()["TargetGroups"]
    rules = aws("elbv2").describe_rules(ListenerArn=world.listener()["ListenerArn"])["Rules"]
    registries = aws("servicediscovery").list_services()["Services"]
    return {
        "registry": {one["Name"]: one["Arn"] for one in registries},
        "group": {one["TargetGroupName"]: one["TargetGroupArn"] for one in groups},
        "rule": {one["Priority"]: one["RuleArn"] for one in rules},
    }


def renamed(told, names):
    match told:
        case dict():
            return {name: renamed(value, names) for name, value in told.items()}
        case list():
            return [renamed(item, names) for item in told]
        case str():
            return names.get(told, told)
        case _:
            return told


def sent(control, *operations):
    calls = defaultdict(list)
    for call in control.calls():
        if call["operation"] in operations and call["status"] == 200 and call["service"] == "ecs":
            calls[call["operation"]].append(call["params"])
    return calls


IN_PLACE = {"webserver", "bridge", "blue-green", "discovered", "two-sets"}
VARIANTS = [*((one, True) for one in ALL), *((one, False) for one in ALL if one.name in IN_PLACE)]
"""Deregistered is the harder one: there the service names another revision afterwards."""


@pytest.mark.parametrize(
    ("definition", "deregistered"), VARIANTS, ids=[f"{one.name}{'-deregistered' * off}" for one, off in VARIANTS]
)
def test_every_field_comes_back(sandbox, bench_of, permit_for, writer_for, aws, world, maker, definition, deregistered):
    """With the task definition still there, and with it deregistered while the service was away."""
    name = definition.family
    maker.make(definition)
    sandbox.control.advance(SECONDS_TO_SETTLE)
    before, then, told = settled(sandbox, aws), arns(aws, world), as_told(world, aws, name)
    bench = bench_of(name, ONLY_THE_STATE_ENTRY.format(service=name))
    removal = prepare_removal(bench, Choice())
    assert run(bench, removal, permit_for, writer_for) is Outcome.FINISHED
    between = settled(sandbox, aws)
    assert of_others(differences(before, between), name) == []
    assert not [one for one in aws("ecs").list_services(cluster=CLUSTER)["serviceArns"] if name in one]
    left = arns(aws, world)
    assert not [one for one in (*left["group"], *left["registry"]) if one.startswith(name)]
    assert not {*left["rule"]} & {str(priority) for priority in range(FIRST_PRIORITY, FIRST_PRIORITY + 10)}
    if deregistered:
        aws("ecs").deregister_task_definition(taskDefinition=told["service"]["taskDefinition"])
    sandbox.control.clear_calls()
    rebuild = prepare_rebuild(bench, Choice(), named=removal.plan.run)
    outcome = run(bench, rebuild, permit_for, writer_for)
    # The idle half of a blue/green pair has no targets, and that alone keeps a service from being healthy.
    assert outcome == Outcome.RECOVERED or any(one.alternate for one in definition.behind), bench.look().diagnosis
    check_what_was_sent(sent(sandbox.control, "CreateService", "CreateTaskSet", "RegisterTaskDefinition"), deregistered)
    sandbox.control.advance(SECONDS_TO_SETTLE)
    now = as_told(world, aws, name)
    names = new_names(then, arns(aws, world))
    if deregistered:
        old = told["service"]["taskDefinition"]
        new = now["service"]["taskDefinition"]
        assert new == f"{old.rpartition(':')[0]}:{int(old.rpartition(':')[2]) + 1}"
        names |= {old: new}
        assert of_others(differences(before, settled(sandbox, aws)), name) == []
    else:
        assert configured(differences(before, settled(sandbox, aws))) == []
    wanted = renamed(told, names)
    for part in (wanted, now):
        part["definition"] = {
            field: value for field, value in part["definition"].items() if field not in NEW_WITH_EACH_REVISION
        }
    assert now == wanted


def settled(sandbox, aws):
    """What people configured, with Cloud Map's services by their names: a new one gets a new id."""
    text = json.dumps(sandbox.control.world()["settled"])
    for one in aws("servicediscovery").list_services()["Services"]:
        text = text.replace(one["Id"], f"srv-{one['Name']}")
    return json.loads(text)


def configured(differing):
    """Without what ECS registers in Cloud Map: it comes and goes with each task."""
    return [one for one in differing if one[0][-1] != "instances"]


def check_what_was_sent(calls, deregistered):
    (created,) = calls["CreateService"]
    assert SHAPES.problems("ecs", "CreateService", created) == ()
    assert not ecs_making.READ_ONLY.difference({"serviceName", "tags"}) & created.keys()
    for one in calls["CreateTaskSet"]:
        assert SHAPES.problems("ecs", "CreateTaskSet", one) == ()
    assert len(calls["RegisterTaskDefinition"]) == int(deregistered)
    for registered in calls["RegisterTaskDefinition"]:
        assert SHAPES.problems("ecs", "RegisterTaskDefinition", registered) == ()


SHAPES = Shapes()


def test_the_published_definitions_are_as_aws_takes_them():
    """A field misspelt in the data would come back misspelt, and prove nothing."""
    for definition in ALL:
        assert definition.page.startswith("https://docs.aws.amazon.com/")
        task = {**definition.task, "family": definition.family}
        assert SHAPES.problems("ecs", "RegisterTaskDefinition", task) == ()
        service = {field: value for field, value in definition.service.items() if field != "networkConfiguration"}
        assert SHAPES.problems("ecs", "CreateService", {**service, "serviceName": definition.family}) == ()
    assert len({definition.name for definition in ALL}) == len(ALL) > 10


def members(service, operation, way):
    return getattr(SHAPES._operation(service, operation), way).members


CREATE = members("ecs", "CreateService", "input_shape")
SERVICE = members("ecs", "CreateService", "output_shape")["service"].members
REGISTER = members("ecs", "RegisterTaskDefinition", "input_shape")
DEFINITION = members("ecs", "DescribeTaskDefinition", "output_shape")["taskDefinition"].members
SAID_OTHERWISE = {"cluster", "serviceName", "clientToken", "role", "tags"}
ELSEWHERE = {*ecs_making.ONLY_IN_DEPLOYMENT, *ecs_making.ONLY_IN_REVISION}


def test_every_field_of_botocores_model_is_sent_or_is_awss_own():
    """A botocore that knows more fields than this one fails here, and not at night."""
    assert SERVICE.keys() - CREATE.keys() <= ecs_making.READ_ONLY
    assert CREATE.keys() - SERVICE.keys() - SAID_OTHERWISE <= ELSEWHERE
    assert not (ecs_making.READ_ONLY - SAID_OTHERWISE) & CREATE.keys()
    assert DEFINITION.keys() - REGISTER.keys() <= task_definition.READ_ONLY
    assert not (task_definition.READ_ONLY - {"tags"}) & REGISTER.keys()


def values(shape):
    """Anything that botocore's model takes for a shape, and nothing empty: AWS tells of nothing by leaving it out."""
    match shape.type_name:
        case "structure":
            required = {name: values(shape.members[name]) for name in shape.required_members}
            optional = {name: values(each) for name, each in shape.members.items() if name not in required}
            return st.fixed_dictionaries(required, optional=optional).filter(bool)
        case "list":
            return st.lists(values(shape.member), min_size=1, max_size=2)
        case "map":
            return st.dictionaries(values(shape.key), values(shape.value), min_size=1, max_size=2)
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            return st.integers(shape.metadata.get("min", 1), shape.metadata.get("max", 2**31 - 1))
        case "double" | "float":
            return st.floats(0, 100, allow_nan=False)
        case "string":
            return st.sampled_from(shape.enum) if shape.enum else st.text("abcdefgh-", min_size=1, max_size=12)
        case other:
            raise AssertionError(f"no value for a {other}")


SENDABLE = {name: shape for name, shape in CREATE.items() if name not in {*SAID_OTHERWISE, "taskDefinition"}}
OWN = st.dictionaries(
    st.sampled_from(sorted(ecs_making.READ_ONLY - {"deployments", "serviceRevisions", "tags"})),
    st.text("abcdef", min_size=1),
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(
    st.fixed_dictionaries({"taskDefinition": st.just("f:1")}, optional={n: values(s) for n, s in SENDABLE.items()}), OWN
)
def test_whatever_createservice_knows_is_carried_over(told, own):
    """Also what AWS adds tomorrow: no field is on a list of those that may be sent."""
    top = {name: value for name, value in told.items() if name not in ELSEWHERE}
    deployed = {name: value for name, value in told.items() if name in ecs_making.ONLY_IN_DEPLOYMENT}
    revised = {name: value for name, value in told.items() if name in ecs_making.ONLY_IN_REVISION}
    facts = {
        **own,
        **top,
        "deployments": [{"status": "ACTIVE"}, {"status": "PRIMARY", **deployed}],
        "serviceRevisions": [
            {"createdAt": "2016-09-05", **revised},
            {"createdAt": "2016-09-04", "monitoring": {"x": 1}},
        ],
        "tags": [{"key": "aws:ecs:serviceName", "value": "x"}, *TAGS],
    }
    params = ecs_making.parameters(Recipe(Key("ecs-service", "wonderland/x"), facts), World("RUN", NO_INVENTORY))
    assert not (ecs_making.READ_ONLY - SAID_OTHERWISE) & params.keys()
    assert SHAPES.problems("ecs", "CreateService", params) == ()
    assert plain(params["tags"]) == TAGS
    expected = dict(told)
    if "capacityProviderStrategy" in told:
        expected.pop("launchType", None)
    if told.get("schedulingStrategy") == "DAEMON":
        expected.pop("desiredCount", None)
    if ecs_task_sets.in_sets(told):
        rolling = {name: expected.pop(name) for name in ["deploymentConfiguration"] if name in expected}
        for name, value in rolling.items():
            if kept := {one: each for one, each in value.items() if one not in ecs_task_sets.ONLY_ROLLING}:
                expected[name] = kept
    if ecs_task_sets.controller(told) == "EXTERNAL":
        expected = {name: value for name, value in expected.items() if name not in ecs_task_sets.DECIDED}
        assert not ecs_task_sets.DECIDED & params.keys()
    assert {name: params.get(name) for name in expected} == expected


TASK_SET = members("ecs", "DescribeTaskSets", "output_shape")["taskSets"].member.members
CREATE_SET = members("ecs", "CreateTaskSet", "input_shape")


def test_every_field_of_a_task_set_is_sent_or_is_awss_own():
    """The same for task sets: what only one of the two shapes knows is named."""
    assert TASK_SET.keys() - CREATE_SET.keys() <= ecs_task_sets.READ_ONLY
    assert CREATE_SET.keys() - TASK_SET.keys() == {"service", "cluster", "clientToken"}
    assert not (ecs_task_sets.READ_ONLY - {"tags"}) & CREATE_SET.keys()
    assert CREATE.keys() >= ecs_task_sets.DECIDED <= CREATE_SET.keys()


@settings(max_examples=20, deadline=None)
@given(st.fixed_dictionaries({name: values(TASK_SET[name]) for name in sorted(TASK_SET.keys() & CREATE_SET.keys())}))
def test_whatever_createtaskset_knows_is_carried_over(told):
    one = {**told, "status": "PRIMARY", "tags": TAGS}
    facts = {"deploymentController": {"type": "EXTERNAL"}, "taskSets": [{**one, "status": "DRAINING"}, one]}
    create, primary = ecs_task_sets.making(Key("ecs-service", "wonderland/x"), facts, World("RUN", NO_INVENTORY))
    assert SHAPES.problems("ecs", "CreateTaskSet", create.params) == ()
    assert primary.operation == "UpdateServicePrimaryTaskSet"
    sent = {name: value for name, value in told.items() if name not in {"launchType", "tags"}}
    assert {name: create.params.get(name) for name in sent} == sent
    assert plain(create.params["tags"]) == TAGS


NO_INVENTORY = None
"""Parameters are made of facts alone."""
