#include <string>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "base/utf8.h"
#include "pipeline/step.h"
#include "pipeline/workflow.h"
#include "pipeline/workflow_checks.h"

namespace roost::pipeline {
namespace {

// The DAG below its settings. It has no value of the user: those stand in the settings, as literals of Python.
constexpr const char* kProgram = R"py(

class RoostStep(BaseOperator):
    """One step of the pipeline, as a process of its own; no shell reads its command."""

    template_fields = ("folder", "program", "image")

    def __init__(self, *, words, folder, program, image, **options):
        super().__init__(**options)
        self.words = words
        self.folder, self.program, self.image = folder, program, image
        self.process = None

    def command(self):
        step = [*self.words, "--project", self.folder]
        if not self.image:
            return [self.program, *step]
        folder = self.folder.replace('"', '""')
        passed = sorted(name for name in os.environ if name.startswith(PASSED_ON))
        return ["docker", "run", "--rm", "--init", "--user", f"{os.getuid()}:{os.getgid()}",
                "--mount", f'type=bind,"source={folder}","target={folder}"',
                *(part for name in passed for part in ("--env", name)), self.image, *step]

    def execute(self, context):
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
        with self.process.stdout as lines:
            for line in lines:
                self.log.info("%s", line.rstrip())
        code = self.process.wait()
        if code == 0:
            return
        message = f"'roost {' '.join(self.words)}' ended with exit code {code}"
        if code in RETRIED or code < 0:
            raise AirflowException(message)
        raise AirflowFailException(f"{message}: not to be tried again")

    def on_kill(self):
        if self.process is None or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


with DAG(
    dag_id=DAG_ID,
    description="A pipeline of Roost",
    schedule=SCHEDULE,
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": RETRIES, "retry_delay": timedelta(seconds=30), "retry_exponential_backoff": True},
    params={"folder": Param(FOLDER, type="string", pattern="^/"),
            "program": Param(PROGRAM, type="string", pattern="^[^-]"),
            "image": Param(IMAGE, type="string", pattern="^([^-]|$)")},
    tags=["roost"],
    **({"max_active_tasks": 1} if ONE_AT_A_TIME else {}),
):
    tasks = {}
    for name, words, after in TASKS:
        tasks[name] = RoostStep(task_id=name, words=words, folder="{{ params.folder }}",
                                program="{{ params.program }}", image="{{ params.image }}")
        for before in after:
            tasks[before] >> tasks[name]
)py";

constexpr const char* kHead =
    R"py("""The pipeline of a Roost project: each task is 'roost run --step STEP'. For Airflow 2.9 and later, and for 3.

Made by 'roost export airflow' (docs/orchestrate.md): export it again rather than edit it.
"""
import os
import signal
import subprocess
from datetime import datetime, timedelta, timezone

try:
    from airflow.sdk import DAG, BaseOperator, Param
    from airflow.sdk.exceptions import AirflowException, AirflowFailException
except ImportError:
    from airflow import DAG
    from airflow.exceptions import AirflowException, AirflowFailException
    from airflow.models import BaseOperator
    from airflow.models.param import Param

)py";

// The code point of the character that `text` begins with, and that is `length` bytes long.
uint32_t CodePoint(std::string_view text, size_t length) {
  if (length == 1) return static_cast<unsigned char>(text[0]);
  uint32_t point = static_cast<unsigned char>(text[0]) & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) point = (point << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  return point;
}

// `text`, which is UTF-8, as a literal of Python of ASCII alone.
std::string PythonText(std::string_view text) {
  std::string literal = "\"";
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    const uint32_t point = CodePoint(text, length);
    if (text[0] == '"' || text[0] == '\\') {
      literal += {'\\', text[0]};
    } else if (point >= 0x20 && point < 0x7f) {
      literal += text[0];
    } else {
      literal += fmt::format("\\U{:08x}", point);
    }
    text.remove_prefix(length);
  }
  return literal + "\"";
}

// ("a", "b"), and ("a",) of one.
std::string PythonTuple(const std::vector<std::string>& texts) {
  std::vector<std::string> literals;
  for (const std::string& text : texts) literals.push_back(PythonText(text));
  return fmt::format("({}{})", fmt::join(literals, ", "), texts.size() == 1 ? "," : "");
}

}  // namespace

absl::StatusOr<std::string> AirflowDag(const Workflow& workflow) {
  TRY(CheckArgument("name", workflow.name));
  TRY(CheckFolder(workflow.folder));
  TRY(CheckArgument("program", workflow.program));
  if (!workflow.image.empty()) TRY(CheckArgument("image", workflow.image));
  if (!workflow.schedule.empty()) TRY(CheckSchedule(workflow.schedule));
  std::string text = kHead;
  text += fmt::format("DAG_ID = {}\n", PythonText(workflow.name));
  text += fmt::format("SCHEDULE = {}\n", workflow.schedule.empty() ? "None" : PythonText(workflow.schedule));
  text += fmt::format("RETRIES = {}\n", workflow.retries);
  text += fmt::format("FOLDER = {}\n", PythonText(workflow.folder));
  text += fmt::format("PROGRAM = {}\n", PythonText(workflow.program));
  text += fmt::format("IMAGE = {}  # empty: the program runs where the task runs\n", PythonText(workflow.image));
  text += "TASKS = (  # each by its name, the words behind the program, and the tasks that must have ended well\n";
  for (const WorkflowTask& task : workflow.tasks) {
    text +=
        fmt::format("    ({}, {}, {}),\n", PythonText(task.name), PythonTuple(WordsOf(task)), PythonTuple(task.after));
  }
  text += fmt::format(")\nONE_AT_A_TIME = {}\n", workflow.one_at_a_time ? "True" : "False");
  text += fmt::format("RETRIED = ({})  # exit codes after which a step is tried again\n",
                      fmt::join(kRetriedExitCodes, ", "));
  text += "PASSED_ON = (\"AWS_\", \"PG\", \"ROOST_\")  # variables of the environment that a container gets\n";
  return text + kProgram;
}

}  // namespace roost::pipeline
