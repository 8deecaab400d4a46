"""The stand-in as a program: it says where it is, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest
from typer.testing import CliRunner

from sandbox.affinity.__main__ import app
from tests.sandbox.batches import write_feeds
from tests.sandbox.over_http import NO_CERTIFICATES, PRODUCTS, file_of, upload


@pytest.fixture
def known(tmp_path):
    """The options that name state and feeds."""
    return ("--state", tmp_path / "state", "--catalogue", write_feeds(tmp_path / "feeds"))


@contextmanager
def program(*words, **environment):
    """The program, with what it said when it was ready."""
    running = subprocess.Popen(
        [sys.executable, "-m", "sandbox.affinity", "serve", *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    try:
        line = running.stdout.readline()
        assert line, running.stderr.read()
        yield running, json.loads(line)
    finally:
        running.kill()
        running.communicate()


def test_it_says_where_it_is_and_works_until_stdin_closes(known, tmp_path):
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps([{"on": "load", "do": "late"}]), encoding="utf-8")
    drop = tmp_path / "drop"
    options = ("--http", "--sftp", "--drop", drop, "--behaviour", rules, "--reject-rate", 1)
    with program(*known, *options, "--token-env", "ANY_NAME", ANY_NAME="x") as (
        running,
        said,
    ):
        with httpx.Client(
            base_url=said["http"], headers={"Authorization": "Bearer x"}, verify=NO_CERTIFICATES
        ) as client:
            upload(client, PRODUCTS, file_of(tmp_path / "batch", PRODUCTS))
            asked = [client.get(f"/results/{PRODUCTS}") for _ in range(2)]
        out, err = running.communicate(input="", timeout=30)

    assert [202, 200] == [answer.status_code for answer in asked]
    assert ",rejected," in asked[1].text
    assert (0, "", "") == (running.returncode, out, err)
    assert {"host", "port", "username", "password", "known_hosts"} == set(said["sftp"])
    assert str(drop) == said["drop"]
    assert {"inbox", "archive", "error", "results"} == {path.name for path in drop.iterdir()}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_it(known, number):
    with program(*known) as (running, said):
        running.send_signal(number)
        code = running.wait(timeout=30)

    assert (0, None, None) == (code, said["sftp"], said["drop"])
    with pytest.raises(httpx.ConnectError):
        httpx.get(said["http"], verify=NO_CERTIFICATES)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(["--token-env", "NO_SUCH_TOKEN"], 2, "NO_SUCH_TOKEN", id="no token"),
        pytest.param(["--behaviour", "none.json"], 4, "none.json", id="no behaviour"),
    ],
)
def test_it_does_not_start_on_wrong_words(known, words, code, says):
    done = CliRunner().invoke(app, ["serve", *map(str, known), *words])

    assert code == done.exit_code
    assert says in done.stderr
    assert "" == done.stdout
