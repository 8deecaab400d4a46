"""Nobody is believed who cannot show who they are: the SFTP server's key, the web's certificate."""

import http.server
import re
import ssl
from pathlib import Path

import asyncssh
import pytest

from tasks.web import NoAnswer, Patience, ask_once, open_client
from tests.exchange import exchange
from tests.integration.office import Office
from tests.loopback import answering, self_signed

TOKEN = "canary-of-the-impostor"  # noqa: S105  it opens nothing


def test_an_sftp_server_with_another_key_gets_no_file(tmp_path: Path):
    with exchange(Office(tmp_path / "office"), "sftp") as both:
        address = both.stand_in.sftp
        assert address is not None
        other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        address.known_hosts.write_text(f"[{address.host}]:{address.port} {other}")
        job = both.office.job()

        assert 50 == job.exit_code
        assert "the SFTP server's key is not the one in known_hosts" in str(job.error)
        assert {"CONNECT"} == {each["method"] for each in both.stand_in.journal()}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"nothing\n", "cannot be used as set", id="no hosts"),
        pytest.param(b"\xff\xfe\n", "cannot be used as set", id="no text"),
        pytest.param(None, "known_hosts or key_file .* cannot be read", id="not there"),
    ],
)
def test_hosts_that_cannot_be_read_are_said_in_words(
    tmp_path: Path, content: bytes | None, words: str
):
    with exchange(Office(tmp_path / "office"), "sftp") as both:
        assert both.stand_in.sftp is not None
        known = both.stand_in.sftp.known_hosts
        known.unlink() if content is None else known.write_bytes(content)
        job = both.office.job()

        assert 50 == job.exit_code
        assert re.search(words, str(job.error))


def test_a_web_server_whose_certificate_nobody_vouches_for_never_gets_the_token(tmp_path: Path):
    heard: list[str] = []

    class Impostor(http.server.BaseHTTPRequestHandler):
        def handle(self) -> None:
            heard.append(self.rfile.readline().decode())

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "impostor.pem"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Impostor)
    server.handle_error = lambda *_: None
    server.socket = context.wrap_socket(server.socket, server_side=True)
    patience = Patience(timeout=5, attempts=1)
    with answering(server), open_client(token=TOKEN, patience=patience) as client:
        request = client.build_request("GET", f"https://127.0.0.1:{server.server_port}/")
        with pytest.raises(NoAnswer, match="could not be reached"):
            ask_once(client, request, patience)

    assert [] == heard
