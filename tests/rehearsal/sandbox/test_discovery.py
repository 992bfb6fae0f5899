"""Cloud Map as AWS documents it, where moto answers otherwise."""

import pytest

from tests.conftest import World

NOBODY = "srv-0000000000000000"


@pytest.fixture
def spaces(sandbox, aws):
    """Two namespaces by name."""
    client = aws("servicediscovery")
    for name in ("wonderland", "other"):
        client.create_http_namespace(Name=name)
    return {one["Name"]: one["Id"] for one in client.list_namespaces()["Namespaces"]}


def test_a_name_is_taken_once_in_a_namespace(aws, spaces, refused):
    """CreateService: ServiceAlreadyExists, "The service can't be created because a service with the same name already
    exists", unless CreatorRequestId says that it is the same request (API_CreateService)."""
    client = aws("servicediscovery")
    ask = {"Name": "deployer-api", "NamespaceId": spaces["wonderland"], "CreatorRequestId": "once"}
    made = client.create_service(**ask)["Service"]
    assert client.create_service(**ask)["Service"]["Id"] == made["Id"]
    with refused("ServiceAlreadyExists"):
        client.create_service(**{**ask, "CreatorRequestId": "twice"})
    assert client.create_service(**{**ask, "NamespaceId": spaces["other"]})["Service"]["Id"] != made["Id"]


def test_a_network_has_several_namespaces(sandbox, aws, world, refused):
    """CreatePrivateDnsNamespace: NamespaceAlreadyExists, "The namespace that you're trying to create already exists";
    nothing is said of a VPC that has another one (API_CreatePrivateDnsNamespace)."""
    client, vpc = aws("servicediscovery"), world.balancer()["VpcId"]
    for name in ("one.local", "other.local"):
        client.create_private_dns_namespace(Name=name, Vpc=vpc)
    assert {"one.local", "other.local"} <= {one["Name"] for one in client.list_namespaces()["Namespaces"]}
    with refused("NamespaceAlreadyExists"):
        client.create_private_dns_namespace(Name="one.local", Vpc=vpc)


def test_a_service_needs_its_namespace(aws, sandbox, refused):
    """CreateService: NamespaceNotFound, "No namespace exists with the specified ID" (API_CreateService)."""
    with refused("NamespaceNotFound"):
        aws("servicediscovery").create_service(Name="deployer-api", NamespaceId="ns-0000000000000000")


def test_what_is_not_there_cannot_be_deleted(aws, sandbox, refused):
    """DeleteService: ServiceNotFound, "No service exists with the specified ID" (API_DeleteService)."""
    with refused("ServiceNotFound"):
        aws("servicediscovery").delete_service(Id=NOBODY)


def test_listings_filter(aws, spaces):
    """ListServices by NAMESPACE_ID (API_ServiceFilter), ListNamespaces by NAME (API_NamespaceFilter)."""
    client = aws("servicediscovery")
    for name, space in spaces.items():
        client.create_service(Name=f"of-{name}", NamespaceId=space)
    by_space = [{"Name": "NAMESPACE_ID", "Values": [spaces["other"]], "Condition": "EQ"}]
    assert [one["Name"] for one in client.list_services(Filters=by_space)["Services"]] == ["of-other"]
    by_name = [{"Name": "NAME", "Values": ["wonderland"], "Condition": "EQ"}]
    found = client.list_namespaces(Filters=by_name)["Namespaces"]
    assert [one["Id"] for one in found] == [spaces["wonderland"]]


def test_a_summary_does_not_say_the_namespace(aws, spaces):
    """ServiceSummary has no NamespaceId, Service has (API_ServiceSummary)."""
    client = aws("servicediscovery")
    made = client.create_service(Name="deployer-api", NamespaceId=spaces["wonderland"])["Service"]
    (listed,) = [one for one in client.list_services()["Services"] if one["Id"] == made["Id"]]
    assert "NamespaceId" not in listed
    assert client.get_service(Id=made["Id"])["Service"]["NamespaceId"] == spaces["wonderland"]


def test_a_service_tells_its_instances_and_how_they_are_found(aws, sandbox, world: World, spaces):
    """Service: InstanceCount, and Type, HTTP where there are no records, DNS_HTTP where there are (API_Service)."""
    client = aws("servicediscovery")
    plain = client.create_service(Name="plain", NamespaceId=spaces["wonderland"])["Service"]["Id"]
    client.register_instance(ServiceId=plain, InstanceId="i", Attributes={"AWS_INSTANCE_IPV4": "10.0.0.1"})
    told = client.get_service(Id=plain)["Service"]
    assert (told["InstanceCount"], told["Type"]) == (1, "HTTP")
    client.create_private_dns_namespace(Name="wonderland.local", Vpc=world.balancer()["VpcId"])
    space = next(one["Id"] for one in client.list_namespaces()["Namespaces"] if one["Name"] == "wonderland.local")
    records = {"DnsRecords": [{"Type": "A", "TTL": 60}]}
    made = client.create_service(Name="named", NamespaceId=space, DnsConfig=records)["Service"]
    assert (made["InstanceCount"], made["Type"]) == (0, "DNS_HTTP")
