"""Why the manners are there: moto as it comes, asked the same questions, answers them wrongly.

When one of these tests fails, a new moto has learned a manner, and the sandbox's own may go.
"""

import boto3
import pytest
from botocore.parsers import ResponseParserError
from moto.server import ThreadedMotoServer

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": []}}
CHECK = {"Type": "HTTPS", "FullyQualifiedDomainName": "x.example.com"}


@pytest.fixture(scope="module")
def plain():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()

    def client(service):
        return boto3.Session().client(
            service,
            "eu-west-1",
            endpoint_url=f"http://{host}:{port}",
            aws_access_key_id="AKIAPLAINMOTO0000000",
            aws_secret_access_key="x",  # noqa: S106
        )

    yield client
    server.stop()


@pytest.fixture
def zone(plain):
    route53 = plain("route53")
    made = route53.create_hosted_zone(Name="example.com", CallerReference="z")["HostedZone"]["Id"]

    def change(action, **record):
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        return route53.change_resource_record_sets(HostedZoneId=made, ChangeBatch=batch)["ChangeInfo"]

    change.id = made
    return change


def weighted(name, **more):
    record = {"Name": name, "Type": "CNAME", "TTL": 60, "SetIdentifier": "live", "Weight": 1}
    return {**record, "ResourceRecords": [{"Value": "x.example.net"}], **more}


@pytest.fixture
def service(plain):
    ecs = plain("ecs")
    ecs.create_cluster(clusterName="c")
    ecs.register_task_definition(family="f", containerDefinitions=[{"name": "app", "image": "i", "memory": 64}])
    created = ecs.create_service(
        cluster="c",
        serviceName="s",
        taskDefinition="f",
        desiredCount=2,
        enableExecuteCommand=True,
        healthCheckGracePeriodSeconds=45,
    )
    yield created["service"]
    ecs.delete_service(cluster="c", service="s", force=True)


def test_route_53_deletes_what_it_was_not_told_to(plain, zone):
    zone("CREATE", **weighted("a.example.com"))
    zone("CREATE", **weighted("b.example.com"))
    zone("DELETE", **weighted("a.example.com"))
    records = plain("route53").list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    assert not [record for record in records if record["Type"] == "CNAME"]


def test_route_53_accepts_conflicts_and_unknown_checks_and_is_in_sync_at_once(zone):
    nobody = "00000000-0000-0000-0000-000000000000"
    assert zone("CREATE", **weighted("c.example.com", HealthCheckId=nobody))["Status"] == "INSYNC"
    zone("CREATE", Name="c.example.com", Type="TXT", TTL=60, ResourceRecords=[{"Value": '"x"'}])


def test_route_53_forgets_caller_references(plain):
    made = [
        plain("route53").create_health_check(CallerReference="one", HealthCheckConfig=CHECK)["HealthCheck"]["Id"]
        for _ in range(2)
    ]
    assert made[0] != made[1]


def test_ecs_drops_fields_and_has_no_tasks(plain, service):
    ecs = plain("ecs")
    assert not service.get("enableExecuteCommand")
    assert not service.get("healthCheckGracePeriodSeconds")
    assert ecs.list_tasks(cluster="c", serviceName="s")["taskArns"] == []


def test_ecs_describes_eleven_services_and_overwrites_one(plain, service):
    ecs = plain("ecs")
    assert ecs.describe_services(cluster="c", services=["s"] * 11)
    again = ecs.create_service(cluster="c", serviceName="s", taskDefinition="f", desiredCount=1)["service"]
    assert again["desiredCount"] != service["desiredCount"]


def test_ecs_knows_no_draining(plain, service):
    ecs = plain("ecs")
    ecs.delete_service(cluster="c", service=service["serviceName"], force=True)
    gone = ecs.describe_services(cluster="c", services=["s"])["services"][0]
    assert (gone["status"], gone["desiredCount"]) == ("INACTIVE", 2)


def test_load_balancers_share_an_address_and_ignore_their_protection(plain):
    elbv2, ec2 = plain("elbv2"), plain("ec2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
    made = [elbv2.create_load_balancer(Name="lb", Subnets=subnets, Type="network") for _ in range(2)]
    first, second = (answer["LoadBalancers"][0] for answer in made)
    assert first["LoadBalancerArn"] != second["LoadBalancerArn"]
    assert first["DNSName"] == second["DNSName"]
    assert ":loadbalancer/app/" in first["LoadBalancerArn"]
    arn = first["LoadBalancerArn"]
    protected = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protected)
    redirect = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    for _ in range(2):
        elbv2.create_listener(LoadBalancerArn=arn, Port=80, Protocol="TCP", DefaultActions=redirect)
    elbv2.delete_load_balancer(LoadBalancerArn=arn)


def test_autoscaling_matches_by_substring(plain):
    """A policy of `web` comes back for `web-canary`, and stays when its target is deregistered."""
    scaling, ecs = plain("application-autoscaling"), plain("ecs")
    ecs.create_cluster(clusterName="d")
    ecs.register_task_definition(family="f", containerDefinitions=[{"name": "app", "image": "i", "memory": 64}])
    ecs.create_service(cluster="d", serviceName="web", taskDefinition="f", desiredCount=1)
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/d/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    config = {
        "TargetValue": 50.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    }
    scaling.put_scaling_policy(
        **target,
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=config,
    )
    scaling.deregister_scalable_target(**target)
    asked = {"ServiceNamespace": "ecs", "ResourceId": "service/d/web-canary"}
    assert scaling.describe_scaling_policies(**asked)["ScalingPolicies"]


def test_cloud_map_deletes_a_service_with_instances(plain):
    cloud_map = plain("servicediscovery")
    cloud_map.create_http_namespace(Name="n")
    namespace = cloud_map.list_namespaces()["Namespaces"][0]["Id"]
    service = cloud_map.create_service(Name="s", NamespaceId=namespace)["Service"]["Id"]
    cloud_map.register_instance(ServiceId=service, InstanceId="i", Attributes={"AWS_INSTANCE_IPV4": "10.0.0.1"})
    cloud_map.delete_service(Id=service)


def test_the_policy_simulator_breaks(plain):
    with pytest.raises(ResponseParserError):
        plain("iam").simulate_principal_policy(
            PolicySourceArn="arn:aws:iam::123456789012:role/r", ActionNames=["ecs:DeleteService"]
        )
