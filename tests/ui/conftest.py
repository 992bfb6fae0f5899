"""Hypothesis strategies and one worked example for everything that is printed."""

from datetime import UTC, datetime

import pytest

from breakglass.model.account import Account, Environment
from breakglass.model.component import Absent, Component, Owned, Present, Shared, State, Unproven, Unread, Unreadable
from breakglass.model.inventory import Diagnosis, Finding, Health, Inventory, Severity
from breakglass.model.lead import Key, Lead, Source

ENTRY = Key("state-entry", "wonderland-services/deployer-api")
SERVICE = Key("ecs-service", "wonderland/deployer-api")
GROUP = Key("target-group", "deployer-api")
BALANCER = Key("load-balancer", "app/public")
RECORD = Key("dns-record", "deployer-api.example.com")
CHECK = Key("health-check", "3f2b4c5d-0000-4000-8000-1234567890ab")

FACTS = {
    GROUP: {"TargetGroupName": "deployer-api", "Protocol": "HTTP", "Port": 80},
    BALANCER: {"LoadBalancerName": "public", "Type": "application"},
    RECORD: {"Name": "deployer-api.example.com.", "Type": "CNAME", "ResourceRecords": [{"Value": "app.example.com"}]},
}


def _component(key, state, reason, needs=(), ownership=None, sighting=None, arn=None):
    lead = Lead(key.kind, key.id, Source.STATE_ENTRY, f"{ENTRY} {key.kind}")
    return Component(
        key=key,
        sighting=sighting or Present(FACTS.get(key, {})),
        leads=(lead, lead),
        state=state,
        reason=reason,
        ownership=ownership or Owned(("state entry",)),
        depends_on=tuple(needs),
        arn=arn,
    )


@pytest.fixture(name="half_deleted")
def _half_deleted():
    """The night of the postmortem: the service is gone, the rest is left."""
    unread = Unread("route53:GetHealthCheck", "AccessDenied", "not authorized")
    components = (
        _component(CHECK, State.UNREADABLE, "AccessDenied on route53:GetHealthCheck", sighting=Unreadable((unread,))),
        _component(
            BALANCER,
            State.OK,
            "",
            ownership=Shared(("billing-api",)),
            arn="arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/public/50dc6c491c9188f2",
        ),
        _component(ENTRY, State.STALE, "says rev 41 runs; no such service", (SERVICE, GROUP, BALANCER, RECORD, CHECK)),
        _component(SERVICE, State.MISSING, "deleted 03:04Z", (GROUP,), sighting=Absent("deleted 03:04Z")),
        _component(GROUP, State.OK, "0 healthy of 0", ownership=Unproven("ecs:ListServices is denied")),
        _component(RECORD, State.OK, "-> app/public in 111122223333", (BALANCER, CHECK)),
    )
    finding = Finding(
        Severity.CRITICAL,
        "unreadable",
        "route53:GetHealthCheck is denied to BreakGlass.",
        "Unreadable is not missing: it will be left alone.",
        CHECK,
    )
    return Inventory(
        service="deployer-api",
        account=Account(
            "111122223333",
            "arn:aws:sts::111122223333:assumed-role/BreakGlass/ana",
            "acme-prod",
            "production",
            Environment.PRODUCTION,
        ),
        region="eu-west-1",
        read_at=datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC),
        diagnosis=Diagnosis(
            Health.HALF_DELETED,
            "the ECS service is gone, 5 pieces of it are left",
            ("breakglass rebuild deployer-api",),
        ),
        components=components,
        findings=(finding,),
        complete=False,
        api_calls=14,
    )
