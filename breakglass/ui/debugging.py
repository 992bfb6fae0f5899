"""`--debug`: what is sent to AWS, line by line on standard error.

`breakglass.aws` logs each request (service, operation, region, milliseconds, status, request id; never a body)
to a logger below `breakglass`; here it gets its way to the operator. The SDK's own loggers are left alone: they
would write bodies and signatures.
"""

import logging
import sys
from datetime import UTC, datetime

from breakglass.ui.masking import mask_text
from breakglass.ui.terminal import harmless, say

LOGGER = "breakglass"


class _ToStandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        at = datetime.fromtimestamp(record.created, UTC)
        say(f"{at:%H:%M:%S}.{at.microsecond // 1000:03}Z {harmless(mask_text(record.getMessage()))}\n", sys.stderr)


def trace() -> None:
    """Write every record of `breakglass` to standard error from now on."""
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.DEBUG)
    if not any(isinstance(handler, _ToStandardError) for handler in logger.handlers):
        logger.addHandler(_ToStandardError())
    logger.propagate = False
