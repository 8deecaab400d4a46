"""`r2b serve` with a password: nobody gets in without it, what is ours does, nothing tells it."""

import base64
import http.server
from pathlib import Path

import httpx
import pytest

from flows.credentials import prefect_password
from flows.profile import load_profile
from flows.serving.serving import serving as serving_here
from schemas.errors import ProfileWrong, ServingFailed
from tests.e2e.served import NEVER, Served, eventually, serving
from tests.integration.office import Office
from tests.loopback import answering
from tests.prefect_server import free_port

PASSWORD = "r2b:canary-password-77ab01c4"  # noqa: S105  of this test's own server
HOOK = "canary-hook-0d93e5"
PROTECTED = "[serve]\nprotected = true\n"


class Moody(http.server.ThreadingHTTPServer):
    """A webhook that fails."""

    def __init__(self) -> None:
        self.called: list[str] = []
        moody = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                moody.called.append(self.path)
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(500)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


def basic(said: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(said.encode()).decode()}"}


def with_token(served: Served) -> dict[str, str]:
    """The headers of somebody who has the password, and a token against forged requests."""
    own = {**basic(PASSWORD), "Prefect-Csrf-Client": "test"}
    answer = httpx.get(f"{served.api}/csrf-token?client=test", headers=own)
    return {**own, "Prefect-Csrf-Token": answer.json()["token"]}


def looked(served: Served, headers: dict[str, str]) -> int:
    return httpx.get(f"{served.api}/admin/version", headers=headers).status_code


def asked(served: Served, headers: dict[str, str]) -> int:
    return httpx.post(f"{served.api}/flows/filter", json={}, headers=headers).status_code


@pytest.mark.timeout(600)
def test_nobody_gets_in_without_and_nothing_tells_the_password(tmp_path: Path):
    office = Office(tmp_path / "office", profile=NEVER + PROTECTED)
    office.save()
    profile = office.folder / "r2b.toml"
    with answering(Moody()) as webhook:
        surroundings = {
            "PREFECT_API_AUTH_STRING": PASSWORD,
            "R2B_ALERT_WEBHOOK": f"http://127.0.0.1:{webhook.server_port}/{HOOK}",
        }
        with serving(tmp_path, [profile], free_port(), surroundings) as served:
            assert [401, 401, 200] == [
                looked(served, headers) for headers in ({}, basic("r2b:guessed"), basic(PASSWORD))
            ]
            served.headers = with_token(served)
            no_password = {**served.headers, **basic("r2b:guessed")}
            assert [403, 401, 200] == [
                asked(served, headers) for headers in (basic(PASSWORD), no_password, served.headers)
            ]
            assert "COMPLETED" == served.run("billing-run", as_of="2026-03-31")["state_type"]
            (office.folder / "feeds" / "assets.csv").unlink()
            assert "FAILED" == served.run("billing-run", as_of="2026-03-31")["state_type"]
            eventually(lambda: webhook.called, "people are told of the failure")
            commands = [
                Path(f"/proc/{each}/cmdline").read_bytes()
                for each in (served.process.pid, *served.everything())
            ]

    assert len(commands) > 4
    assert [] == [each for each in commands if b"canary" in each]
    secrets = [PASSWORD.encode(), PASSWORD[4:].encode(), HOOK.encode()]
    secrets.append(base64.b64encode(PASSWORD.encode()))
    assert [] == [
        path.relative_to(tmp_path).as_posix()
        for path in tmp_path.rglob("*")
        if path.is_file() and any(secret in path.read_bytes() for secret in secrets)
    ]


@pytest.mark.parametrize("said", ["", "no-colon", ":empty", "r2b:", "r2b: blank", "r2b:a\nb"])
def test_without_a_password_nothing_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
):
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", said)

    with pytest.raises(ProfileWrong, match="PREFECT_API_AUTH_STRING holds none"):
        prefect_password()


def test_a_server_that_lets_everybody_in_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str
):
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", PASSWORD)
    office = Office(tmp_path / "office", profile=PROTECTED)

    with (
        pytest.raises(ServingFailed, match="asks for none"),
        serving_here(
            [load_profile(office.folder / "r2b.toml")],
            port=free_port(),
            pool="billing",
            home=tmp_path / "home",
            runs_at_once=1,
            say=print,
        ),
    ):
        pass
