"""What surrounds state machines in a stack and moto 5.2.1 lacks, and what makes both faster; a function each."""

import copy
import functools
import importlib
import json
import os
import pkgutil
import sys
import threading
import time
import types
import urllib.request
import uuid

import moto.stepfunctions.parser.asl.component as asl


def rules_of_lambda():
    """Rules of EventBridge know no functions as targets: call them as the service does, without waiting."""
    import moto.events.models as events
    from moto.core.utils import iso_8601_datetime_without_milliseconds, utcfromtimestamp

    original = events.Rule.send_to_targets

    def call(arn, event):
        request = urllib.request.Request(
            f"http://127.0.0.1:{os.environ['MOTO_PORT']}/2015-03-31/functions/{arn}/invocations",
            data=json.dumps(event).encode(),
            headers={"x-amz-invocation-type": "Event", "content-type": "application/json"},
        )
        urllib.request.urlopen(request).read()

    def send(self, event, transform_input=True):
        functions = [target for target in self.targets if ":lambda:" in target["Arn"]]
        rest = [target for target in self.targets if ":lambda:" not in target["Arn"]]
        if functions and self.event_pattern.matches_event(event):
            sent = {**copy.deepcopy(event), "id": str(uuid.uuid4())}
            if not isinstance(sent.get("time"), str):
                sent["time"] = iso_8601_datetime_without_milliseconds(utcfromtimestamp(float(sent["time"])))
            for target in functions:
                threading.Thread(target=call, args=(target["Arn"], sent), daemon=True).start()
        if rest:
            self.targets, kept = rest, self.targets
            try:
                original(self, event, transform_input)
            finally:
                self.targets = kept

    events.Rule.send_to_targets = send


def queues_of_stacks():
    """Ref of a queue in a template gives its address at AWS, which cannot be reached."""
    from moto.sqs.models import Queue

    Queue.physical_resource_id = property(lambda self: f"http://127.0.0.1:{os.environ['MOTO_PORT']}/{self.account_id}/{self.name}")


def speed():
    """A new client of boto for each call takes 25 ms, a path's parser 10 ms, and a retry waits for a second."""
    import boto3
    import jsonpath_ng
    import jsonpath_ng.ext
    from botocore.config import Config

    config = Config(
        parameter_validation=False,
        retries={"max_attempts": 0, "total_max_attempts": 1},
        connect_timeout=60,
        read_timeout=1000,
        max_pool_connections=256,
    )
    lock = threading.Lock()

    @functools.lru_cache(64)
    def client(region, service):
        keys = {"aws_access_key_id": "states", "aws_secret_access_key": "states"}
        endpoint = f"http://127.0.0.1:{os.environ['MOTO_PORT']}"
        return boto3.client(service, region_name=region, endpoint_url=endpoint, config=config, **keys)

    def client_for(region, service, state_credentials=None):
        with lock:
            return client(region, service)

    for found in pkgutil.walk_packages(asl.__path__, asl.__name__ + "."):
        module = importlib.import_module(found.name)
        if hasattr(module, "boto_client_for"):
            module.boto_client_for = client_for
    for parse in (jsonpath_ng.parse, jsonpath_ng.ext.parse):
        cached = functools.lru_cache(4096)(parse)
        for name, module in list(sys.modules.items()):
            if name.startswith("moto.") and getattr(module, "parse", None) is parse:
                module.parse = cached
    scale = float(os.environ.get("ABANICO_WAIT_SCALE", "1"))
    retrier = importlib.import_module(asl.__name__ + ".common.retry.retrier_decl")
    retrier.time = types.SimpleNamespace(sleep=lambda seconds: time.sleep(seconds * scale))


ALL = (rules_of_lambda, queues_of_stacks, speed)
