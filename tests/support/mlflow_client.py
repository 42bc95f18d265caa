"""MLflow's own client and server, in an environment of their own (tools/setup/setup)."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from program import ROOT

PYTHON = ROOT / ".deps/mlflow/bin/python"
PATIENCE_SECONDS = 300


def environment(home, url, **variables):
    return {"PATH": f"{PYTHON.parent}:/usr/bin:/bin", "HOME": str(home), "MLFLOW_TRACKING_URI": url,
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true",
            "NO_PROXY": "127.0.0.1", "GIT_PYTHON_REFRESH": "quiet"} | variables


def run_client(script, home, url, *arguments, **variables):
    """Runs a script with MLflow pointed at `url`; what it prints as JSON on its last line."""
    assert PYTHON.exists(), f"{PYTHON} is missing; run 'make setup' first"
    done = subprocess.run([str(PYTHON), "-c", script, *map(str, arguments)], env=environment(home, url, **variables),
                          cwd=home, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextlib.contextmanager
def tracking_server(folder, *arguments):
    """`mlflow server`, which keeps its artifacts itself: yields its URL."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [str(PYTHON), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
               "--backend-store-uri", f"sqlite:///{folder}/runs.db", "--artifacts-destination", str(folder / "artifacts"),
               *arguments]
    with open(folder / "server.log", "a+") as log:  # read here while the server appends
        process = subprocess.Popen(command, cwd=folder, env=environment(folder, url), stdout=log, stderr=log,
                                   start_new_session=True)
        try:
            end = time.monotonic() + PATIENCE_SECONDS
            while not answers(f"{url}/health"):
                log.seek(0)
                assert process.poll() is None and time.monotonic() < end, f"mlflow server:\n{log.read()}"
                time.sleep(0.2)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # its workers too
            process.wait()
