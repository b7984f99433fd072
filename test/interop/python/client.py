"""A client of the order service in Python: makes the calls that it is told of, one a line, and tells what came of each.

Usage: client.py <folder of the generated stubs> <host:port>

A line of input is JSON: {"method": "CreateOrder", "request": {...}, "key": "...", "via": "stub" | "bytes"}. With `stub` the
call goes through the generated stub, with `bytes` through a generic callable that hands out the answer as it came over the
wire. A line of output is JSON, too: code, details, metadata, and in hex the request and the answer.
"""

import json
import sys

import grpc
from google.protobuf import json_format

stubs_folder, address = sys.argv[1:]
sys.path.insert(0, stubs_folder)

from orders.v1 import order_service_pb2 as messages  # noqa: E402
from orders.v1 import order_service_pb2_grpc as services  # noqa: E402

CALL_LIMIT_SECONDS = 30
SERVICE = "orders.v1.OrderService"

# What the README allows: to repeat a call on UNAVAILABLE, with the same metadata. A channel whose server was killed notices
# that only when it sends the next call.
RETRIES = {
    "methodConfig": [
        {
            "name": [{"service": SERVICE}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}


def callable_for(channel, method, via):
    """The generated stub's method, or one that neither encodes nor decodes."""
    if via == "stub":
        return getattr(services.OrderServiceStub(channel), method)
    return channel.unary_unary(f"/{SERVICE}/{method}", request_serializer=None, response_deserializer=None)


def make_call(channel, wanted):
    method, via, key = wanted["method"], wanted["via"], wanted.get("key")
    request = json_format.ParseDict(wanted["request"], getattr(messages, f"{method}Request")())
    request_bytes = request.SerializeToString()
    metadata = () if key is None else (("idempotency-key", key),)
    call = callable_for(channel, method, via)
    try:
        response, outcome = call.with_call(
            request if via == "stub" else request_bytes,
            metadata=metadata,
            timeout=CALL_LIMIT_SECONDS,
            wait_for_ready=True,
        )
    except grpc.RpcError as error:
        response, outcome = None, error
    return {
        "code": outcome.code().name,
        "details": outcome.details(),
        "metadata": texts(outcome.initial_metadata()) | texts(outcome.trailing_metadata()),
        "requestHex": request_bytes.hex(),
        "responseHex": None if response is None else bytes_of(response).hex(),
    }


def texts(metadata):
    return {key: value for key, value in metadata or () if isinstance(value, str)}


def bytes_of(response):
    return response if isinstance(response, bytes) else response.SerializeToString(deterministic=True)


with grpc.insecure_channel(address, options=[("grpc.service_config", json.dumps(RETRIES))]) as open_channel:
    for line in sys.stdin:
        print(json.dumps(make_call(open_channel, json.loads(line))), flush=True)
