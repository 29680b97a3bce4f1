"""moto's server, patched.

Prints `{"port": N}` when it listens. Exits with status 3 where there is no moto of the version that the patches are made for. MOTO_PORT is the
port under which state machines reach AWS: that of the proxy (proxy.ts), which answers for Lambda and passes on the rest.
ABANICO_WAIT_SCALE shortens the waits between a state's retries, whose shortest is a second.
"""

import json
import logging
import os
import sys
import threading
import traceback

VERSION = "5.2.1"

try:
    # But for moto, parts of its extras.
    import antlr4  # noqa: F401
    import flask  # noqa: F401
    import jsonpath_ng  # noqa: F401
    import moto
except ImportError:
    sys.exit(3)
if moto.__version__ != VERSION:
    sys.exit(3)

import moto_machines
import moto_services
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: without this, each answer waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True

    def log_request(self, *args):
        pass


def broken(failure):
    """An interpreter's thread that dies would leave its execution running for ever: better the whole account goes."""
    traceback.print_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)
    sys.stderr.flush()
    os._exit(1)


logging.disable(logging.CRITICAL)
threading.excepthook = broken
for patch in (*moto_machines.ALL, *moto_services.ALL):
    patch()
application = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Handler)
print(json.dumps({"port": server.socket.getsockname()[1]}), flush=True)
server.serve_forever()
