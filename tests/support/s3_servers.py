"""S3 servers for tests: versitygw, moto, and a proxy that breaks what goes through it."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

import boto3

from program import ROOT

KEY, SECRET = "roost-key", "roost-secret"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    for _ in range(200):
        assert process.poll() is None, f"the server ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("the server does not listen")


@contextlib.contextmanager
def running(command, port):
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        wait_for(port, process)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def versitygw(folder, port=None, certificate=None):
    """A server with the bucket 'roost', in `folder`: yields its port and its process. It speaks TLS with the files
    `certificate`.pem and .key."""
    data, versions, users = (pathlib.Path(folder) / name for name in ("data", "versions", "users"))
    for path in (data / "roost", versions, users):
        path.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    tls = ["--cert", f"{certificate}.pem", "--key", f"{certificate}.key"] if certificate else []
    command = [ROOT / ".deps/bin/versitygw", "-q", "--keep-alive", "-p", f"127.0.0.1:{port}", "-a", KEY, "-s", SECRET,
               "--iam-dir", users, *tls, "posix", "--versioning-dir", versions, data]
    with running(command, port) as process:
        yield port, process


@contextlib.contextmanager
def moto():
    """A server without a bucket, for keys that are no file names: yields its port."""
    port = free_port()
    program = pathlib.Path(sys.executable).parent / "moto_server"
    with running([program, "-H", "127.0.0.1", "-p", port], port):
        yield port


def allow_reading_only(port):
    """Makes a user who may read the bucket 'roost' and not write; returns what a program must see to be this user."""
    url = f"http://127.0.0.1:{port}"
    admin = [ROOT / ".deps/bin/versitygw", "admin", "-a", KEY, "-s", SECRET, "-er", url]
    subprocess.run([*admin, "create-user", "-a", "reader", "-s", SECRET, "-r", "user"], check=True, timeout=20)
    allowed = {"Effect": "Allow", "Principal": {"AWS": ["reader"]}, "Action": ["s3:GetObject", "s3:ListBucket"],
               "Resource": ["arn:aws:s3:::roost", "arn:aws:s3:::roost/*"]}
    boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id=KEY, aws_secret_access_key=SECRET) \
        .put_bucket_policy(Bucket="roost", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
    return {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": SECRET}


def s3_environment(port, **changes):
    """What a program must see to use the server at `port`."""
    return {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_EC2_METADATA_DISABLED": "true",
            # versitygw takes the bytes of a small object's trailing checksum for the next request.
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required"} | changes


class Proxy:
    """Passes connections on to `target`. `break_next` connections are broken first, each as `how` says: "busy" answers
    503, "drop" closes after so many bytes of the answer. One that "dies" passes so many bytes to the server, over all
    connections, and then nothing any more.
    """

    BUSY = (b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: 60\r\n\r\n"
            b"<Error><Code>SlowDown</Code><Message>wait</Message></Error>\n")

    def __init__(self, target, how, break_next, after_bytes=0):
        self.target, self.how, self.left, self.after = target, how, break_next, after_bytes
        self.broken = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        breaks = self.left > 0
        self.left -= breaks
        self.broken += breaks
        with client, contextlib.suppress(OSError):
            if breaks and self.how == "busy":
                client.recv(1 << 16)
                client.sendall(self.BUSY)
                return
            if self.how == "dies" and self.after <= 0:
                return
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                threading.Thread(target=self._send, args=(client, server), daemon=True).start()
                self._answer(server, client, self.after if breaks else None)
                client.shutdown(socket.SHUT_RDWR)

    def _send(self, client, server):
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                if self.how == "dies":
                    self.after -= len(data)
                    if self.after <= 0:
                        break
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _answer(server, client, limit):
        with contextlib.suppress(OSError):
            while limit is None or limit > 0:
                data = server.recv(1 << 16 if limit is None else min(limit, 1 << 16))
                if not data:
                    break
                client.sendall(data)
                limit = None if limit is None else limit - len(data)
