"""Listeners and their certificates."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .actions import completed_actions
from .load_balancers import as_list
from .state import Balancing, Listener
from .tags import tags_from

_PAGE = 400
_DEFAULT_SSL_POLICY = "ELBSecurityPolicy-2016-08"
_SECURE = ("HTTPS", "TLS")
_PROTOCOLS = {"application": ("HTTP", "HTTPS"), "network": ("TCP", "TLS", "UDP", "TCP_UDP"), "gateway": ()}


class Listeners:
    """Creation, description, change and deletion of listeners."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreateListener": self._create,
            "DescribeListeners": self._describe,
            "ModifyListener": self._modify,
            "DeleteListener": self._delete,
            "DescribeListenerAttributes": self._describe_attributes,
            "ModifyListenerAttributes": self._modify_attributes,
            "DescribeListenerCertificates": self._describe_certificates,
            "AddListenerCertificates": self._add_certificates,
            "RemoveListenerCertificates": self._remove_certificates,
        }

    def _create(self, call: Call) -> AwsShape:
        """One listener for each port of a load balancer, else DuplicateListener; HTTPS and TLS need a certificate.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html
        """
        state = self._state(call)
        load_balancer_arn = call.params["LoadBalancerArn"]
        kind = state.load_balancer(load_balancer_arn).shape["Type"]
        port, protocol = call.params["Port"], call.params["Protocol"]
        if protocol not in _PROTOCOLS[kind]:
            raise Refused(
                "ValidationError", f"Listener protocol '{protocol}' must be one of '{', '.join(_PROTOCOLS[kind])}'"
            )
        for existing in state.listeners_of(load_balancer_arn):
            if existing.shape["Port"] == port:
                raise Refused(
                    "DuplicateListener",
                    f"A listener already exists on this port for this load balancer '{load_balancer_arn}'",
                )
        certificates = [item["CertificateArn"] for item in call.params.get("Certificates") or []]
        if protocol in _SECURE and not certificates:
            raise Refused("ValidationError", f"A certificate must be specified for {protocol} listeners")
        arn = f"{load_balancer_arn.replace(':loadbalancer/', ':listener/')}/{secrets.token_hex(8)}"
        shape: AwsShape = {
            "ListenerArn": arn,
            "LoadBalancerArn": load_balancer_arn,
            "Port": port,
            "Protocol": protocol,
            "DefaultActions": completed_actions(state, load_balancer_arn, call.params["DefaultActions"]),
        }
        if protocol in _SECURE:
            shape["Certificates"] = [{"CertificateArn": certificates[0]}]
            shape["SslPolicy"] = call.params.get("SslPolicy") or _DEFAULT_SSL_POLICY
            shape["MutualAuthentication"] = call.params.get("MutualAuthentication") or {"Mode": "off"}
        if call.params.get("AlpnPolicy"):
            if protocol != "TLS":
                raise Refused("ALPNPolicyNotSupported", "ALPN policies are for TLS listeners")
            shape["AlpnPolicy"] = call.params["AlpnPolicy"]
        attributes = _attributes(protocol)
        rule_arn = f"{arn.replace(':listener/', ':listener-rule/')}/{secrets.token_hex(8)}"
        state.listeners[arn] = Listener(shape, rule_arn, certificates, attributes)
        state.tags[arn] = tags_from(call.params.get("Tags"))
        return {"Listeners": [shape]}

    def _describe(self, call: Call) -> AwsShape:
        state = self._state(call)
        if arn := call.params.get("LoadBalancerArn"):
            state.load_balancer(arn)
            chosen = state.listeners_of(arn)
        elif arns := call.params.get("ListenerArns"):
            chosen = [state.listener(arn) for arn in arns]
        else:
            raise Refused("ValidationError", "You must specify either listener ARNs or a load balancer ARN")
        shown, marker = page(chosen, call.params.get("Marker"), int(call.params.get("PageSize") or _PAGE))
        return {"Listeners": [item.shape for item in shown], "NextMarker": marker}

    def _modify(self, call: Call) -> AwsShape:
        state = self._state(call)
        found = self._found(call)
        shape = found.shape
        port = call.params.get("Port")
        if port is not None and port != shape["Port"]:
            if any(other.shape["Port"] == port for other in state.listeners_of(shape["LoadBalancerArn"])):
                raise Refused("DuplicateListener", "A listener already exists on this port for this load balancer")
            shape["Port"] = port
        if actions := call.params.get("DefaultActions"):
            before = shape["DefaultActions"]
            shape["DefaultActions"] = completed_actions(state, shape["LoadBalancerArn"], actions, before)
        if certificates := call.params.get("Certificates"):
            found.certificates[:1] = [certificates[0]["CertificateArn"]]
            shape["Certificates"] = [{"CertificateArn": found.certificates[0]}]
        for key in ("Protocol", "SslPolicy", "AlpnPolicy", "MutualAuthentication"):
            if call.params.get(key):
                shape[key] = call.params[key]
        return {"Listeners": [shape]}

    def _delete(self, call: Call) -> AwsShape:
        state = self._state(call)
        arn = call.params["ListenerArn"]
        for rule in state.rules_of(arn):
            state.rules.pop(rule["RuleArn"], None)
            state.tags.pop(rule["RuleArn"], None)
        del state.listeners[arn]
        state.tags.pop(arn, None)
        return {}

    def _describe_attributes(self, call: Call) -> AwsShape:
        return {"Attributes": as_list(self._found(call).attributes)}

    def _modify_attributes(self, call: Call) -> AwsShape:
        found = self._found(call)
        given = {item["Key"]: item.get("Value", "") for item in call.params["Attributes"]}
        if unknown := sorted(set(given) - set(found.attributes)):
            raise Refused("InvalidConfigurationRequest", f"Listener attribute key '{unknown[0]}' is not supported")
        found.attributes.update(given)
        return {"Attributes": as_list(found.attributes)}

    def _describe_certificates(self, call: Call) -> AwsShape:
        """The default certificate and those added for SNI; DescribeListeners shows the default one alone."""
        certificates = self._found(call).certificates
        return {
            "Certificates": [
                {"CertificateArn": arn, "IsDefault": position == 0} for position, arn in enumerate(certificates)
            ]
        }

    def _add_certificates(self, call: Call) -> AwsShape:
        found = self._found(call)
        added = [item["CertificateArn"] for item in call.params["Certificates"]]
        found.certificates += [arn for arn in added if arn not in found.certificates]
        return {"Certificates": [{"CertificateArn": arn, "IsDefault": False} for arn in added]}

    def _remove_certificates(self, call: Call) -> AwsShape:
        found = self._found(call)
        removed = {item["CertificateArn"] for item in call.params["Certificates"]}
        if found.certificates and found.certificates[0] in removed:
            raise Refused("OperationNotPermitted", "Default certificate cannot be removed")
        found.certificates = [arn for arn in found.certificates if arn not in removed]
        return {}

    def _found(self, call: Call) -> Listener:
        return self._state(call).listener(call.params["ListenerArn"])

    def _state(self, call: Call) -> Balancing:
        return self._world.state(Balancing, call.account, call.region)


def _attributes(protocol: str) -> dict[str, str]:
    """Which attributes a listener has depends on its protocol; those of UDP have none.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ListenerAttribute.html
    """
    match protocol:
        case "HTTP" | "HTTPS":
            return {"routing.http.response.server.enabled": "true"}
        case "TCP" | "TCP_UDP":
            return {"tcp.idle_timeout.seconds": "350"}
        case _:
            return {}
