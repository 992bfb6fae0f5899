"""How the sandbox says no: one exception that every protocol can put on the wire."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - named for what AWS answered
    """AWS's answer to a call that it does not carry out.

    `code` is the error code as botocore's ClientError shows it (which is not always the name of the modelled
    exception: `LoadBalancerNotFoundException` has the code `LoadBalancerNotFound`), `status` the HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
