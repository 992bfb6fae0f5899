"""A service behind a classic load balancer, as in the postmortem, made with the calls that its deployer would send."""

NAME = "classic-api"
CERTIFICATE = "arn:aws:acm:eu-west-1:111122223333:certificate/classic"
PORT = 8080
LISTENERS = [
    {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstanceProtocol": "HTTP", "InstancePort": PORT},
    {
        "Protocol": "HTTPS",
        "LoadBalancerPort": 443,
        "InstanceProtocol": "HTTP",
        "InstancePort": PORT,
        "SSLCertificateId": CERTIFICATE,
    },
]
TAGS = [{"Key": "service", "Value": NAME}, {"Key": "team", "Value": "werkzeugschmiede"}]


def balancer(aws, name=NAME):
    return aws("elb").describe_load_balancers(LoadBalancerNames=[name])["LoadBalancerDescriptions"][0]


def make_balancer(aws, name=NAME, **changes):
    """CreateLoadBalancer with the subnets and groups of the shared ALB."""
    like = aws("elbv2").describe_load_balancers(Names=["public"])["LoadBalancers"][0]
    given = {
        "LoadBalancerName": name,
        "Listeners": LISTENERS,
        "Subnets": [zone["SubnetId"] for zone in like["AvailabilityZones"]],
        "SecurityGroups": like["SecurityGroups"],
        "Scheme": "internet-facing",
        "Tags": TAGS,
    }
    aws("elb").create_load_balancer(**{**given, **changes})
    return balancer(aws, name)


def furnish(aws, name=NAME):
    """Everything about it that is a call of its own: attributes, health check, policies of each sort, bindings."""
    elb = aws("elb")
    attributes = {
        "CrossZoneLoadBalancing": {"Enabled": True},
        "ConnectionDraining": {"Enabled": True, "Timeout": 60},
        "ConnectionSettings": {"IdleTimeout": 120},
    }
    elb.modify_load_balancer_attributes(LoadBalancerName=name, LoadBalancerAttributes=attributes)
    check = {"Target": "HTTP:8080/health", "Interval": 5, "Timeout": 2, "UnhealthyThreshold": 2, "HealthyThreshold": 2}
    elb.configure_health_check(LoadBalancerName=name, HealthCheck=check)
    elb.create_app_cookie_stickiness_policy(LoadBalancerName=name, PolicyName="by-session", CookieName="session")
    elb.create_lb_cookie_stickiness_policy(LoadBalancerName=name, PolicyName="by-hour", CookieExpirationPeriod=3600)
    policies = [
        ("followed", "SSLNegotiationPolicyType", {"Reference-Security-Policy": "ELBSecurityPolicy-TLS-1-2-2017-01"}),
        ("own", "SSLNegotiationPolicyType", {"Protocol-TLSv1.2": "true", "ECDHE-RSA-AES256-SHA384": "true"}),
        ("proxied", "ProxyProtocolPolicyType", {"ProxyProtocol": "true"}),
        ("key", "PublicKeyPolicyType", {"PublicKey": "MIIBIjANBg"}),
        ("authenticated", "BackendServerAuthenticationPolicyType", {"PublicKeyPolicyName": "key"}),
    ]
    for policy, kind, says in policies:
        elb.create_load_balancer_policy(
            LoadBalancerName=name,
            PolicyName=policy,
            PolicyTypeName=kind,
            PolicyAttributes=[{"AttributeName": key, "AttributeValue": value} for key, value in says.items()],
        )
    for port, names in ((80, ["by-hour"]), (443, ["by-session", "followed"])):
        elb.set_load_balancer_policies_of_listener(LoadBalancerName=name, LoadBalancerPort=port, PolicyNames=names)
    elb.set_load_balancer_policies_for_backend_server(
        LoadBalancerName=name, InstancePort=PORT, PolicyNames=["proxied", "authenticated"]
    )


def make_service(aws, sandbox, *, names="name", alias=False, furnished=True, advance=120):
    """Load balancer, task definition, EC2 service, record and state entry; `names`: what the entry calls the first."""
    make_balancer(aws)
    if furnished:
        furnish(aws)
    known = balancer(aws)
    container = {
        "name": "app",
        "image": "classic-api:r1",
        "essential": True,
        "memory": 256,
        "portMappings": [{"containerPort": PORT, "hostPort": PORT}],
    }
    definition = aws("ecs").register_task_definition(
        family=NAME, containerDefinitions=[container], networkMode="bridge", requiresCompatibilities=["EC2"]
    )["taskDefinition"]["taskDefinitionArn"]
    aws("ecs").create_service(
        cluster="wonderland",
        serviceName=NAME,
        taskDefinition=definition,
        desiredCount=2,
        launchType="EC2",
        loadBalancers=[{"loadBalancerName": NAME, "containerName": "app", "containerPort": PORT}],
        tags=[{"key": "service", "value": NAME}],
    )
    zone = aws("route53").list_hosted_zones_by_name(DNSName="example.com")["HostedZones"][0]["Id"]
    record = {"Name": f"{NAME}.example.com.", **(_alias(known) if alias else _cname(known))}
    changes = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    aws("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=changes)
    aws("cloudwatch").put_metric_alarm(
        AlarmName=f"{NAME}-5xx",
        Namespace="AWS/ELB",
        MetricName="HTTPCode_Backend_5XX",
        Dimensions=[{"Name": "LoadBalancerName", "Value": NAME}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=5,
        Threshold=10.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    ecs = {"cluster": {"S": "wonderland"}, "service": {"S": NAME}, "taskDefinition": {"S": definition}}
    item = {
        "name": {"S": NAME},
        "ecs": {"M": ecs},
        "loadBalancer": {"S": NAME if names == "name" else known["DNSName"]},
        "cname": {"S": f"{NAME}.example.com"},
    }
    aws("dynamodb").put_item(TableName="wonderland-services", Item=item)
    sandbox.control.advance(advance)


def _cname(known):
    return {"Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": known["DNSName"]}]}


def _alias(known):
    target = {
        "HostedZoneId": known["CanonicalHostedZoneNameID"],
        "DNSName": f"dualstack.{known['DNSName']}.",
        "EvaluateTargetHealth": True,
    }
    return {"Type": "A", "AliasTarget": target}
