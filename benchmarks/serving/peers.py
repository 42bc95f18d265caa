"""Who takes part: how each is started, what it is asked, and what its answer says."""
import collections
import json
import os
import shutil
import subprocess

import model as models
import protobuf
from measure import Failed, Server, call, free_port

ROOST, EMPTY, NGINX, BARE = "roost", "empty server", "nginx", "roost bare"
CLOSE, CLOSE_FLOAT32 = 1e-6, 1e-5  # how near an answer must be to the model's

# path; body(rows), a text or bytes; read(bytes of the answer), the probabilities
Form = collections.namedtuple("Form", "path body read")


# --- the forms of requests --------------------------------------------------------------------------------------------

def compact(document):
    return json.dumps(document, separators=(",", ":"))


def named(row):
    return dict(zip(models.COLUMNS, row))


def named_body(rows):
    return compact(named(rows[0]) if len(rows) == 1 else {"rows": [named(row) for row in rows]})


def read_named(answer):
    document = json.loads(answer)
    return [row["probability"] for row in document.get("rows", [document])]


def instances_body(rows):
    return compact({"instances": rows})


def read_predictions(answer):
    return json.loads(answer)["predictions"]


def columns_body(rows):
    """v2: a tensor for each column."""
    return compact({"inputs": [{"name": name, "shape": [len(rows)], "datatype": "FP64", "data": list(column)}
                               for name, column in zip(models.COLUMNS, zip(*rows))]})


def matrix_body(datatype):
    """v2: one tensor of all numbers."""
    return lambda rows: compact({"inputs": [{"name": "input", "shape": [len(rows), models.FEATURES], "datatype": datatype,
                                             "data": [value for row in rows for value in row]}]})


def read_v2(answer):
    return json.loads(answer)["outputs"][0]["data"]


def columns_message(rows):
    tensors = [(name, "FP64", [len(rows)], column) for name, column in zip(models.COLUMNS, zip(*rows))]
    return protobuf.framed(protobuf.infer_request(models.NAME, tensors))


def matrix_message(datatype):
    def message(rows):
        values = [value for row in rows for value in row]
        tensor = ("input", datatype, [len(rows), models.FEATURES], values)
        return protobuf.framed(protobuf.infer_request(models.NAME, [tensor]))
    return message


def read_message(answer):
    return protobuf.infer_response(answer[5:])


INFER = f"/v2/models/{models.NAME}/infer"
MODEL_INFER = "/inference.GRPCInferenceService/ModelInfer"
ROWS_FORM = Form(f"/v1/models/{models.NAME}:score", named_body, read_named)
V1_FORM = Form(f"/v1/models/{models.NAME}:predict",
               lambda rows: compact({"instances": [named(row) for row in rows]}), read_predictions)
V2_FORM = Form(INFER, columns_body, read_v2)
INSTANCES_FORM = Form("/predict", instances_body, read_predictions)


# --- the servers ------------------------------------------------------------------------------------------------------

class Peer:
    """A server and one form of asking it. `grpc` is its form over gRPC, where it has that."""
    closeness = CLOSE
    answers = True  # the model's probabilities

    def __init__(self, form, grpc=None):
        self.form, self.grpc = form, grpc

    def start(self, place):
        """(server, port of HTTP, port of gRPC, headers), when it answers."""
        raise NotImplementedError

    def started(self, server, port, place, grpc_port=None, headers=()):
        body = self.form.body(place.rows)
        server.wait(lambda: call(port, self.form.path, body, headers, timeout=2)[0] == 200)
        return Started(server, port, grpc_port or port, headers)


Started = collections.namedtuple("Started", "server port grpc_port headers")


class Roost(Peer):
    """`bare`: without tokens and log."""

    def __init__(self, form=ROWS_FORM, bare=False, grpc=None):
        super().__init__(form, grpc or GRPC_MATRIX)
        self.bare = bare

    def start(self, place):
        port = free_port()
        words, headers = ([], {}) if self.bare else place.features()
        server = Server([place.roost, "--project", place.project, "serve", "--port", port, "--threads", "1", *words],
                        log=place.log("roost"))
        return self.started(server, port, place, headers=headers)


class Empty(Peer):
    """Roost's reactor; the answer is one of Roost's, so that both send as many bytes."""
    answers = False

    def start(self, place):
        port = free_port()
        server = Server([place.programs / "serving_fixed_server", port, place.answer], log=place.log("empty"))
        return self.started(server, port, place)


