"""Calls of KServe's own client, run by the environment .deps/kubernetes: tests/e2e/test_serve_kserve.py.

Reads lines of JSON from stdin, a list of calls each, makes these calls at once and prints the list of their answers:
{"result": ...}, or {"error": ..., "status": ...}. The numbers of answers are the bytes of FP64, in hexadecimal.
"""
import asyncio
import json
import sys

import grpc
import httpx
import numpy
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig


def input_of(entry, binary):
    made = InferInput(entry["name"], entry["shape"], entry["datatype"])
    values = entry["values"]
    if entry["datatype"] == "BYTES":
        array = numpy.array([value.encode() for value in values], dtype=object).reshape(entry["shape"])
    else:
        dtype = {"BOOL": "bool", "FP16": "float16", "FP32": "float32", "FP64": "float64"}.get(entry["datatype"]) or \
            entry["datatype"].lower()
        array = numpy.array(values, dtype=dtype).reshape(entry["shape"])
    made.set_data_from_numpy(array, binary_data=binary)
    return made


def request_of(call):
    parameters = {"binary_data_output": True} if call.get("binary_output") else None
    return InferRequest(model_name=call["model"], infer_inputs=[input_of(entry, call["binary"]) for entry in call["inputs"]],
                        parameters=parameters, request_id=call.get("id"))


def result_of(response):
    outputs = {}
    for output in response.outputs:
        array = output.as_numpy()
        outputs[output.name] = {"datatype": output.datatype, "shape": list(output.shape),
                                "hex": numpy.ascontiguousarray(array, "<f8").tobytes().hex()}
    return {"model": response.model_name, "version": response.model_version, "id": response.id, "outputs": outputs}


async def rest(call):
    async with InferenceRESTClient(RESTConfig(protocol=call["protocol"], retries=0, timeout=30)) as client:
        if call["method"] == "infer":
            data = call["data"] if call["protocol"] == "v1" else request_of(call)
            response = await client.infer(call["url"], data, model_name=call["model"], headers=call.get("headers"))
            return response if call["protocol"] == "v1" else result_of(response)
        arguments = [call["model"]] if call["method"] == "is_model_ready" else []
        return await getattr(client, call["method"])(call["url"], *arguments)


async def over_grpc(call):
    async with InferenceGRPCClient(call["url"].removeprefix("http://"), timeout=30) as client:
        if call["method"] == "infer":
            return result_of(await client.infer(request_of(call)))
        arguments = [call["model"]] if call["method"] == "is_model_ready" else []
        return await getattr(client, call["method"])(*arguments)


async def answer(call):
    try:
        return {"result": await (over_grpc if call["protocol"] == "grpc-v2" else rest)(call)}
    except httpx.HTTPStatusError as error:
        return {"error": str(error), "status": error.response.status_code}
    except grpc.RpcError as error:
        return {"error": error.details(), "status": error.code().name}


async def all_at_once(calls):
    return await asyncio.gather(*map(answer, calls))


for line in sys.stdin:
    print(json.dumps(asyncio.run(all_at_once(json.loads(line)))), flush=True)
