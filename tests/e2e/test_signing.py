"""Signed models beside OpenSSF's tool: what it signed is verified here, what Roost signs is verified by `cryptography`
in the way of that tool; and a server that trusts a key takes nothing else."""
import base64
import hashlib
import json
import shutil
import sqlite3

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from model_project import ModelProject, make_rows
from program import ROOT, Project
from test_serve_versions import eventually, served

OPENSSF = ROOT / "tests/signing"


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A project with model@1, which signs what it registers, and model@2, which nobody has signed."""
    made = ModelProject(tmp_path_factory.mktemp("signing") / "project", make_rows())
    key = ec.generate_private_key(ec.SECP256R1())
    (made.folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    (made.folder / "public.pem").write_bytes(public_pem(key.public_key()))
    plain = (made.folder / "roost.yaml").read_text()
    (made.folder / "roost.yaml").write_text(plain + "signing: {key: key.pem, public_keys: [public.pem]}\n")
    made.train()
    (made.folder / "roost.yaml").write_text(plain.replace("project:", "# changed\nproject:", 1))
    made.train("--cold")
    (made.folder / "roost.yaml").write_text(plain + "signing: {public_keys: [public.pem]}\n")
    made.key = key.public_key()
    return made


def public_pem(key):
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def files_of(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()
            if path.name != "model.sig"}


def statement_of(bundle, key):
    """The statement of a bundle; an exception where `key` has not signed it, as in model_signing's sign_ec_key.py."""
    assert bundle["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    material = bundle["verificationMaterial"]
    assert material["publicKey"]["hint"] == hashlib.sha256(public_pem(key)).hexdigest()
    assert material["tlogEntries"] == []
    envelope = bundle["dsseEnvelope"]
    payload, kind = base64.b64decode(envelope["payload"], validate=True), envelope["payloadType"]
    encoded = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    (signature,) = envelope["signatures"]
    key.verify(base64.b64decode(signature["sig"], validate=True), encoded, ec.ECDSA(hashes.SHA256()))
    assert kind == "application/vnd.in-toto+json"
    return json.loads(payload)


def test_what_roost_signs_says_what_the_layout_wants(signed):
    folder = signed.folder / "package"
    signed.run("model", "export", "model@1", "--format", "package", "-o", folder)
    statement = statement_of(json.loads((folder / "model.sig").read_text()), signed.key)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://model_signing/signature/v1.0"
    predicate = statement["predicate"]
    assert {key: predicate["serialization"][key] for key in ("method", "hash_type", "allow_symlinks")} == {
        "method": "files", "hash_type": "sha256", "allow_symlinks": False}
    assert {one["name"]: one["digest"] for one in predicate["resources"]} == files_of(folder)
    assert [one["name"] for one in predicate["resources"]] == sorted(files_of(folder))
    root = hashlib.sha256(b"".join(bytes.fromhex(one["digest"]) for one in predicate["resources"])).hexdigest()
    (subject,) = statement["subject"]
    assert subject == {"name": "model@1", "digest": {"sha256": root}}
    assert signed.json("model", "verify", "--folder", folder)["good"] is True


def test_a_folder_that_the_tool_of_openssf_signed_is_verified(tmp_path):
    project = Project(tmp_path / "nowhere")  # no project is needed
    shutil.copytree(OPENSSF / "package", tmp_path / "package")
    verify = ["model", "verify", "--folder", tmp_path / "package", "--public-key", OPENSSF / "public.pem"]
    found = project.json(*verify)
    assert found["good"] and found["files"] == 4
    (tmp_path / "package/extra/notes.txt").write_text("below another folder\n")
    found = project.run(*verify, "--json", code=1).json()
    assert found == {"name": str(tmp_path / "package"), "good": False,
                     "reason": "the file 'extra/notes.txt' is not the one that was signed: its bytes differ"}


def test_a_signature_that_was_made_elsewhere_is_kept(signed, tmp_path):
    folder = tmp_path / "package"
    signed.run("model", "export", "model@1", "--format", "package", "-o", folder)
    bundle = tmp_path / "model.sig"
    shutil.move(folder / "model.sig", bundle)
    before = signed.json("model", "verify", "model@1")
    assert signed.json("model", "sign", "model@1", "--bundle", bundle)["key"] == before["key"]
    signed.refused(10, "model", "sign", "model@2", "--bundle", bundle, says="is no signature of model@2")


def test_only_what_is_signed_is_scored_judged_and_promoted(signed):
    assert signed.json("model", "verify", "model@1")["good"] is True
    assert signed.run("model", "verify", "model@2", code=1).stdout == "model@2: refused: it has no signature\n"
    refused = "model@2 is not trusted (signing.public_keys): it has no signature"
    for command in (("predict", "model@2", "rows"), ("evaluate", "model@2"), ("compare", "model@2", "model@1"),
                    ("explain", "model@2", "--row", "{}"), ("model", "promote", "model@2", "--reason", "r"),
                    ("model", "export", "model@2"), ("serve", "model@2", "--port", "0")):
        result = signed.run(*command, code=None)
        assert result.code not in (0, None) and refused in result.stderr, result
    signed.run("predict", "model@1", "rows", "--limit", "1")
    signed.run("model", "promote", "model@1", "--reason", "signed")


def test_a_server_takes_what_is_signed_and_says_what_is_not(signed, tmp_path):
    """It begins with model@1; model@2 is told and not served, until somebody signs it."""
    copy = ModelProject.at(tmp_path / "copy", signed)
    shutil.copytree(signed.folder, copy.folder)
    with open(copy.folder / "roost.yaml", "a") as config:
        config.write("serve: {watch_seconds: 0.1, models: {model: {versions: all}}}\n")
    with copy.serve() as url:
        assert served(url, "model") == [1]
        told = (copy.folder / "served.log").read_text()
        assert "model@2 is not served: model@2 is not trusted (signing.public_keys): it has no signature" in told
        copy.run("model", "sign", "model@2", "--key", "key.pem")
        eventually(lambda: served(url, "model") == [1, 2], "model@2 is served once it is signed")


def test_a_flipped_byte_in_the_store_is_never_loaded(signed, tmp_path):
    """Somebody with the rights of the workspace replaces the model, its digests and its rows in the database."""
    copy = ModelProject.at(tmp_path / "copy", signed)
    shutil.copytree(signed.folder, copy.folder)
    objects = copy.folder / ".roost/objects/models"
    digest = copy.json("model", "list")[0]["digest"]
    manifest = json.loads((objects / digest).read_text())
    part = next(one for one in manifest["parts"] if one["name"] == "model.json")
    evil = (objects / part["sha256"]).read_bytes() + b" "
    part["sha256"], part["bytes"] = hashlib.sha256(evil).hexdigest(), len(evil)
    (objects / part["sha256"]).write_bytes(evil)
    text = json.dumps(manifest, separators=(",", ":")).encode()
    forged = hashlib.sha256(text).hexdigest()
    (objects / forged).write_bytes(text)
    with sqlite3.connect(copy.folder / ".roost/metadata.sqlite") as database:
        database.execute("UPDATE model_versions SET manifest = ? WHERE version = 1", (forged,))
    database.close()
    copy.refused(10, "predict", "model@1", "rows", says="'model.json' is not the one that was signed")
    copy.refused(10, "serve", "model@1", "--port", "0", says="'model.json' is not the one that was signed")
