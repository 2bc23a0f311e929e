#!/usr/bin/env python3
"""An independent client: Python grpcio that knows nothing but the address and a token.

It starts the program given as its argument, learns the contract by reflection, and uses what gRPC offers to every
client: health, retries by service config, gzip, deadlines, rich errors. It exits 0 if all of it holds.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

RETRY = json.dumps({
    "methodConfig": [{
        "name": [{}],
        "retryPolicy": {
            "maxAttempts": 5,
            "initialBackoff": "0.5s",
            "maxBackoff": "2s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        },
    }]
})


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Contract:
    """Messages and calls by name, as reflection shows them."""

    def __init__(self, channel, token):
        self.channel = channel
        self.metadata = [("authorization", f"Bearer {token}")] if token else []
        self.pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))

    def call(self, service, method, request=None, timeout=10, compression=None):
        descriptor = self.pool.FindServiceByName(f"banggiao.{service}").FindMethodByName(method)
        request_type = message_factory.GetMessageClass(descriptor.input_type)
        response_type = message_factory.GetMessageClass(descriptor.output_type)
        stub = self.channel.unary_unary(
            f"/banggiao.{service}/{method}",
            request_serializer=request_type.SerializeToString,
            response_deserializer=response_type.FromString,
        )
        message = json_format.ParseDict(request or {}, request_type(), descriptor_pool=self.pool)
        return stub(message, timeout=timeout, metadata=self.metadata, compression=compression)


def refused(action):
    try:
        action()
    except grpc.RpcError as error:
        return error
    raise AssertionError("it was accepted")


def details(error):
    packed = dict(error.trailing_metadata()).get("grpc-status-details-bin")
    status = status_pb2.Status.FromString(packed)
    bad_request, info = error_details_pb2.BadRequest(), error_details_pb2.ErrorInfo()
    for detail in status.details:
        detail.Unpack(bad_request)
        detail.Unpack(info)
    return sorted(violation.field for violation in bad_request.field_violations), info


def check(program, folder, port):
    address = f"127.0.0.1:{port}"
    options = [("grpc.service_config", RETRY), ("grpc.enable_retries", 1)]
    channel = grpc.insecure_channel(address, options=options)

    # The server comes up while the first call is being retried.
    server = []
    starter = threading.Timer(1.0, lambda: server.append(subprocess.Popen(
        [program, "up", "--data-dir", folder, "--listen", address], stderr=subprocess.DEVNULL)))
    starter.start()
    try:
        health = health_pb2_grpc.HealthStub(channel)
        serving = health_pb2.HealthCheckResponse.SERVING
        assert health.Check(health_pb2.HealthCheckRequest(), timeout=20).status == serving
        print("retried until the server was there")
        for service in ("banggiao.registry.v1", "banggiao.journal.v1", "banggiao.reporting.v1"):
            while health.Check(health_pb2.HealthCheckRequest(service=service), timeout=5).status != serving:
                time.sleep(0.05)
        with open(os.path.join(folder, "admin.token")) as file:
            contract = Contract(channel, file.read().strip())
        calls(contract, channel)
    finally:
        starter.join()
        for process in server:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0, "SIGTERM ends it within ten seconds"
    print("ended on SIGTERM")


def calls(contract, channel):
    unit = {"country": "VN", "kind": "PROVINCIAL_COMMAND", "names": {"vi": "Tây Ninh"}, "startDate": "1976-05-02"}
    created = contract.call("registry.v1.UnitService", "CreateUnit", {"unitId": "tayninh", "unit": unit})
    listed = contract.call("registry.v1.UnitService", "ListUnits", compression=grpc.Compression.Gzip)
    assert [unit.name for unit in listed.units] == ["units/tayninh"]
    print("a gzipped call is understood")

    event = {"eventType": "eventTypes/diplomatic-event", "startDate": "2024-05-01", "homeUnit": "units/tayninh",
             "persons": 12}
    logged = contract.call("journal.v1.EventService", "LogEvent",
                           {"event": event, "minRegistryPosition": created.registry_position})
    read = contract.call("journal.v1.EventService", "GetEvent", {"name": logged.name})
    assert read == logged
    query = {"unit": "units/tayninh", "period": "civil/2024", "indicators": ["indicators/diplomatic-events"],
             "includeUnapproved": True, "minLogIndex": logged.log_index}
    figures = contract.call("reporting.v1.FigureService", "QueryFigures", query)
    assert [cell.value for cell in figures.cells] == ["1"]
    print("an event logged at", logged.log_index, "is in the figure")

    bad = dict(event, startDate="2024-02-30", persons=-1, delegations=2)
    error = refused(lambda: contract.call("journal.v1.EventService", "LogEvent", {"event": bad}))
    fields, info = details(error)
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert fields == ["event.delegations", "event.persons", "event.start_date"], fields
    assert info.domain == "journal.banggiao"
    print("every fault is told at once:", ", ".join(fields))

    large = dict(event, summary={"vi": "a" * (5 * 1024 * 1024)})
    error = refused(lambda: contract.call("journal.v1.EventService", "LogEvent", {"event": large}))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error
    nobody = Contract(channel, None)
    error = refused(lambda: nobody.call("registry.v1.UnitService", "ListUnits"))
    assert error.code() == grpc.StatusCode.UNAUTHENTICATED, error
    waits = {"unit": "units/tayninh", "period": "civil/2024", "minLogIndex": 1000000}
    error = refused(lambda: contract.call("reporting.v1.FigureService", "QueryFigures", waits, timeout=0.3))
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
    print("size, token and deadline are answered with their codes")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        check(sys.argv[1], temporary, free_port())
    print("1 passed, 0 failed")
