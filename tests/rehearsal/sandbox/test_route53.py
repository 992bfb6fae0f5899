"""Route 53's record sets, changes and health checks as AWS documents them (Route 53 API reference)."""

import re

import pytest

NAME = "deployer-api.example.com."


def test_one_weighted_record_is_deleted_and_no_other(world):
    """DELETE takes the record set of that name, type and identifier: moto takes all that bear the identifier."""
    before = world.records()
    assert [r["Name"] for r in before if r.get("SetIdentifier") == "live"] == ["billing-api.example.com.", NAME]
    world.change(("DELETE", world.records(NAME)[0]))
    assert world.records() == [record for record in before if record["Name"] != NAME]


@pytest.mark.parametrize("field", [{"TTL": 61}, {"Weight": 99}, {"ResourceRecords": [{"Value": "other"}]}])
def test_a_deletion_names_every_value(world, refused, field):
    """ChangeResourceRecordSets, DELETE: "you must specify all the same values"; else InvalidChangeBatch."""
    record = {**world.records(NAME)[0], **field}
    with refused("InvalidChangeBatch", "but the values provided do not match the current values"):
        world.change(("DELETE", record))


def test_an_alias_deletion_names_its_target(world, refused):
    """An alias record is matched by its whole target."""
    record = world.records("image-api.example.com.")[0]
    other = {**record, "AliasTarget": {**record["AliasTarget"], "EvaluateTargetHealth": False}}
    with refused("InvalidChangeBatch", "do not match"):
        world.change(("DELETE", other))
    world.change(("DELETE", record))


def test_what_is_not_there_cannot_be_deleted(world, refused):
    """InvalidChangeBatch "… but it was not found"."""
    record = {**world.records(NAME)[0], "SetIdentifier": "standby"}
    with refused("InvalidChangeBatch", "but it was not found"):
        world.change(("DELETE", record))


def test_create_does_not_overwrite(world, refused):
    """CREATE: InvalidChangeBatch "… but it already exists"."""
    with refused("InvalidChangeBatch", "but it already exists"):
        world.change(("CREATE", world.records(NAME)[0]))


def test_a_batch_is_made_whole_or_not_at_all(world, refused):
    """ "Change batches are transactional": DELETE with CREATE repoints, and one bad change undoes all."""
    record, before = world.records(NAME)[0], world.records()
    with refused("InvalidChangeBatch"):
        world.change(("DELETE", record), ("CREATE", world.records("billing-api.example.com.")[0]))
    assert world.records() == before
    repointed = {**record, "ResourceRecords": [{"Value": "elsewhere.example.net"}]}
    world.change(("DELETE", record), ("CREATE", repointed))
    assert world.records(NAME) == [repointed]


