"""Numbers of a configuration file as DynamoDB keeps them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from decimal import Decimal

_INTEGER_LIMIT = 10**38
"""DynamoDB keeps 38 digits, and magnitudes from 1E-130 to 9.99E+125."""
_SMALLEST, _LARGEST = 1e-130, 9.99e125


def dynamodb_number(number: float) -> str | None:
    """The number as DynamoDB writes it: no exponent, no trailing zeros. None where it cannot hold it."""
    if isinstance(number, int):
        return str(number) if abs(number) < _INTEGER_LIMIT else None
    if number == 0:
        return "0"
    if not _SMALLEST <= abs(number) <= _LARGEST:
        return None
    return format(Decimal(repr(number)).normalize(), "f")
