"""A runbook's text, for one service."""

import re

from breakglass.config.spelling import quoted
from breakglass.errors import UsageError
from breakglass.model.runbook import ANY_SERVICE, SERVICE
from breakglass.planning.runbook_front import is_service_name
from breakglass.running.runbooks import Volume


def opened(volume: Volume, service: str | None) -> str:
    """The text of a runbook, with the service's name in the place of `SERVICE`.

    Raises `UsageError` for a name that could not stand in a command, and for a runbook about another service.
    """
    if service is None:
        return volume.text
    about = volume.front.text("service") or ANY_SERVICE
    if about not in (ANY_SERVICE, service):
        raise UsageError(
            f"{volume.id} is about {about}, not about {quoted(service)}.",
            hint=f"breakglass runbook show {volume.id}, or one about any service: breakglass runbook list",
        )
    if not is_service_name(service):
        raise UsageError(
            f"{quoted(service)} is no service's name.", hint="Give one service's whole name, such as deployer-api."
        )
    return re.sub(rf"\b{SERVICE}\b", lambda _: service, volume.text)
