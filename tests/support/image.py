"""Programs in the root that deploy/image/assemble made, run as a container would run them."""
import contextlib
import http.client
import json
import re
import signal
import ssl
import subprocess
import time
import urllib.parse

from program import ROOT

IN_ROOT = ROOT / "tests/deploy/in_root"
PROGRAM = "/opt/roost/bin/roost"
HELM = ROOT / ".deps/bin/helm"
PATIENCE_SECONDS = 30


def command_in(root, volumes, command):
    """`volumes` are folders by the place at which the program sees them."""
    return [IN_ROOT, root, *(f"{folder}={place}" for place, folder in volumes.items()), "--", *command]


def run_in(root, volumes, *command):
    return subprocess.run(command_in(root, volumes, command), capture_output=True, text=True, timeout=PATIENCE_SECONDS)


@contextlib.contextmanager
def serving_in(root, volumes, *arguments, variables=()):
    """`roost serve` with the arguments in the root: yields its process and its URL; ends as Kubernetes ends it.

    Its environment are the `variables`, "NAME=VALUE", alone.
    """
    command = ["/usr/bin/env", *variables] if variables else []
    command = command_in(root, volumes, [*command, PROGRAM, "serve", *arguments, "--json"])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            yield process, json.loads(line)["url"]
            assert process.poll() is None, process.stderr.read()
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=PATIENCE_SECONDS) == 0, process.stderr.read()
        finally:
            process.kill()


def arguments_of_the_chart(*values):
    """What the Helm chart has a pod call `roost` with, but for its name and the port, which is any free one."""
    command = [HELM, "template", "roost", ROOT / "deploy/helm/roost", "--kube-version", "1.30.0", "--show-only",
               "templates/deployment.yaml", *values]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS,
                          env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}).stdout
    listed = re.search(r"^ +args:\n((?: +- .*\n)+)", text, re.MULTILINE)[1]
    first, *others = [line.strip().removeprefix("- ").strip('"') for line in listed.splitlines()]
    assert first == "serve" and "--port=8080" in others
    return ["--port=0" if argument == "--port=8080" else argument for argument in others]


def call(url, path, body=None, token=None, authority=None):
    """Status and document of a request; under https `authority` is the certificate that is trusted, and no other."""
    place = urllib.parse.urlsplit(url.replace("0.0.0.0", "localhost"))
    if place.scheme == "https":
        connection = http.client.HTTPSConnection(place.netloc, timeout=PATIENCE_SECONDS,
                                                 context=ssl.create_default_context(cafile=authority))
    else:
        connection = http.client.HTTPConnection(place.netloc, timeout=PATIENCE_SECONDS)
    with contextlib.closing(connection):
        connection.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body),
                           {"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None


def eventually(look, what):
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if look():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}")
