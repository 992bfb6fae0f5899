"""Network load balancers as AWS documents them (Elastic Load Balancing and EC2 API references)."""

import pytest

OIDC = {
    "Issuer": "https://login.example.com",
    "AuthorizationEndpoint": "https://login.example.com/authorize",
    "TokenEndpoint": "https://login.example.com/token",
    "UserInfoEndpoint": "https://login.example.com/me",
    "ClientId": "deployer",
}


@pytest.fixture
def subnets(world):
    return [zone["SubnetId"] for zone in world.balancer()["AvailabilityZones"]]


@pytest.fixture
def nlb(aws, subnets):
    """`nlb(**changes)` makes a network load balancer."""

    def make(name="quick", **changes):
        given = {"Name": name, "Type": "network", "Scheme": "internet-facing", "Subnets": subnets}
        return aws("elbv2").create_load_balancer(**{**given, **changes})["LoadBalancers"][0]

    return make


@pytest.fixture
def group(aws, world):
    def make(name="quick", **changes):
        given = {"Name": name, "Protocol": "TCP", "Port": 8080, "VpcId": world.balancer()["VpcId"], "TargetType": "ip"}
        return aws("elbv2").create_target_group(**{**given, **changes})["TargetGroups"][0]["TargetGroupArn"]

    return make


def forward(arn):
    return [{"Type": "forward", "TargetGroupArn": arn}]


def test_elastic_addresses_are_shown_and_are_taken_once(aws, subnets, nlb, refused):
    """SubnetMapping: "the allocation ID of the Elastic IP address"; AllocationIdNotFound, ResourceInUse."""
    address = aws("ec2").allocate_address(Domain="vpc")
    mapping = [{"SubnetId": subnets[0], "AllocationId": address["AllocationId"]}]
    made = nlb(SubnetMappings=mapping, Subnets=[])
    (shown,) = made["AvailabilityZones"][0]["LoadBalancerAddresses"]
    assert shown == {"AllocationId": address["AllocationId"], "IpAddress": address["PublicIp"]}
    with refused("ResourceInUse"):
        nlb("other", SubnetMappings=mapping, Subnets=[])
    with refused("AllocationIdNotFound"):
        nlb("other", SubnetMappings=[{"SubnetId": subnets[0], "AllocationId": "eipalloc-0"}], Subnets=[])
    aws("elbv2").delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
    nlb("other", SubnetMappings=mapping, Subnets=[])


def test_private_addresses_are_shown_only_where_they_were_asked_for(subnets, nlb):
    fixed = {"SubnetId": subnets[0], "PrivateIPv4Address": "10.11.0.9"}
    made = nlb(Scheme="internal", SubnetMappings=[fixed, {"SubnetId": subnets[1]}], Subnets=[])
    addresses = [zone["LoadBalancerAddresses"] for zone in made["AvailabilityZones"]]
    assert addresses == [[{"PrivateIPv4Address": "10.11.0.9"}], []]


def test_security_groups_are_given_at_once_or_never(aws, world, nlb, refused):
    """ "You can't associate security groups with a Network Load Balancer after you create it" without any."""
    groups = world.balancer()["SecurityGroups"]
    without = nlb()
    assert "SecurityGroups" not in without
    with refused("InvalidConfigurationRequest"):
        aws("elbv2").set_security_groups(LoadBalancerArn=without["LoadBalancerArn"], SecurityGroups=groups)
    made = nlb("guarded", SecurityGroups=groups)
    name = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
    assert made[name] == "on"
    aws("elbv2").set_security_groups(LoadBalancerArn=made["LoadBalancerArn"], SecurityGroups=groups, **{name: "off"})
    assert world.balancer("guarded")[name] == "off"


def test_behind_an_endpoint_service_it_is_in_use(aws, nlb, refused):
    """DeleteLoadBalancer: ResourceInUse. DescribeVpcEndpointServiceConfigurations names its load balancers."""
    arn = nlb()["LoadBalancerArn"]
    made = aws("ec2").create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=[arn])
    known_as = made["ServiceConfiguration"]["ServiceId"]
    (told,) = aws("ec2").describe_vpc_endpoint_service_configurations()["ServiceConfigurations"]
    assert (told["ServiceId"], told["NetworkLoadBalancerArns"]) == (known_as, [arn])
    with refused("ResourceInUse"):
        aws("elbv2").delete_load_balancer(LoadBalancerArn=arn)
    aws("ec2").delete_vpc_endpoint_service_configurations(ServiceIds=[known_as])
    aws("elbv2").delete_load_balancer(LoadBalancerArn=arn)


