"""Security groups: one look for all, who is in them for a copy, never removed and never made."""

import pytest

from breakglass.kinds import all_kinds
from breakglass.model.component import Absent, Present, Unreadable
from breakglass.model.kind import Detail, Look
from breakglass.model.reading import AwsError, Denied, NotOffered, Refused, Throttled, Unreachable
from breakglass.model.security_groups import in_words
from tests.kinds.fake_reader import FakeReader, find, lead, settings
from tests.kinds.worlds import security_group, security_groups

KIND = all_kinds()["security-group"]
TASKS, BALANCERS, DATABASE = (
    security_group("sg-1", "tasks", "sg-2"),
    security_group("sg-2", "balancers"),
    security_group("sg-3", "database", "sg-1"),
)
INTERFACE = {"NetworkInterfaceId": "eni-1", "Description": "ELB app/public/50dc", "Groups": [{"GroupId": "sg-1"}]}
WORLD = security_groups(TASKS, BALANCERS, DATABASE, interfaces={"sg-1": [INTERFACE]})


def leads(*refs):
    return [lead(KIND, ref) for ref in refs]


def test_all_are_looked_up_with_one_call():
    reader = FakeReader(WORLD)
    found = find(KIND, reader, *leads("sg-1", "sg-2", "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1"))
    assert set(found) == {"sg-1", "sg-2"}
    assert len(found["sg-1"].leads) == 2
    assert len(reader.sent) == 1


@pytest.mark.parametrize(("bad", "state"), [("sg-9", Absent), ("sg-9 is not an id", Absent)])
def test_a_bad_id_is_told_from_the_good_ones(bad, state):
    found = find(KIND, FakeReader(WORLD), *leads("sg-1", bad, "sg-2"))
    assert isinstance(found[bad].sighting, state)
    assert all(isinstance(found[good].sighting, Present) for good in ("sg-1", "sg-2"))


def test_an_id_that_aws_refuses_is_unreadable_and_spoils_nothing():
    there = dict(WORLD)
    describe = there["ec2", "DescribeSecurityGroups"]

    def refusing(ask):
        if "sg-x" in ask.params["GroupIds"]:
            raise Refused(ask.iam_action, "InvalidGroupId.Malformed", "sg-x")
        return describe(ask)

    there["ec2", "DescribeSecurityGroups"] = refusing
    found = find(KIND, FakeReader(there), *leads("sg-1", "sg-x"))
    assert isinstance(found["sg-1"].sighting, Present)
    assert isinstance(found["sg-x"].sighting, Unreadable)


@pytest.mark.parametrize("failure", [Denied, Throttled, Unreachable])
def test_a_failure_is_one_call_and_never_absence(failure):
    reader = FakeReader(WORLD, failing={"ec2:DescribeSecurityGroups": failure})
    found = find(KIND, reader, *leads("sg-1", "sg-2"))
    assert {type(one.sighting) for one in found.values()} == {Unreadable}
    assert len(reader.sent) == 1


@pytest.mark.parametrize("refs", [("sg-1",), ("sg-1", "sg-2"), ("tasks",)])
@pytest.mark.parametrize("detail", Detail)
def test_through_an_endpoint_without_ec2_nothing_is_found(refs, detail):
    reader = FakeReader(WORLD, failing={"ec2:DescribeSecurityGroups": NotOffered})
    assert find(KIND, reader, *leads(*refs), detail=detail) == {}


def test_a_name_leads_to_all_that_bear_it():
    there = security_groups(TASKS, replaced(TASKS, GroupId="sg-7", VpcId="vpc-2"))
    assert set(find(KIND, FakeReader(there), *leads("tasks"))) == {"sg-1", "sg-7"}
    (missing,) = find(KIND, FakeReader(there), *leads("nobody")).values()
    assert isinstance(missing.sighting, Absent)


def replaced(group, **fields):
    return {**group, **fields}


def test_the_groups_it_names_are_not_this_services():
    (reference,) = find(KIND, FakeReader(WORLD), *leads("sg-1"))["sg-1"].sighting.references
    assert (reference.ref, reference.follow, reference.hint) == ("sg-2", False, True)


def test_a_copy_tells_who_lets_it_in_and_what_is_in_it():
    reader = FakeReader(WORLD)
    found = find(KIND, reader, *leads("sg-1", "sg-2"), detail=Detail.COPY)
    assert [group["GroupId"] for group in found["sg-1"].sighting.facts["ReferringSecurityGroups"]] == ["sg-3"]
    words = [user.words for user in KIND.users(found["sg-1"], Look(reader, settings(), Detail.COPY)).by]
    assert any("sg-3" in text and "database" in text for text in words)
    assert any("eni-1" in text and "ELB app/public/50dc" in text for text in words)
    assert reader.counted() == {"ec2:DescribeSecurityGroups": 2, "ec2:DescribeNetworkInterfaces": 1}


def test_a_look_asks_nothing_about_users():
    reader = FakeReader(WORLD)
    found = find(KIND, reader, *leads("sg-1"))["sg-1"]
    assert KIND.users(found, Look(reader, settings())).by == ()
    assert len(reader.sent) == 1


@pytest.mark.parametrize("failure", [Denied, NotOffered])
def test_who_uses_it_is_no_part_of_its_state(failure: type[AwsError]):
    reader = FakeReader(WORLD, failing={"ec2:DescribeNetworkInterfaces": failure})
    found = find(KIND, reader, *leads("sg-1"), detail=Detail.COPY)["sg-1"]
    assert not found.sighting.unread
    unread = KIND.users(found, Look(reader, settings(), Detail.COPY)).unread
    assert [one.operation for one in unread] == ([] if failure is NotOffered else ["ec2:DescribeNetworkInterfaces"])


def test_a_filter_that_is_refused_leaves_it_readable():
    there = dict(WORLD)
    describe = there["ec2", "DescribeSecurityGroups"]

    def without_filters(ask):
        if "Filters" in ask.params:
            raise Denied(ask.iam_action, "UnauthorizedOperation", "not with filters")
        return describe(ask)

    there["ec2", "DescribeSecurityGroups"] = without_filters
    reader = FakeReader(there)
    found = find(KIND, reader, *leads("sg-1"), detail=Detail.COPY)["sg-1"]
    assert isinstance(found.sighting, Present)
    assert not found.sighting.unread
    assert KIND.users(found, Look(reader, settings(), Detail.COPY)).unread


def test_its_rules_are_remembered_in_words():
    group = {
        "GroupName": "tasks",
        "VpcId": "vpc-1",
        "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": [{"GroupId": "sg-2"}]},
            {"IpProtocol": "tcp", "FromPort": 9000, "ToPort": 9010, "PrefixListIds": [{"PrefixListId": "pl-1"}]},
            {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        ],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    }
    assert KIND.remembered_as(group) == in_words(group)
    assert in_words(group) == (
        "tasks in vpc-1: in tcp 8080 from sg-2; in tcp 9000-9010 from pl-1; in icmp from ::/0; out all to 0.0.0.0/0"
    )
    assert KIND.remembered_as({}) == ""


def test_it_is_never_removed_and_never_made():
    assert not KIND.removable
    assert not KIND.makeable
