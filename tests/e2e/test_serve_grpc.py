"""The server under the clients that people use over gRPC: grpcio, its health checks, tritonclient, and TensorFlow
Serving's stubs (those of ovmsclient, which come without TensorFlow)."""
import concurrent.futures
import queue
import struct
import threading
import urllib.request

import grpc
import ml_dtypes
import numpy
import ovmsclient
import pytest
import tritonclient.grpc as triton
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from ovmsclient.tfs_compat.protos.tensorflow.core.framework import types_pb2
from ovmsclient.tfs_compat.protos.tensorflow_serving.apis import (
    classification_pb2, get_model_metadata_pb2, get_model_status_pb2, model_service_pb2_grpc, predict_pb2,
    prediction_service_pb2_grpc, regression_pb2)
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

MODEL = "late-flights"
TIMEOUT_SECONDS = 20


@pytest.fixture(scope="module")
def target(url):
    return url.removeprefix("http://").rstrip("/")


@pytest.fixture
def client(target):
    with triton.InferenceServerClient(target) as client:
        yield client


@pytest.fixture
def channel(target):
    with grpc.insecure_channel(target) as channel:
        yield channel


@pytest.fixture
def infer_stub(channel):
    return service_pb2_grpc.GRPCInferenceServiceStub(channel)


@pytest.fixture
def predict_stub(channel):
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def columns_of(rows, distance=numpy.int64):
    """The rows as arrays of the types that the protocols have."""
    return {"date": rows["date"].to_numpy().astype("datetime64[us]").astype(numpy.int64),
            "distance": rows["distance"].to_numpy().astype(distance),
            "origin": rows["origin"].to_numpy(zero_copy_only=False).astype(object),
            "destination": rows["destination"].to_numpy(zero_copy_only=False).astype(object)}


def triton_inputs(rows, distance=numpy.int64, one_column=False):
    inputs = []
    for name, values in columns_of(rows, distance).items():
        values = values[:, None] if one_column else values
        inputs.append(triton.InferInput(name, values.shape, np_to_triton_dtype(values.dtype)))
        inputs[-1].set_data_from_numpy(values)
    return inputs


def typed_request(rows):
    """A request with typed contents, which tritonclient never sends."""
    columns = columns_of(rows)
    request = service_pb2.ModelInferRequest(model_name=MODEL)
    for name, field, datatype in (("date", "int64_contents", "INT64"), ("distance", "int64_contents", "INT64"),
                                  ("origin", "bytes_contents", "BYTES"), ("destination", "bytes_contents", "BYTES")):
        entry = request.inputs.add(name=name, datatype=datatype, shape=[rows.num_rows])
        values = [value.encode() if isinstance(value, str) else value for value in columns[name].tolist()]
        getattr(entry.contents, field).extend(values)
    return request


def predict_request(rows):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = MODEL
    for name, values in columns_of(rows).items():
        tensor = request.inputs[name]
        tensor.tensor_shape.dim.add(size=len(values))
        if values.dtype == object:
            tensor.dtype = types_pb2.DT_STRING
            tensor.string_val.extend(value.encode() for value in values)
        else:
            tensor.dtype = types_pb2.DT_INT64
            tensor.int64_val.extend(values.tolist())
    return request


def fill_examples(request, rows):
    request.model_spec.name = MODEL
    for row in rows.to_pylist():
        features = request.input.example_list.examples.add().features.feature
        features["origin"].bytes_list.value.append(row["origin"].encode())
        features["destination"].bytes_list.value.append(row["destination"].encode())
        features["distance"].float_list.value.append(row["distance"])
        features["date"].bytes_list.value.append(row["date"].isoformat().encode())
    return request


def bits(values):
    return numpy.asarray(values, "<f8").reshape(-1).tobytes()


def code_of(call, *arguments, **options):
    with pytest.raises(grpc.RpcError) as error:
        call(*arguments, timeout=TIMEOUT_SECONDS, **options)
    return error.value.code()