class Nginx(Peer):
    answers = False

    def start(self, place):
        port = free_port()
        folder = place.work / f"nginx-{port}"
        folder.mkdir()
        (folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
            "events { worker_connections 1024; }\n"
            f"http {{ access_log off; keepalive_requests 1000000000; server {{ listen 127.0.0.1:{port};\n"
            f"location / {{ default_type application/json; return 200 '{place.answer}'; }} }} }}\n")
        return self.started(Server(["nginx", "-e", folder / "error.log", "-c", folder / "nginx.conf"],
                                   log=place.log("nginx")), port, place)


class Axum(Peer):
    def start(self, place):
        port = free_port()
        return self.started(Server([place.peers / "axum/release/axum-peer", port, place.coefficients],
                                   log=place.log("axum")), port, place)


class AxumNamed(Axum):
    """Roost's own form of request, on a path for each number of rows."""

    def __init__(self, rows):
        super().__init__(Form("/score", named_body, read_named) if rows == 1 else
                         Form("/score_rows", lambda rows: compact({"rows": [named(row) for row in rows]}), read_named))


class Granian(Peer):
    closeness = CLOSE_FLOAT32

    def start(self, place):
        port = free_port()
        command = [place.python("python"), "-m", "granian", "--interface", "rsgi", "--workers", "1", "--runtime-threads",
                   "1", "--host", "127.0.0.1", "--port", port, "granian_peer:app"]
        return self.started(Server(command, {"MODEL": str(place.onnx)}, place.scripts, place.log("granian")), port, place)


class FastApi(Peer):
    def start(self, place):
        port = free_port()
        command = [place.python("python"), "-m", "uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log",
                   "--host", "127.0.0.1", "--port", port, "fastapi_peer:app"]
        return self.started(Server(command, {"MODEL": str(place.pickled)}, place.scripts, place.log("fastapi")), port,
                            place)


class MlServer(Peer):
    """Without workers of its own, which cost more."""

    def __init__(self, form, grpc, onnx=None):
        super().__init__(form, grpc)
        self.onnx = onnx
        if onnx:
            self.closeness = CLOSE_FLOAT32

    def start(self, place):
        port, grpc_port, metrics_port = free_port(), free_port(), free_port()
        folder = place.work / f"mlserver-{port}"
        folder.mkdir()
        (folder / "settings.json").write_text(json.dumps({
            "host": "127.0.0.1", "http_port": port, "grpc_port": grpc_port, "metrics_port": metrics_port, "debug": False,
            "parallel_workers": 0}))
        (folder / "model-settings.json").write_text(json.dumps({"name": models.NAME,
                                                                "implementation": "mlserver_peer.Model"}))
        command = [place.python("mlserver").with_name("mlserver"), "start", folder]
        server = Server(command, {"MODEL": str(self.onnx or place.pickled), "PYTHONPATH": str(place.scripts)}, folder,
                        place.log("mlserver"))
        return self.started(server, port, place, grpc_port)


class KServe(Peer):
    def start(self, place):
        port, grpc_port = free_port(), free_port()
        command = [place.python("kserve"), place.scripts / "kserve_peer.py", place.pickled, port, grpc_port]
        return self.started(Server(command, log=place.log("kserve")), port, place, grpc_port)


class BentoMl(Peer):
    def start(self, place):
        port = free_port()
        command = [place.python("bentoml").with_name("bentoml"), "serve", "bentoml_peer:Scorer", "--host", "127.0.0.1",
                   "--port", port]
        environment = {"MODEL": str(place.pickled), "BENTOML_HOME": str(place.work / "bentoml"),
                       "BENTOML_DO_NOT_TRACK": "True", "PATH": f"{command[0].parent}:/usr/bin:/bin"}
        return self.started(Server(command, environment, place.scripts, place.log("bentoml")), port, place)


