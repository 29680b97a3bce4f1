"""What our state machine needs of moto 5.2.1's interpreter and does not find there, a function each."""

import copy
import importlib
import json
import types

import moto.stepfunctions.models as machines
from moto.stepfunctions.parser.models import stepfunctions_parser_backends as backends

MAP = "moto.stepfunctions.parser.asl.component.state.exec.state_map."
# A state machine waits for functions, it does not compute: this many children at a time keep two cores busy.
MOST_CHILDREN = 24


def second_start():
    """A second StartExecution copies the machine with its executions, and those have locks (moto#10077)."""

    def clone(self, memo):
        cloned = copy.copy(self)
        cloned.executions = []
        return cloned

    machines.StateMachine.__deepcopy__ = clone


def machines_of_stacks():
    """CloudFormation makes machines in the backend that does not interpret them."""
    machines.stepfunctions_backends = backends


def definitions():
    """The grammar knows no JSONL, no Express children, no form of results, and no whole number as ToleratedFailurePercentage."""
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser as Parser

    def mend(node):
        if isinstance(node, list):
            for item in node:
                mend(item)
        if isinstance(node, dict):
            if node.get("InputType") == "JSONL":
                node["InputType"] = "JSON"
            node.pop("WriterConfig", None)
            if node.get("ExecutionType") == "EXPRESS":
                node["ExecutionType"] = "STANDARD"
            if isinstance(node.get("ToleratedFailurePercentage"), int):
                node["ToleratedFailurePercentage"] = float(node["ToleratedFailurePercentage"])
            for item in node.values():
                mend(item)

    original = Parser.parse

    def parse(definition):
        tree = json.loads(definition)
        mend(tree)
        return original(json.dumps(tree))

    Parser.parse = staticmethod(parse)

    def loads(text):
        try:
            found = json.loads(text)
            if isinstance(found, list):
                return found
        except ValueError:
            pass
        return [json.loads(line) for line in text.splitlines() if line.strip()]

    reader = importlib.import_module(MAP + "item_reader.eval.resource_output_transformer.transformer_json")
    reader.json = types.SimpleNamespace(loads=loads)


def failing_items():
    """A distributed map whose items fail succeeds in moto: everything would be green. In AWS it fails beyond what it tolerates."""
    from moto.stepfunctions.parser.api import HistoryEventType, MapRunFailedEventDetails
    from moto.stepfunctions.parser.asl.component.common.error_name import failure_event, states_error_name
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
    from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
    from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped

    component = importlib.import_module(MAP + "iteration.distributed_iteration_component").DistributedIterationComponent
    original = component._map_run

    def map_run(self, env, eval_input):
        record = eval_input.map_run_record
        count = len(env.stack[-1])
        asked = record.max_concurrency or MOST_CHILDREN
        record.max_concurrency = min(asked, MOST_CHILDREN)
        original(self, env, eval_input)
        record.max_concurrency = asked
        failed = record.item_counter.failed.get() + record.item_counter.timed_out.get()
        most, percentage = record.tolerated_failure_count or 0, record.tolerated_failure_percentage or 0
        tolerated = max(most, percentage * count / 100)
        if failed <= tolerated or isinstance(env.program_state(), ProgramStopped):
            return
        name = states_error_name.StatesErrorName(typ=StatesErrorNameType.StatesExceedToleratedFailureThreshold)
        cause = "The specified tolerated failure threshold was exceeded"
        details = EventDetails(mapRunFailedEventDetails=MapRunFailedEventDetails(error=name.error_name, cause=cause))
        raise failure_event.FailureEventException(
            failure_event.FailureEvent(
                env=env, error_name=name, event_type=HistoryEventType.MapRunFailed, event_details=details
            )
        )

    component._map_run = map_run


def errors_passed_on():
    """Parallel and Fail states take the error that they pass on for one that a user has named, which may not begin with "States."."""
    from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName, ErrorName

    CustomErrorName.__init__ = ErrorName.__init__


def places_of_results():
    """Where a map's results go is said by paths into its input, which moto looks for in the results."""
    writer = importlib.import_module(MAP + "result_writer.result_writer_decl").ResultWriter

    def eval_body(self, env):
        results = env.stack.pop()
        rest = list(env.stack)
        env.stack.append(env.states.get_input())
        self.parargs.eval(env=env)
        env.stack[:] = [*rest, results, env.stack[-1]]
        self.resource_eval.eval_resource(env=env)

    writer._eval_body = eval_body


def many_items():
    """A worker of a map calls itself for each item (Python allows a thousand calls), and does not see that the execution was stopped."""
    worker = importlib.import_module(MAP + "iteration.itemprocessor.distributed_item_processor_worker")

    def eval_pool(self, job, worker_frame):
        while job is not None:
            if self._env.is_running() or self._env.program_state() is None:
                inner = worker_frame.open_inner_frame()
                self._eval_job(env=inner, job=job)
                worker_frame.delete_frame(inner)
            following = None if isinstance(job.job_output, Exception) or self.stopped() else self._job_pool.next_job()
            if following is None:
                self._env.delete_frame(worker_frame)
            self._job_pool.close_job(job)
            job = following

    worker.DistributedItemProcessorWorker._eval_pool = eval_pool


ALL = (second_start, machines_of_stacks, definitions, failing_items, errors_passed_on, places_of_results, many_items)
