"""deploy/: the Helm chart, the plain manifests and the objects of KServe, checked without a cluster."""
import json
import os
import pathlib
import re
import subprocess

import pytest

from program import ROOT, Project

DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm/roost"
HELM = ROOT / ".deps/bin/helm"
KUBERNETES_PYTHON = ROOT / ".deps/kubernetes/bin/python"
VALUES = [None, *sorted((CHART / "ci").glob("*.yaml"))]
TIMEOUT_SECONDS = 60
# The oldest release that the chart takes, and the newest when this was written.
RELEASES = ("1.30.0", "1.37.0")
ACCEPTING = os.environ.get("ACCEPT") == "1"


def helm(*arguments, code=0):
    result = subprocess.run([HELM, *map(str, arguments)], capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
                            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"})
    assert result.returncode == code, f"helm {arguments}:\n{result.stdout}{result.stderr}"
    return result.stdout + result.stderr if code else result.stdout


def template(*arguments, release=RELEASES[0], **options):
    return helm("template", "roost", CHART, "--kube-version", release, *arguments, **options)


def with_values(values):
    return ("-f", values) if values else ()


def name_of(values):
    return values.stem.removesuffix("-values") if values else "defaults"


@pytest.fixture(scope="module")
def checked():
    """Gives the documents of a text of YAML, and what is wrong with them; one process for all."""
    with subprocess.Popen([KUBERNETES_PYTHON, ROOT / "tests/support/kubernetes_check.py"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:
        def check(text):
            process.stdin.write(json.dumps(text) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            return answer["documents"], answer["problems"]

        yield check
        process.stdin.close()
        assert process.wait(timeout=TIMEOUT_SECONDS) == 0


@pytest.fixture(scope="module")
def rendered():
    """What the chart makes of each file of values."""
    return {name_of(values): template(*with_values(values)) for values in VALUES}


@pytest.fixture(scope="module")
def documents(rendered, checked):
    found = {}
    for name, text in rendered.items():
        found[name], problems = checked(text)
        assert problems == [], name
    return found


def plain_texts():
    return {path.name: path.read_text() for folder in ("kubernetes", "kserve")
            for path in sorted((DEPLOY / folder).glob("*.yaml")) if path.name not in ("kustomization.yaml", "values.yaml")}


def of_kind(documents, kind):
    return [document for document in documents if document["kind"] == kind]


def containers(documents):
    for deployment in of_kind(documents, "Deployment"):
        yield from deployment["spec"]["template"]["spec"]["containers"]
    for runtime in of_kind(documents, "ClusterServingRuntime"):
        yield from runtime["spec"]["containers"]


@pytest.mark.parametrize("values", VALUES, ids=name_of)
def test_the_chart_passes_helms_lint(values):
    assert "1 chart(s) linted, 0 chart(s) failed" in helm("lint", "--strict", "--kube-version", RELEASES[0], CHART,
                                                         *with_values(values))


def test_what_the_chart_makes_fits_the_schemas(documents):
    kinds = {document["kind"] for document in documents["workspace"]}
    assert kinds == {"Deployment", "Service", "ConfigMap", "ServiceAccount", "HorizontalPodAutoscaler",
                     "PodDisruptionBudget", "NetworkPolicy", "ServiceMonitor"}
    assert {document["kind"] for document in documents["anonymous"]} == {"Deployment", "Service"}


def test_the_newest_release_gets_the_same(rendered):
    assert template(release=RELEASES[1]) == rendered["defaults"]


def test_an_older_release_is_refused():
    assert "incompatible" in template(release="1.29.9", code=1)


@pytest.mark.parametrize("sets, says", [
    (("replcas=3",), "replcas"),
    (("access.tokenSecret=x",), "tokenSecret"),
    (("port=80",), "port"),
    (("image.digest=latest",), "digest"),
    (("access.tokensSecret=",), "no caller could be answered"),
    (("tls.clientCa=true",), "tls.clientCa needs tls.secret"),
    (("modelVolume=null",), "name a config, or a modelVolume")])
def test_values_that_make_no_server_are_refused(sets, says):
    assert says in template(*(argument for pair in sets for argument in ("--set", pair)), code=1)


def test_the_check_of_schemas_refuses_what_is_wrong(checked):
    texts = plain_texts()
    for text, wrong, says in (
            (texts["deployment.yaml"], ("replicas:", "replcas:"), "replcas"),
            (texts["deployment.yaml"], ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: yes-please"), "readOnly"),
            (texts["cluster-serving-runtime.yaml"], ("supportedModelFormats", "supportedModelFormat"), "no such field"),
            (texts["cluster-serving-runtime.yaml"], ("periodSeconds: 2", "periodSeconds: two"), "not of type 'integer'"),
            (texts["cluster-serving-runtime.yaml"], ("- name: kserve-container", "- command: []"), "name"),
            (texts["inference-service.yaml"], ("storageUri", "storageURI"), "no such field")):
        assert wrong[0] in text
        problems = checked(text.replace(*wrong))[1]
        assert any(says in problem for problem in problems), (wrong, problems)


@pytest.mark.parametrize("name", plain_texts())
def test_plain_manifests_fit_the_schemas(checked, name):
    documents, problems = checked(plain_texts()[name])
    assert documents and problems == []


def test_plain_manifests_are_what_the_chart_makes(tmp_path):
    template("-f", DEPLOY / "kubernetes/values.yaml", "--output-dir", tmp_path)
    made = {}
    for path in sorted((tmp_path / "roost/templates").glob("*.yaml")):
        lines = path.read_text().splitlines(keepends=True)
        # Helm's own marks have no meaning where Helm does not manage the objects.
        of_helm = re.compile(r"---$|# Source: |\s+app\.kubernetes\.io/managed-by: |\s+helm\.sh/chart: ")
        made[path.name] = "".join(line for line in lines if not of_helm.match(line))
    if ACCEPTING:
        for name, text in made.items():
            (DEPLOY / "kubernetes" / name).write_text(text)
    assert {name: text for name, text in plain_texts().items() if name in made} == made
    kustomization = (DEPLOY / "kubernetes/kustomization.yaml").read_text()
    assert set(re.findall(r"^  - ([a-z]+\.yaml)$", kustomization, re.MULTILINE)) == set(made)


def test_every_flag_is_one_that_serve_knows(documents, checked, folder):
    help_text = folder.run("serve", "--help").stdout + folder.run("--help").stdout
    known = set(re.findall(r"--[a-z][a-z-]*", help_text))
    everything = [*documents.values(), checked(plain_texts()["cluster-serving-runtime.yaml"])[0]]
    used = set()
    for some in everything:
        for container in containers(some):
            assert container["args"][0] == "serve"
            used |= {argument.split("=")[0] for argument in container["args"] if argument.startswith("--")}
    assert {"--model-dir", "--model-name", "--host", "--project"} <= used
    assert used <= known, used - known


def test_pods_may_do_nothing_but_serve(documents, checked):
    everything = [*documents.values(), checked(plain_texts()["cluster-serving-runtime.yaml"])[0]]
    for container in (container for some in everything for container in containers(some)):
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True and security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert container["livenessProbe"] and container["readinessProbe"] and container["startupProbe"]
        assert all(mount.get("readOnly") or mount["mountPath"] == "/tmp" for mount in container.get("volumeMounts", []))
    for some in documents.values():
        pod, = (deployment["spec"]["template"]["spec"] for deployment in of_kind(some, "Deployment"))
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False


def test_a_pod_has_time_to_finish(documents):
    drain = int(re.search(r"kDrainPatience = absl::Seconds\((\d+)\)", "".join(
        path.read_text() for path in (ROOT / "src/cli").glob("*.cc")))[1])
    for some in documents.values():
        pod = of_kind(some, "Deployment")[0]["spec"]["template"]["spec"]
        lifecycle = pod["containers"][0].get("lifecycle", {"preStop": {"sleep": {"seconds": 0}}})
        assert lifecycle["preStop"]["sleep"]["seconds"] + drain < pod["terminationGracePeriodSeconds"]


def test_the_project_of_the_config_map_is_one_that_roost_reads(documents, tmp_path):
    config, = of_kind(documents["workspace"], "ConfigMap")
    text = config["data"]["roost.yaml"]
    folder = Project(tmp_path / "project")
    (folder.folder / "roost.yaml").write_text(text.replace("s3://team-data/flights", "objects"))
    folder.refused(10, "serve", says="there is no workspace")  # all that is wrong with it
    (folder.folder / "roost.yaml").write_text(text.replace("versions:", "version:"))
    folder.refused(2, "serve", says="version")


def test_the_dockerfile_uses_what_is_there():
    text = (DEPLOY / "Dockerfile").read_text()
    for path in re.findall(r"(?:tools|deploy)/[a-z]+/[a-z]+", text):
        assert os.access(ROOT / path, os.X_OK), path
    presets = {preset["name"] for preset in json.loads((ROOT / "CMakePresets.json").read_text())["buildPresets"]}
    assert set(re.findall(r"--preset (\w+)", text)) <= presets
    for option in re.findall(r"-D(ROOST_\w+)=", text):
        assert f"option({option} " in (ROOT / "CMakeLists.txt").read_text()
    user, = re.findall(r"^USER (\d+):\1$", text, re.MULTILINE)
    assert f"user={user}\n" in (DEPLOY / "image/assemble").read_text()
    assert f"runAsUser: {user}\n" in (CHART / "templates/deployment.yaml").read_text()
    assert pathlib.PurePosixPath(re.search(r'^ENTRYPOINT \["(.*)"\]$', text, re.MULTILINE)[1]).name == "roost"
