"""Rules: what AWS never tells, and what cannot be forwarded to any more."""

import pytest

from breakglass.kinds import all_kinds
from breakglass.model.component import Owned, Present, State
from breakglass.model.world import World
from tests.kinds.changing import BALANCER, GROUP, RUN, Example, calls, example, inventory, world, wrong

OIDC = {
    "Type": "authenticate-oidc",
    "Order": 1,
    "AuthenticateOidcConfig": {
        "Issuer": "https://login.example.com",
        "AuthorizationEndpoint": "https://login.example.com/authorize",
        "TokenEndpoint": "https://login.example.com/token",
        "UserInfoEndpoint": "https://login.example.com/me",
        "ClientId": "deployer",
    },
}
COGNITO = {
    "Type": "authenticate-cognito",
    "Order": 1,
    "AuthenticateCognitoConfig": {"UserPoolArn": "arn:x", "UserPoolClientId": "x", "UserPoolDomain": "x"},
}
FORWARD = {"Type": "forward", "TargetGroupArn": GROUP, "Order": 2}
PLACES = [("listener", "DefaultActions", "ModifyListener"), ("listener-rule", "Actions", "ModifyRule")]


def having(kind, field, *actions):
    one = example(kind)
    return Example(one.key, {**one.facts, field: list(actions)}, one.refers)


@pytest.mark.parametrize(("kind", "field", "_"), PLACES)
def test_a_client_secret_that_is_not_told_is_a_loss_and_a_blocker(kind, field, _):
    one = having(kind, field, OIDC, FORWARD)
    making = all_kinds()[kind].rebuild(one.recipe, world())
    (loss,), (blocker,) = making.lost, making.blockers
    assert "client secret of https://login.example.com" in loss.what
    assert f"--keep {kind}" in blocker.hint
    assert (loss.component, blocker.component) == (one.key, one.key)


@pytest.mark.parametrize(("kind", "field", "operation"), PLACES)
def test_where_it_is_there_the_secret_it_has_is_kept(kind, field, operation):
    one = having(kind, field, OIDC, FORWARD)
    (call,) = calls(all_kinds()[kind].repoint(one.component(), one.refers, world()).actions)
    assert call.operation == operation
    assert call.params[field][0]["AuthenticateOidcConfig"]["UseExistingClientSecret"] is True
    assert "UseExistingClientSecret" not in OIDC["AuthenticateOidcConfig"], "what was read is left as it is"
    assert wrong(call) == ()


@pytest.mark.parametrize(("kind", "field", "_"), PLACES)
@pytest.mark.parametrize(
    "action",
    [
        COGNITO,
        {"Type": "redirect", "Order": 1, "RedirectConfig": {"StatusCode": "HTTP_302", "Host": "example.net"}},
        {"Type": "fixed-response", "Order": 1, "FixedResponseConfig": {"StatusCode": "503", "MessageBody": "later"}},
    ],
)
def test_every_other_action_comes_back_whole(kind, field, _, action):
    making = all_kinds()[kind].rebuild(having(kind, field, action).recipe, world())
    assert making.blockers == making.lost == ()
    assert calls(making.actions)[0].params[field] == [action]


def test_transforms_and_patterns_come_back():
    one = example("listener-rule")
    transforms = [{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/a", "Replace": "/b"}]}}]
    read = {"Field": "path-pattern", "RegexValues": ["^/v[0-9]"], "PathPatternConfig": {"RegexValues": ["^/v[0-9]"]}}
    facts = {**one.facts, "Transforms": transforms, "Conditions": [read]}
    (call,) = calls(one.kind.rebuild(Example(one.key, facts).recipe, world()).actions)
    assert call.params["Transforms"] == transforms
    assert call.params["Conditions"] == [{"Field": "path-pattern", "PathPatternConfig": read["PathPatternConfig"]}]
    assert wrong(call) == ()
    assert "^/v[0-9]" in one.kind.describe(one.key, Present(facts))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"LoadBalancerArns": [BALANCER.replace("/deployer-api/", "/other/")]}, "belongs to the load balancer other"),
        ({"VpcId": "vpc-2"}, "vpc-2"),
        ({"Protocol": "TCP"}, "speaks TCP"),
        ({}, None),
        ({"LoadBalancerArns": []}, None),
    ],
)
@pytest.mark.parametrize("kind", ["listener", "listener-rule"])
def test_a_target_group_that_does_not_fit_any_more_blocks(kind, change, words):
    group, balancer = example("target-group"), example("load-balancer")
    there = {"state": State.OK, "ownership": Owned(())}
    living = Example(group.key, {**group.facts, **change}).component(**there)
    around = World(RUN, inventory(living, balancer.component(**there)))
    one = example(kind)
    blockers = one.kind.rebuild(one.recipe, around).blockers
    assert len(blockers) == (1 if words else 0)
    assert all(words in one.message for one in blockers)


def test_mutual_tls_comes_back_without_how_it_is_doing():
    one = example("listener")
    mutual = {"Mode": "verify", "TrustStoreArn": "arn:x", "IgnoreClientCertificateExpiry": False}
    facts = {**one.facts, "MutualAuthentication": {**mutual, "TrustStoreAssociationStatus": "active"}}
    (create, *_) = calls(one.kind.rebuild(Example(one.key, facts).recipe, world()).actions)
    assert create.params["MutualAuthentication"] == mutual