def test_its_listeners_forward_and_speak_no_http(aws, world, nlb, group, refused):
    """CreateListener: InvalidLoadBalancerAction, IncompatibleProtocols, ALPNPolicyNotSupported."""
    where = {"LoadBalancerArn": nlb()["LoadBalancerArn"], "Port": 80, "Protocol": "TCP"}
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    with refused("InvalidLoadBalancerAction"):
        aws("elbv2").create_listener(**where, DefaultActions=[answer])
    with refused("IncompatibleProtocols"):
        aws("elbv2").create_listener(**where, DefaultActions=forward(world.group("image-api")["TargetGroupArn"]))
    with refused("ALPNPolicyNotSupported"):
        aws("elbv2").create_listener(**where, DefaultActions=forward(group()), AlpnPolicy=["HTTP2Only"])


@pytest.mark.parametrize(("protocol", "keys"), [("TCP", {"tcp.idle_timeout.seconds"}), ("UDP", set())])
def test_attributes_of_listeners_follow_their_protocol(aws, nlb, group, protocol, keys):
    """ListenerAttribute: tcp.idle_timeout.seconds is for TCP; a UDP listener has none."""
    made = aws("elbv2").create_listener(
        LoadBalancerArn=nlb()["LoadBalancerArn"], Port=53, Protocol=protocol,
        DefaultActions=forward(group(Protocol=protocol)),
    )["Listeners"][0]  # fmt: skip
    told = aws("elbv2").describe_listener_attributes(ListenerArn=made["ListenerArn"])["Attributes"]
    assert {one["Key"] for one in told} == keys


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, "false"),
        ({"Protocol": "UDP"}, "true"),
        ({"TargetType": "instance"}, "true"),
    ],
)
def test_attributes_of_target_groups_follow_protocol_and_type(aws, group, changes, kept):
    """TargetGroupAttribute: client addresses are kept unless targets are IP addresses behind TCP or TLS."""
    told = aws("elbv2").describe_target_group_attributes(TargetGroupArn=group(**changes))["Attributes"]
    attributes = {one["Key"]: one["Value"] for one in told}
    assert attributes["preserve_client_ip.enabled"] == kept
    assert "slow_start.duration_seconds" not in attributes


def test_a_load_balancer_is_a_target_where_it_listens(aws, world, group, refused):
    """ "The Application Load Balancer must have at least one listener whose port matches the target group port."""
    alb = world.balancer("image-api")["LoadBalancerArn"]
    right, wrong = group("right", Port=443, TargetType="alb"), group("wrong", Port=9, TargetType="alb")
    with refused("InvalidTarget"):
        aws("elbv2").register_targets(TargetGroupArn=wrong, Targets=[{"Id": alb}])
    aws("elbv2").register_targets(TargetGroupArn=right, Targets=[{"Id": alb}])
    with refused("TooManyTargets"):
        aws("elbv2").register_targets(TargetGroupArn=right, Targets=[{"Id": world.balancer()["LoadBalancerArn"]}])


def test_a_client_secret_is_taken_and_never_told(aws, world, refused):
    """AuthenticateOidcActionConfig: ClientSecret is required to create; UseExistingClientSecret is for a change."""
    listener, group = world.listener("image-api")["ListenerArn"], world.group("image-api")["TargetGroupArn"]
    condition = [{"Field": "path-pattern", "Values": ["/x"]}]

    def actions(**more):
        sign_in = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {**OIDC, **more}}
        return [sign_in, {"Type": "forward", "Order": 2, "TargetGroupArn": group}]

    make = {"ListenerArn": listener, "Priority": 7, "Conditions": condition}
    for more in ({}, {"UseExistingClientSecret": True}):
        with refused("ValidationError", "client secret"):
            aws("elbv2").create_rule(**make, Actions=actions(**more))
    rule = aws("elbv2").create_rule(**make, Actions=actions(ClientSecret="do-not-show"))["Rules"][0]
    assert "do-not-show" not in str(rule)
    aws("elbv2").modify_rule(RuleArn=rule["RuleArn"], Actions=actions(UseExistingClientSecret=True))
