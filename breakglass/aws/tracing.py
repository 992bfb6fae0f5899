"""One line for each request, on the logger `breakglass.aws`: what `--debug` shows.

A line has service, operation, region, milliseconds, HTTP status, AWS's error code and the request id. Parameters,
bodies, headers and credentials are never logged: they may hold secrets.
"""

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

_LOGGER = logging.getLogger("breakglass.aws")


def trace(client: Any) -> None:
    """Log every attempt that `client` makes, retries included; nothing where nobody reads the log."""
    if not _LOGGER.isEnabledFor(logging.DEBUG):
        return
    attempt = _Attempt(f"{client.meta.service_model.service_name}", client.meta.region_name)
    name = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"before-send.{name}", attempt.begin)
    client.meta.events.register(f"response-received.{name}", attempt.end)


class _Attempt:
    """botocore sends and receives an attempt within one thread, and says `before-send` and `response-received`."""

    def __init__(self, service: str, region: str) -> None:
        self._where = service, region
        self._began = threading.local()

    def begin(self, **_: Any) -> None:
        self._began.at = time.monotonic()

    def end(
        self,
        *,
        event_name: str,
        response_dict: Mapping[str, Any] | None,
        parsed_response: Mapping[str, Any] | None,
        exception: Exception | None,
        **_: Any,
    ) -> None:
        took = round((time.monotonic() - self._began.at) * 1000)
        service, region = self._where
        operation = event_name.rpartition(".")[2]
        outcome = _outcome(response_dict, parsed_response, exception)
        _LOGGER.debug("%s %s %s %d ms %s", service, operation, region, took, outcome)


def _outcome(response: Mapping[str, Any] | None, parsed: Mapping[str, Any] | None, exception: Exception | None) -> str:
    if response is None or parsed is None:
        return f"no answer ({type(exception).__name__})"
    code = parsed.get("Error", {}).get("Code")
    request = parsed.get("ResponseMetadata", {}).get("RequestId") or "no request id"
    return " ".join(str(part) for part in (response["status_code"], code, request) if part)
