"""As much of protobuf as a ModelInfer needs, so that the harness needs no library."""
import struct


def varint(value):
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def field(number, value):
    """A field of bytes, text or a message."""
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def infer_request(model, tensors):
    """ModelInferRequest; `tensors` are (name, datatype, shape, values), sent as raw contents."""
    message = field(1, model)
    for name, datatype, shape, _ in tensors:
        dimensions = b"".join(varint(size) for size in shape)
        message += field(5, field(1, name) + field(2, datatype) + field(3, dimensions))
    for _, datatype, _, values in tensors:
        message += field(7, struct.pack(f"<{len(values)}{'f' if datatype == 'FP32' else 'd'}", *values))
    return message


def fields(message):
    """(number, value) of each field: a number, or bytes."""
    at = 0

    def read_varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = read_varint()
        kind = key & 7
        size = {1: 8, 5: 4}.get(kind) or (read_varint() if kind == 2 else 0)
        yield key >> 3, message[at:at + size] if size else (read_varint() if kind == 0 else b"")
        at += size


def infer_response(message):
    """The numbers of the first output of a ModelInferResponse, raw or typed."""
    found = list(fields(message))
    output = dict(fields(next(value for number, value in found if number == 5)))
    datatype = output[2].decode()
    values = next((value for number, value in found if number == 6), None)
    if values is None:
        values = dict(fields(output[5]))[6 if datatype == "FP32" else 7]
    letter, size = ("f", 4) if datatype == "FP32" else ("d", 8)
    return list(struct.unpack(f"<{len(values) // size}{letter}", values))


def framed(message):
    """As gRPC sends it: not compressed, the length, the message."""
    return b"\0" + struct.pack(">I", len(message)) + message
