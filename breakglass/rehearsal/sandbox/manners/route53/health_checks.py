"""Health checks."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.manners.limits import insist_on_room
from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import GLOBAL, AwsShape, Call, World

from .state import Dns, HealthCheck

_PAGE = 100
_DEFAULTS: AwsShape = {"Inverted": False, "Disabled": False}
_ENDPOINT_DEFAULTS: AwsShape = {"RequestInterval": 30, "FailureThreshold": 3, "MeasureLatency": False}
_PORTS = {"HTTP": 80, "HTTP_STR_MATCH": 80, "HTTPS": 443, "HTTPS_STR_MATCH": 443}
_NOT_CONFIG = ("HealthCheckId", "HealthCheckVersion", "ResetElements")


class HealthChecks:
    """Creation, description, change and deletion of health checks."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreateHealthCheck": self._create,
            "GetHealthCheck": self._get,
            "ListHealthChecks": self._list,
            "UpdateHealthCheck": self._update,
            "DeleteHealthCheck": self._delete,
            "GetHealthCheckCount": self._count,
            "GetHealthCheckStatus": self._status,
        }

    def _create(self, call: Call) -> AwsShape:
        """A CallerReference is good for one health check, for ever as far as anyone can tell.

        Again with the same settings returns the one that is there; with other settings, or after that one was
        deleted, HealthCheckAlreadyExists.
        https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHealthCheck.html
        """
        dns = self._dns(call)
        reference, config = call.params["CallerReference"], copy.deepcopy(call.params["HealthCheckConfig"])
        if reference in dns.references_used:
            existing = dns.health_checks.get(dns.references_used[reference])
            if existing is not None and existing.request == config:
                return self._created(existing)
            raise Refused(
                "HealthCheckAlreadyExists",
                "A health check with this caller reference has been created before, with other settings or deleted "
                f"since: {reference}",
                409,
            )
        _insist_on_children(dns, config)
        insist_on_room(self._world, call, "MAX_HEALTH_CHECKS_BY_OWNER", len(dns.health_checks), "TooManyHealthChecks")
        check_id = str(uuid.uuid4())
        shape = {
            "Id": check_id,
            "CallerReference": reference,
            "HealthCheckConfig": _completed(config),
            "HealthCheckVersion": 1,
        }
        dns.health_checks[check_id] = HealthCheck(shape, config)
        dns.references_used[reference] = check_id
        return self._created(dns.health_checks[check_id])

    def _get(self, call: Call) -> AwsShape:
        return {"HealthCheck": self._dns(call).health_check(call.params["HealthCheckId"]).shape}

    def _list(self, call: Call) -> AwsShape:
        checks = [item.shape for item in self._dns(call).health_checks.values()]
        size = int(call.params.get("MaxItems") or _PAGE)
        marker = call.params.get("Marker")
        shown, following = page(checks, marker, size)
        answer: AwsShape = {
            "HealthChecks": shown,
            "Marker": marker or "",
            "IsTruncated": following is not None,
            "MaxItems": str(size),
        }
        return {**answer, "NextMarker": following} if following else answer

    def _update(self, call: Call) -> AwsShape:
        """Fields that are not sent stay; HealthCheckVersion, where sent, must be the present one.

        https://docs.aws.amazon.com/Route53/latest/APIReference/API_UpdateHealthCheck.html
        """
        found = self._dns(call).health_check(call.params["HealthCheckId"])
        _insist_on_children(self._dns(call), call.params)
        version = call.params.get("HealthCheckVersion")
        if version is not None and version != found.shape["HealthCheckVersion"]:
            raise Refused("HealthCheckVersionMismatch", "The health check has been changed since it was read.", 409)
        config = found.shape["HealthCheckConfig"]
        config.update({key: value for key, value in call.params.items() if key not in _NOT_CONFIG})
        for element in call.params.get("ResetElements", []):
            config.pop(element, None)
        found.shape["HealthCheckVersion"] += 1
        return {"HealthCheck": found.shape}

    def _delete(self, call: Call) -> AwsShape:
        """Succeeds even where record sets or parent checks still use it.

        https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHealthCheck.html
        """
        dns = self._dns(call)
        check_id = call.params["HealthCheckId"]
        dns.health_check(check_id)
        del dns.health_checks[check_id]
        dns.tags.pop(("healthcheck", check_id), None)
        return {}

    def _count(self, call: Call) -> AwsShape:
        return {"HealthCheckCount": len(self._dns(call).health_checks)}

    def _status(self, call: Call) -> AwsShape:
        found = self._dns(call).health_check(call.params["HealthCheckId"])
        if found.shape["HealthCheckConfig"]["Type"] == "CALCULATED":
            raise Refused("InvalidInput", "A calculated health check has no status of its own.")
        report = {"Status": "Success: HTTP Status Code 200, OK", "CheckedTime": self._world.clock.moment()}
        return {
            "HealthCheckObservations": [
                {"Region": region, "IPAddress": address, "StatusReport": report}
                for region, address in (("eu-west-1", "54.228.16.1"), ("us-east-1", "54.243.31.1"))
            ]
        }

    def _created(self, check: HealthCheck) -> AwsShape:
        location = f"https://route53.amazonaws.com/2013-04-01/healthcheck/{check.shape['Id']}"
        return {"HealthCheck": check.shape, "Location": location}

    def _dns(self, call: Call) -> Dns:
        return self._world.state(Dns, call.account, GLOBAL)


def _insist_on_children(dns: Dns, config: AwsShape) -> None:
    """A CALCULATED check names health checks of the account.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
    """
    for child in config.get("ChildHealthChecks", []):
        if child not in dns.health_checks:
            raise Refused("InvalidInput", f"The health check {child} does not exist.")


def _completed(config: AwsShape) -> AwsShape:
    kind = config["Type"]
    full = {**_DEFAULTS, **(_ENDPOINT_DEFAULTS if kind not in ("CALCULATED", "CLOUDWATCH_METRIC") else {})}
    if kind in _PORTS:
        full["Port"] = _PORTS[kind]
    if kind.startswith("HTTPS"):
        full["EnableSNI"] = True
    return full | config
