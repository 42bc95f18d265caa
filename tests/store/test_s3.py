"""The unit tests of object stores against real S3 servers, and what happens when a server fails."""
import subprocess
import urllib.request

import pytest

from program import program_path
from s3_servers import Proxy, moto, s3_environment, versitygw

TESTS = program_path().parent / "store_test"


def unit_tests(pattern, environment, expect=0):
    """Runs the unit tests that fit `pattern`; returns what they print."""
    done = subprocess.run([TESTS, f"--gtest_filter={pattern}"], env=environment, text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == expect, f"exit {done.returncode}\n{done.stdout[-6000:]}"
    assert "Running 0 tests" not in done.stdout, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with versitygw(tmp_path_factory.mktemp("s3")) as (port, _):
        yield port


def test_every_law_of_an_object_store_holds_on_s3(server):
    unit_tests("*ObjectStoreTest*/s3", s3_environment(server, ROOST_TEST_S3="s3://roost"))


def test_the_laws_hold_where_the_bucket_has_keys_that_are_no_file_names():
    with moto() as port:
        base = f"http://127.0.0.1:{port}/odd"
        for path in ("", "/mine/a//b", "/mine/d", "/mine/d/e", "/mine/%20x"):
            urllib.request.urlopen(urllib.request.Request(base + path, data=b"x", method="PUT"), timeout=10).close()
        environment = s3_environment(port, ROOST_TEST_S3="s3://odd")
        unit_tests("*ObjectStoreTest*/s3", environment)
        unit_tests("*S3ServerTest.KeysThatAreNotOursAreNotListed/s3", environment | {"ROOST_TEST_S3": "s3://odd/mine"})


@pytest.mark.parametrize("changes, test", [
    ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "AWrongSecretIsToldWithAHint"),
    ({"AWS_ACCESS_KEY_ID": "wrong"}, "AWrongSecretIsToldWithAHint"),
    ({"ROOST_TEST_S3": "s3://no-such-bucket"}, "AMissingBucketIsToldWithAHint"),
])
def test_a_refusal_is_told_with_a_hint(server, changes, test):
    unit_tests(f"*S3ServerTest.{test}/s3", s3_environment(server, ROOST_TEST_S3="s3://roost") | changes)


@pytest.mark.parametrize("how, after_bytes", [("busy", 0), ("drop", 0), ("drop", 700)])
def test_a_server_that_fails_twice_is_tried_again(server, how, after_bytes):
    proxy = Proxy(server, how, break_next=2, after_bytes=after_bytes)
    try:
        unit_tests("*S3ServerTest.AnObjectIsWrittenAndRead/s3",
                   s3_environment(proxy.port, ROOST_TEST_S3=f"s3://roost/{how}-{after_bytes}"))
        assert proxy.broken == 2
    finally:
        proxy.close()


@pytest.mark.parametrize("how", ["busy", "drop"])
def test_a_server_that_always_fails_is_unavailable(server, how):
    proxy = Proxy(server, how, break_next=1000, after_bytes=300)
    try:
        unit_tests("*S3ServerTest.AServerThatFailsIsUnavailable/s3",
                   s3_environment(proxy.port, ROOST_TEST_S3="s3://roost"))
        assert proxy.broken >= 4
    finally:
        proxy.close()
