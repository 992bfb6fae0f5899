"""One sandbox for the whole session, put back before each test."""

from __future__ import annotations

import gc
import signal

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import settings

from breakglass.rehearsal.sandbox import Sandbox
from breakglass.rehearsal.sandbox.accounts import ACCOUNTS
from breakglass.rehearsal.sandbox.configuration import breakglass_toml, write_private

# A machine that does other things too is no fault of the program: speed is measured in benchmarks.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# Programs that tests start inherit it: under nohup they would rightly not mind that their terminal is closed.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=2, read_timeout=5)


@pytest.fixture(autouse=True)
def _collected():
    """A process of many tests makes many connections: what the program spares itself is put back."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.fixture(scope="session")
def running():
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.control.reset()
    running.control.set_rate(0)
    write_private(running.folder / "breakglass.toml", breakglass_toml())  # a drill with a twin leaves its own
    return running


@pytest.fixture(scope="session")
def clients():
    return {}


@pytest.fixture
def aws(sandbox, clients):
    """A client for a service: `aws("ecs")`, `aws("sts", "staging")`, `aws("cloudwatch", region="us-east-1")`."""

    def client(service, account="production", region="eu-west-1"):
        key = service, account, region
        if key not in clients:
            held = next(item for item in ACCOUNTS if item.name == account)
            session = boto3.Session(held.access_key, held.secret_key, held.session_token, region_name=region)
            clients[key] = session.client(service, endpoint_url=sandbox.url, config=ONCE)
        return clients[key]

    return client


@pytest.fixture
def world(aws):
    """Look-ups that many tests begin with."""
    return World(aws)


class World:
    def __init__(self, aws):
        self._aws = aws

    def service(self, name="deployer-api", **more):
        answer = self._aws("ecs").describe_services(cluster="wonderland", services=[name], **more)
        return answer["services"][0]

    def balancer(self, name="public"):
        return self._aws("elbv2").describe_load_balancers(Names=[name])["LoadBalancers"][0]

    def listener(self, name="public", port=443):
        arn = self.balancer(name)["LoadBalancerArn"]
        listeners = self._aws("elbv2").describe_listeners(LoadBalancerArn=arn)["Listeners"]
        return next(item for item in listeners if item["Port"] == port)

    def group(self, name="deployer-api"):
        return self._aws("elbv2").describe_target_groups(Names=[name])["TargetGroups"][0]

    def health(self, name="deployer-api"):
        arn = self.group(name)["TargetGroupArn"]
        return self._aws("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]

    def rule(self, group="deployer-api"):
        arn = self.group(group)["TargetGroupArn"]
        rules = self._aws("elbv2").describe_rules(ListenerArn=self.listener()["ListenerArn"])["Rules"]
        return next(rule for rule in rules if rule["Actions"][0].get("TargetGroupArn") == arn)

    def zone(self):
        zones = self._aws("route53").list_hosted_zones_by_name(DNSName="example.com")["HostedZones"]
        return zones[0]["Id"]

    def records(self, name=None):
        pages = self._aws("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.zone())
        records = [record for page in pages for record in page["ResourceRecordSets"]]
        return [record for record in records if name in (None, record["Name"])]

    def change(self, *changes):
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
        route53 = self._aws("route53")
        return route53.change_resource_record_sets(HostedZoneId=self.zone(), ChangeBatch=batch)["ChangeInfo"]


@pytest.fixture
def refused():
    """`with refused("Code", "part of the message"):` AWS refuses what is done inside."""

    class Refusal:
        def __init__(self, code, message=""):
            self.code, self.message = code, message

        def __enter__(self):
            return self

        def __exit__(self, kind, raised, trace):
            assert isinstance(raised, ClientError), f"AWS refuses this with {self.code}; got {raised!r}"
            assert raised.response["Error"]["Code"] == self.code, raised
            assert self.message in raised.response["Error"]["Message"]
            assert raised.response["ResponseMetadata"]["RequestId"]
            return True

    return Refusal