def test_a_cname_stands_alone(world, refused):
    """A CNAME cannot share its name with another type, in either order."""
    with refused("InvalidChangeBatch", "conflicts with other records"):
        world.change(
            ("CREATE", {"Name": "_dmarc.example.com", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "x"}]})
        )
    with refused("InvalidChangeBatch", "conflicting RRSet of type CNAME"):
        world.change(("CREATE", {"Name": NAME, "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x"'}]}))


def test_an_unknown_health_check_is_refused(world, refused):
    """ChangeResourceRecordSets: NoSuchHealthCheck."""
    record = {**world.records(NAME)[0], "SetIdentifier": "b", "HealthCheckId": "00000000-0000-0000-0000-000000000000"}
    with refused("NoSuchHealthCheck"):
        world.change(("CREATE", record))


def test_a_start_position_is_no_filter(aws, world):
    """ListResourceRecordSets: where there is no such name, the next one comes back, labels compared from the right."""
    answer = aws("route53").list_resource_record_sets(
        HostedZoneId=world.zone(), StartRecordName="deployer-api-b.example.com", StartRecordType="CNAME", MaxItems="1"
    )
    assert answer["ResourceRecordSets"][0]["Name"] == "deployer-api-canary.example.com."
    assert answer["IsTruncated"] is True
    assert answer["NextRecordName"] == "image-api.example.com."
    assert answer["NextRecordType"] == "A"


def test_pages_end_in_a_zone_full_of_weighted_records(aws, world):
    """NextRecordIdentifier leads over several records of one name and type; without it a pager never ends."""
    base = {"Name": "many.example.com.", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "x.example.net"}]}
    world.change(*[("CREATE", {**base, "SetIdentifier": f"s{n:02d}", "Weight": 1}) for n in range(12)])
    pages = aws("route53").get_paginator("list_resource_record_sets")
    seen = [
        record.get("SetIdentifier")
        for page in pages.paginate(HostedZoneId=world.zone(), PaginationConfig={"PageSize": 5})
        for record in page["ResourceRecordSets"]
        if record["Name"] == "many.example.com."
    ]
    assert seen == [f"s{n:02d}" for n in range(12)]


def test_a_wildcard_is_written_in_octal(world):
    """ "*" comes back as \\052 (DomainNameFormat), and can be asked for as "*"."""
    assert "\\052.preview.example.com." in {record["Name"] for record in world.records()}
    star = {**world.records("\\052.preview.example.com.")[0], "Name": "*.preview.example.com"}
    world.change(("DELETE", star))


def test_a_change_is_pending_until_all_name_servers_have_it(aws, sandbox, world):
    """GetChange: PENDING, then INSYNC."""
    change = world.change(("DELETE", world.records(NAME)[0]))
    assert change["Status"] == "PENDING"
    assert aws("route53").get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "PENDING"
    sandbox.control.advance(60)
    assert aws("route53").get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "INSYNC"


def test_a_caller_reference_is_good_once(aws, refused):
    """CreateHealthCheck: again returns the check that is there; other settings, or a deleted one, are refused."""
    route53 = aws("route53")
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": "x.example.com", "ResourcePath": "/health"}
    first = route53.create_health_check(CallerReference="run-1", HealthCheckConfig=config)["HealthCheck"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", first["Id"])
    assert first["HealthCheckConfig"]["Port"] == 443
    assert first["HealthCheckVersion"] == 1
    again = route53.create_health_check(CallerReference="run-1", HealthCheckConfig=config)["HealthCheck"]
    assert again["Id"] == first["Id"]
    with refused("HealthCheckAlreadyExists"):
        route53.create_health_check(CallerReference="run-1", HealthCheckConfig={**config, "ResourcePath": "/"})
    route53.delete_health_check(HealthCheckId=first["Id"])
    with refused("HealthCheckAlreadyExists"):
        route53.create_health_check(CallerReference="run-1", HealthCheckConfig=config)
    with refused("NoSuchHealthCheck"):
        route53.get_health_check(HealthCheckId=first["Id"])


def test_a_health_check_in_use_is_deleted_all_the_same(aws, world):
    """DeleteHealthCheck: AWS does not look whether record sets still use it."""
    check = world.records(NAME)[0]["HealthCheckId"]
    aws("route53").delete_health_check(HealthCheckId=check)
    assert world.records(NAME)[0]["HealthCheckId"] == check


def test_health_checks_have_versions(aws, world, refused):
    """UpdateHealthCheck: HealthCheckVersionMismatch where the check has changed since it was read."""
    check = world.records(NAME)[0]["HealthCheckId"]
    route53 = aws("route53")
    updated = route53.update_health_check(HealthCheckId=check, HealthCheckVersion=1, FailureThreshold=5)["HealthCheck"]
    assert updated["HealthCheckVersion"] == 2
    with refused("HealthCheckVersionMismatch"):
        route53.update_health_check(HealthCheckId=check, HealthCheckVersion=1, FailureThreshold=6)


def test_tags_are_listed_for_ten_at_once(aws, world, refused):
    """ListTagsForResources: at most ten ids."""
    check = world.records(NAME)[0]["HealthCheckId"]
    answer = aws("route53").list_tags_for_resources(ResourceType="healthcheck", ResourceIds=[check])
    assert {"Key": "service", "Value": "deployer-api"} in answer["ResourceTagSets"][0]["Tags"]
    with refused("InvalidInput"):
        aws("route53").list_tags_for_resources(ResourceType="healthcheck", ResourceIds=[check] * 11)


def test_an_unknown_zone_is_refused(aws, refused):
    """NoSuchHostedZone."""
    with refused("NoSuchHostedZone"):
        aws("route53").list_resource_record_sets(HostedZoneId="Z0000000000000")


def test_zones_are_listed_from_a_name_on(aws):
    """ListHostedZonesByName: a start position, labels compared from the right."""
    route53 = aws("route53")
    for name in ("a.example.com", "example.net"):
        route53.create_hosted_zone(Name=name, CallerReference=name)
    zones = route53.list_hosted_zones_by_name(DNSName="b.example.com")["HostedZones"]
    assert [zone["Name"] for zone in zones] == ["example.net."]


def test_a_protected_record_fails_the_whole_batch(aws, world, refused):
    """CreateResourceRecordSetProtections: changes of that name and type are InvalidChangeBatch (botocore's model)."""
    route53, zone = aws("route53"), world.zone()
    entry = {"RecordName": NAME, "RecordType": "CNAME"}
    assert route53.list_resource_record_set_protections(HostedZoneId=zone)["ResourceRecordSetProtections"] == []
    route53.create_resource_record_set_protections(HostedZoneId=zone, Protections=[entry])
    with refused("InvalidChangeBatch", "protect"):
        world.change(("DELETE", world.records(NAME)[0]))
    route53.delete_resource_record_set_protections(HostedZoneId=zone, Protections=[entry])
    world.change(("DELETE", world.records(NAME)[0]))


ALB = {"HostedZoneId": "Z32O12XQLNTSW2", "DNSName": "x-1.eu-west-1.elb.amazonaws.com.", "EvaluateTargetHealth": True}


def alias(name, target, kind="A", **more):
    return {"Name": name, "Type": kind, "AliasTarget": target, **more}


@pytest.mark.parametrize(
    ("target", "kind", "words"),
    [
        ("image-api.example.com.", "TXT", "but that target was not found"),
        ("nobody.example.com.", "A", "but that target was not found"),
        ("image-api.example.net.", "A", "does not lie within the target zone"),
    ],
)
def test_an_alias_within_its_zone_finds_its_target_there(world, refused, target, kind, words):
    """AliasTarget: a record set of the same zone, of the alias's own type, that is there."""
    zone = world.zone().rpartition("/")[2]
    to = {"HostedZoneId": zone, "DNSName": target, "EvaluateTargetHealth": False}
    with refused("InvalidChangeBatch", words):
        world.change(("CREATE", alias("pictures.example.com.", to, kind)))
    world.change(("CREATE", alias("pictures.example.com.", {**to, "DNSName": "image-api.example.com."})))


@pytest.mark.parametrize(
    ("there", "other"),
    [
        ({"Weight": 1}, {"Failover": "PRIMARY"}),
        ({"Region": "eu-west-1"}, {"Weight": 1}),
        ({"GeoLocation": {"ContinentCode": "EU"}}, {"Region": "eu-west-1"}),
        ({"Weight": 1}, {}),
    ],
)
def test_record_sets_of_one_name_and_type_have_one_routing_policy(world, refused, there, other):
    """ResourceRecordSet, Weight (and so for the others): no non-weighted ones of the same name and type."""
    world.change(("CREATE", alias("pictures.example.com.", ALB, SetIdentifier="one", **there)))
    second = {**other, **({"SetIdentifier": "two"} if other else {})}
    with refused("InvalidChangeBatch", "different routing policies"):
        world.change(("CREATE", alias("pictures.example.com.", ALB, **second)))
    world.change(("CREATE", alias("pictures.example.com.", ALB, "AAAA", **second)))


def test_there_is_one_primary_and_one_secondary(world, refused):
    """ResourceRecordSet, Failover: one of each for a name and type."""
    world.change(("CREATE", alias("pictures.example.com.", ALB, SetIdentifier="one", Failover="PRIMARY")))
    with refused("InvalidChangeBatch", "there is a PRIMARY"):
        world.change(("CREATE", alias("pictures.example.com.", ALB, SetIdentifier="two", Failover="PRIMARY")))
    world.change(("CREATE", alias("pictures.example.com.", ALB, SetIdentifier="two", Failover="SECONDARY")))


def test_a_multivalue_answer_is_no_alias_and_no_cname(world, refused):
    """ResourceRecordSet, MultiValueAnswer: "You can't create multivalue answer alias records", nor CNAMEs."""
    many = {"SetIdentifier": "one", "MultiValueAnswer": True}
    with refused("InvalidChangeBatch", "cannot be a multivalue answer"):
        world.change(("CREATE", alias("pictures.example.com.", ALB, **many)))
    address = {"Name": "pictures.example.com.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    world.change(("CREATE", {**address, **many}))


def test_a_parent_names_health_checks_that_are_there(aws, refused):
    """HealthCheckConfig, ChildHealthChecks: InvalidInput for one that the account does not have, now or later."""
    route53 = aws("route53")
    config = {"Type": "CALCULATED", "HealthThreshold": 1}
    unknown = ["00000000-0000-0000-0000-000000000000"]
    with refused("InvalidInput"):
        route53.create_health_check(CallerReference="p", HealthCheckConfig={**config, "ChildHealthChecks": unknown})
    child = route53.list_health_checks()["HealthChecks"][0]["Id"]
    parent = route53.create_health_check(
        CallerReference="p", HealthCheckConfig={**config, "ChildHealthChecks": [child]}
    )
    known_as = parent["HealthCheck"]["Id"]
    with refused("InvalidInput"):
        route53.update_health_check(HealthCheckId=known_as, ChildHealthChecks=[child, *unknown])
    found = route53.get_health_check(HealthCheckId=known_as)["HealthCheck"]
    assert (found["HealthCheckVersion"], found["HealthCheckConfig"]["ChildHealthChecks"]) == (1, [child])
