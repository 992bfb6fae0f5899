"""Smithy's RPC v2 CBOR, which CloudWatch, Cloud Map and the tagging API speak by default.

https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html; the encoding is RFC 8949. moto knows JSON and Query
alone, so requests are decoded here and answers encoded.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from botocore.parsers import RpcV2CBORParser

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_EPOCH_TAG = 1


def decode(body: bytes) -> dict[str, Any]:
    """The structure in a request's body; an empty body is an empty structure."""
    if not body:
        return {}
    parser = RpcV2CBORParser()
    stream = parser.get_peekable_stream_from_bytes(body)
    return cast(dict[str, Any], parser.parse_data_item(stream))


def encode(value: object) -> bytes:
    """One value as CBOR; None members of a structure are left out, as Smithy asks."""
    match value:
        case bool():
            return bytes([_SIMPLE << 5 | (21 if value else 20)])
        case int():
            return _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)
        case float():
            return bytes([_SIMPLE << 5 | 27]) + struct.pack(">d", value)
        case str():
            text = value.encode()
            return _head(_TEXT, len(text)) + text
        case bytes() | bytearray():
            return _head(_BYTES, len(value)) + bytes(value)
        case datetime():
            return _head(_TAG, _EPOCH_TAG) + encode(value.timestamp())
        case Mapping():
            members = {k: v for k, v in value.items() if v is not None}
            return _head(_MAP, len(members)) + b"".join(encode(k) + encode(v) for k, v in members.items())
        case Sequence():
            return _head(_ARRAY, len(value)) + b"".join(map(encode, value))
    raise TypeError(f"no CBOR for {type(value).__name__}")


def _head(major: int, argument: int) -> bytes:
    if argument < 24:  # noqa: PLR2004 - RFC 8949: small arguments stand in the first byte
        return bytes([major << 5 | argument])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << 8 * size:
            return bytes([major << 5 | info]) + argument.to_bytes(size, "big")
    raise OverflowError("no CBOR integer is that large")