class Triton(Peer):
    """The server of pytriton's wheel, and its Python backend."""

    def start(self, place):
        port, grpc_port = free_port(), free_port()
        packages = next(place.python("triton").parents[1].glob("lib/python3*/site-packages"))
        triton = packages / "pytriton/tritonserver"
        folder = place.work / f"triton-{port}"
        shutil.copytree(place.scripts / "triton_peer", folder / "models" / models.NAME)
        # The backend wants the stub of this Python beside it.
        shutil.copytree(triton / "backends/python", folder / "backends/python", copy_function=os.symlink)
        stub = triton / f"python_backend_stubs/{packages.parent.name.removeprefix('python')}/triton_python_backend_stub"
        (folder / "backends/python" / stub.name).symlink_to(stub)
        command = [triton / "bin/tritonserver", "--model-repository", folder / "models", "--backend-directory",
                   folder / "backends", "--http-address", "127.0.0.1", "--http-port", port, "--grpc-address", "127.0.0.1",
                   "--grpc-port", grpc_port, "--allow-metrics", "false", "--http-thread-count", "1"]
        environment = {"MODEL": str(place.coefficients), "PYTHONPATH": str(packages),
                       "PATH": f"{place.python('triton').parent}:/usr/bin:/bin"}
        return self.started(Server(command, environment, log=place.log("triton")), port, place, grpc_port)


V2_MATRIX = Form(INFER, matrix_body("FP64"), read_v2)
GRPC_MATRIX = Form(MODEL_INFER, matrix_message("FP64"), read_message)


def http_peers(rows):
    """Those that are asked over HTTP/1.1 for `rows` rows, by the names of the tables."""
    return {
        ROOST: Roost(),
        EMPTY: Empty(ROWS_FORM),
        NGINX: Nginx(ROWS_FORM),
        BARE: Roost(bare=True),
        "roost v1": Roost(V1_FORM),
        "roost v2": Roost(V2_MATRIX),
        "roost v2, 20 tensors": Roost(V2_FORM),
        "axum": AxumNamed(rows),
        "axum, numbers": Axum(INSTANCES_FORM),
        "granian": Granian(INSTANCES_FORM),
        "FastAPI": FastApi(INSTANCES_FORM),
        "Triton": Triton(Form(INFER, matrix_body("FP32"), read_v2)),
        "KServe v1": KServe(Form(f"/v1/models/{models.NAME}:predict", instances_body, read_predictions)),
        "KServe v2": KServe(V2_MATRIX),
        "MLServer": MlServer(V2_MATRIX, None),
        "BentoML": BentoMl(Form("/predict", instances_body, json.loads)),
    }


def grpc_peers():
    return {
        ROOST: Roost(),
        "roost, 20 tensors": Roost(grpc=Form(MODEL_INFER, columns_message, read_message)),
        "Triton": Triton(Form(INFER, matrix_body("FP32"), read_v2), Form(MODEL_INFER, matrix_message("FP32"), read_message)),
        "KServe": KServe(V2_MATRIX, GRPC_MATRIX),
        "MLServer": MlServer(V2_MATRIX, GRPC_MATRIX),
    }


# --- what they answer -------------------------------------------------------------------------------------------------

def check(name, peer, started, place, requests):
    """That the answers to some of the requests are the model's."""
    for rows in requests[:8] if peer.answers else []:
        status, answer = call(started.port, peer.form.path, peer.form.body(rows), started.headers)
        compare(name, peer, place, rows, status, lambda answer=answer: peer.form.read(answer))


def check_grpc(name, peer, started, place, rows):
    path = place.work / "message"
    path.write_bytes(peer.grpc.body(rows))
    fields = {"content-type": "application/grpc", "te": "trailers", **dict(started.headers)}
    words = [word for field in fields.items() for word in ("-H", ": ".join(field))]
    done = subprocess.run(["curl", "-s", "--http2-prior-knowledge", "--data-binary", f"@{path}", *words,
                           f"http://127.0.0.1:{started.grpc_port}{peer.grpc.path}"], capture_output=True, check=False)
    compare(name, peer, place, rows, 200, lambda: peer.grpc.read(done.stdout))


def compare(name, peer, place, rows, status, read):
    expected = [place.model.probability(row) for row in rows]
    try:
        found = read() if status == 200 else []
    except (KeyError, ValueError, IndexError, StopIteration) as error:
        raise Failed(f"{name}: its answer cannot be read: {error!r}") from error
    if len(found) != len(expected) or any(abs(a - b) > peer.closeness for a, b in zip(found, expected)):
        raise Failed(f"{name}: status {status}, it answered {found[:3]}, the model says {expected[:3]}")