def test_the_server_is_live_and_ready(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(MODEL)
    assert not client.is_model_ready("no-such-model")


def test_rest_is_answered_on_the_same_port(url, client):
    with urllib.request.urlopen(f"{url}/v2/health/ready", timeout=10) as answer:
        assert answer.status == 200
    assert client.is_server_live()


def test_probes_of_kubernetes_see_it_serving(channel):
    stub = health_pb2_grpc.HealthStub(channel)
    request = health_pb2.HealthCheckRequest()
    assert stub.Check(request, timeout=TIMEOUT_SECONDS).status == health_pb2.HealthCheckResponse.SERVING
    request.service = "inference.GRPCInferenceService"
    assert stub.Check(request, timeout=TIMEOUT_SECONDS).status == health_pb2.HealthCheckResponse.SERVING
    request.service = "no.Service"
    assert code_of(stub.Check, request) == grpc.StatusCode.NOT_FOUND
    with pytest.raises(grpc.RpcError) as error:
        next(stub.Watch(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS))
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_client_without_our_messages_finds_and_calls_a_method(channel):
    files = ProtoReflectionDescriptorDatabase(channel)
    assert {"inference.GRPCInferenceService", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
            "tensorflow.serving.PredictionService"} <= set(files.get_services())
    pool = DescriptorPool(files)
    method = pool.FindServiceByName("inference.GRPCInferenceService").FindMethodByName("ModelReady")
    request, answer = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    call = channel.unary_unary(f"/{method.containing_service.full_name}/{method.name}",
                               request_serializer=request.SerializeToString, response_deserializer=answer.FromString)
    assert call(request(name=MODEL), timeout=TIMEOUT_SECONDS).ready
    for service in files.get_services():
        assert pool.FindServiceByName(service).methods
    with pytest.raises(KeyError):
        pool.FindServiceByName("inference.NoService")


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_answers_each_request_of_a_stream_before_the_next_one(channel, version):
    """As grpcurl and grpc_cli ask; both versions have the same messages."""
    call = channel.stream_stream(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
                                 request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
                                 response_deserializer=reflection_pb2.ServerReflectionResponse.FromString)
    questions = queue.Queue()
    answers = call(iter(questions.get, None), timeout=TIMEOUT_SECONDS)

    def ask(**question):
        questions.put(reflection_pb2.ServerReflectionRequest(**question))
        return next(answers)
    for service in ask(list_services="").list_services_response.service:
        found = ask(file_containing_symbol=service.name).file_descriptor_response.file_descriptor_proto
        file = FileDescriptorProto.FromString(found[0])
        assert service.name in {f"{file.package}.{each.name}" for each in file.service}
    assert ask(file_by_filename="no.proto").error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert ask(file_by_filename="inference.proto").file_descriptor_response.file_descriptor_proto
    questions.put(None)
    assert list(answers) == []
    assert answers.code() == grpc.StatusCode.OK


def test_our_reflection_has_the_messages_of_grpc(channel):
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    theirs = reflection_pb2.DESCRIPTOR
    for name, message in theirs.message_types_by_name.items():
        for version in ("v1", "v1alpha"):
            ours = pool.FindMessageTypeByName(f"grpc.reflection.{version}.{name}")
            assert {(field.name, field.number, field.type) for field in ours.fields} \
                == {(field.name, field.number, field.type) for field in message.fields}


def test_garbage_ends_a_stream(channel, client):
    for version in ("v1", "v1alpha"):
        call = channel.stream_stream(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")
        answers = call(iter([b"", b"\xff", b""]), timeout=TIMEOUT_SECONDS)
        with pytest.raises(grpc.RpcError) as error:
            list(answers)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert client.is_server_live()


def test_a_stream_without_a_message_is_answered_without_one(channel):
    call = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
    assert list(call(iter([]), timeout=TIMEOUT_SECONDS)) == []


def test_the_metadata_names_inputs_and_outputs(client):
    assert client.get_server_metadata().name == "roost"
    metadata = client.get_model_metadata(MODEL)
    assert metadata.name == MODEL
    assert "1" in metadata.versions
    assert {entry.name for entry in metadata.inputs} == {"date", "distance", "origin", "destination"}
    assert [entry.name for entry in metadata.outputs] == ["probability"]
    config = client.get_model_config(MODEL).config
    assert {entry.name for entry in config.input} == {"date", "distance", "origin", "destination"}
    assert config.max_batch_size == 0
    index = client.get_model_repository_index()
    assert [(entry.name, entry.version, entry.state) for entry in index.models] == [(MODEL, "1", "READY")]


@pytest.mark.parametrize("distance", [numpy.int16, numpy.int32, numpy.int64, numpy.uint16, numpy.uint32, numpy.uint64,
                                      numpy.float32, numpy.float64])
@pytest.mark.parametrize("one_column", [False, True])
def test_served_probabilities_equal_the_batch_ones_to_the_bit(client, may, batch, distance, one_column):
    answer = client.infer(MODEL, triton_inputs(may, distance, one_column), request_id="7",
                          outputs=[triton.InferRequestedOutput("probability")])
    assert bits(answer.as_numpy("probability")) == bits(batch)
    assert answer.get_response().id == "7"
    assert answer.get_response().model_version == "1"


@pytest.mark.parametrize("half, exact_bits", [(numpy.float16, 11), (ml_dtypes.bfloat16, 8)])
def test_halves_are_numbers(client, may, batch, half, exact_bits):
    exact = numpy.array([distance < 2 ** exact_bits for distance in may["distance"].to_pylist()])
    assert exact.any()
    answer = client.infer(MODEL, triton_inputs(may, half))
    assert bits(answer.as_numpy("probability")[exact]) == bits(batch[exact])


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compressed_requests_are_read(client, may, batch, algorithm):
    answer = client.infer(MODEL, triton_inputs(may), compression_algorithm=algorithm)
    assert bits(answer.as_numpy("probability")) == bits(batch)


def test_typed_contents_give_the_same_bits(infer_stub, may, batch):
    answer = infer_stub.ModelInfer(typed_request(may), timeout=TIMEOUT_SECONDS)
    assert answer.raw_output_contents[0] == bits(batch)


def test_statistics_count_the_rows(client, may):
    def counts():
        stats, = client.get_inference_statistics(MODEL).model_stats
        return stats.inference_count, stats.inference_stats.success.count, stats.inference_stats.fail.count
    before = counts()
    client.infer(MODEL, triton_inputs(may))
    with pytest.raises(InferenceServerException):
        client.infer(MODEL, triton_inputs(may)[:-1])
    assert numpy.subtract(counts(), before).tolist() == [len(may), 1, 1]


def test_errors_have_the_codes_of_grpc(infer_stub, may):
    request = typed_request(may.slice(0, 1))
    request.model_name = "no-such-model"
    assert code_of(infer_stub.ModelInfer, request) == grpc.StatusCode.NOT_FOUND
    request.model_name, request.model_version = MODEL, "9"
    assert code_of(infer_stub.ModelInfer, request) == grpc.StatusCode.NOT_FOUND
    request.model_version = ""
    request.inputs[0].datatype = "FP16"  # the protocol has no field for its values
    assert code_of(infer_stub.ModelInfer, request) == grpc.StatusCode.INVALID_ARGUMENT
    assert code_of(infer_stub.CudaSharedMemoryStatus, service_pb2.CudaSharedMemoryStatusRequest()) \
        == grpc.StatusCode.UNIMPLEMENTED


def test_a_missing_input_is_refused_by_name(client, may):
    inputs = [entry for entry in triton_inputs(may) if entry.name() != "distance"]
    with pytest.raises(InferenceServerException, match="needs the input 'distance'") as error:
        client.infer(MODEL, inputs)
    assert error.value.status() == "StatusCode.INVALID_ARGUMENT"


def test_text_beyond_ascii_in_an_error_comes_through(client, may):
    with pytest.raises(InferenceServerException, match="Zürich → 100 %"):
        client.infer("Zürich → 100 %", triton_inputs(may.slice(0, 1)))


@pytest.mark.parametrize("message", [b"\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x00" * 1000, b"\x2a\x80"])
def test_garbage_is_refused_and_the_server_stays(channel, client, message):
    call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
    assert code_of(call, message) == grpc.StatusCode.INVALID_ARGUMENT
    assert client.is_server_live()


def test_deadlines_are_kept(infer_stub, may):
    many = typed_request(may.take(numpy.arange(20 * len(may)) % len(may)).combine_chunks())
    with pytest.raises(grpc.RpcError) as error:
        infer_stub.ModelInfer(many, timeout=0.001)
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert infer_stub.ModelInfer(many, timeout=TIMEOUT_SECONDS).model_name == MODEL


def test_many_calls_at_once_over_one_connection(infer_stub, may, batch):
    def score(row):
        answer = infer_stub.ModelInfer(typed_request(may.slice(row, 1)), timeout=TIMEOUT_SECONDS)
        return struct.unpack("<d", answer.raw_output_contents[0])[0]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        served = list(pool.map(score, range(200)))
    assert bits(served) == bits(batch[:200])


def test_callbacks_of_tritonclient_are_called(client, may, batch):
    done, results = threading.Event(), []

    def take(result, error):
        results.append((result, error))
        done.set()
    client.async_infer(MODEL, triton_inputs(may), take)
    assert done.wait(TIMEOUT_SECONDS)
    assert results[0][1] is None
    assert bits(results[0][0].as_numpy("probability")) == bits(batch)


def test_large_batches_pass(infer_stub, may, batch):
    rows = may.take(numpy.arange(20 * len(may)) % len(may)).combine_chunks()
    answer = infer_stub.ModelInfer(typed_request(rows), timeout=TIMEOUT_SECONDS)
    assert answer.raw_output_contents[0] == bits(numpy.tile(batch, 20))


def test_tensorflow_serving_predicts_the_same_bits(predict_stub, may, batch):
    answer = predict_stub.Predict(predict_request(may), timeout=TIMEOUT_SECONDS)
    assert bits(answer.outputs["probability"].double_val) == bits(batch)
    assert answer.model_spec.name == MODEL
    assert answer.model_spec.version.value == 1


def test_one_value_stands_for_all_rows(predict_stub, may):
    rows = may.slice(0, 50)
    request = predict_request(rows)
    del request.inputs["origin"].string_val[1:]
    answer = predict_stub.Predict(request, timeout=TIMEOUT_SECONDS)
    origin = may["origin"][0].as_py()
    same = rows.set_column(rows.column_names.index("origin"), "origin", [[origin] * 50])
    expected = predict_stub.Predict(predict_request(same), timeout=TIMEOUT_SECONDS)
    assert list(answer.outputs["probability"].double_val) == list(expected.outputs["probability"].double_val)


def test_tensorflow_serving_regresses_and_classifies_examples(predict_stub, may, batch):
    regression = predict_stub.Regress(fill_examples(regression_pb2.RegressionRequest(), may), timeout=TIMEOUT_SECONDS)
    values = [entry.value for entry in regression.result.regressions]
    assert numpy.array_equal(numpy.float32(values), batch.astype(numpy.float32))
    answer = predict_stub.Classify(fill_examples(classification_pb2.ClassificationRequest(), may),
                                   timeout=TIMEOUT_SECONDS)
    assert [[entry.label for entry in row.classes] for row in answer.result.classifications] \
        == [["false", "true"]] * len(may)
    assert numpy.float32([row.classes[1].score for row in answer.result.classifications]).tolist() == values


def test_tensorflow_serving_tells_signature_and_status(channel, predict_stub):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = MODEL
    metadata = predict_stub.GetModelMetadata(request, timeout=TIMEOUT_SECONDS).metadata["signature_def"]
    assert metadata.type_url == "type.googleapis.com/tensorflow.serving.SignatureDefMap"
    signatures = get_model_metadata_pb2.SignatureDefMap.FromString(metadata.value)
    signature = signatures.signature_def["serving_default"]
    assert set(signature.inputs) == {"date", "distance", "origin", "destination"}
    assert signature.inputs["origin"].dtype == types_pb2.DT_STRING
    assert signature.outputs["probability"].dtype == types_pb2.DT_DOUBLE
    status_request = get_model_status_pb2.GetModelStatusRequest()
    status_request.model_spec.name = MODEL
    stub = model_service_pb2_grpc.ModelServiceStub(channel)
    status, = stub.GetModelStatus(status_request, timeout=TIMEOUT_SECONDS).model_version_status
    assert (status.version, status.state) == (1, get_model_status_pb2.ModelVersionStatus.AVAILABLE)
    status_request.model_spec.version_label = "no-such-label"
    assert code_of(stub.GetModelStatus, status_request) == grpc.StatusCode.NOT_FOUND


def test_the_client_of_openvino_works_unchanged(target, may, batch):
    client = ovmsclient.make_grpc_client(target)
    rows = may.slice(0, 20)
    columns = columns_of(rows)
    inputs = {name: [value.encode() for value in values] if values.dtype == object else values
              for name, values in columns.items()}
    assert bits(client.predict(inputs, MODEL)) == bits(batch[:20])
    assert client.get_model_status(MODEL)[1]["state"] == "AVAILABLE"
    assert client.get_model_metadata(MODEL)["outputs"]["probability"]["dtype"] == "DT_DOUBLE"
