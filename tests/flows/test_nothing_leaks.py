"""Canaries: secrets are found nowhere, personal data only where it belongs. Invariant 68.

Everything real: commands and flows in processes of their own, a Prefect server with a password, the
stand-in for Affinity, and a server that says back whatever it was sent.
"""

import base64
import http.server
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from tests.exchange import TOKEN, exchange
from tests.integration.office import Office
from tests.loopback import answering
from tests.prefect_server import prefect_server

R2B = Path(sys.executable).with_name("r2b")

SECRETS = {
    "R2B_LAYER_TOKEN": "canary-layer-4f1d9c07",
    "R2B_AFFINITY_TOKEN": "canary-affinity-b81e6650",
    "R2B_AFFINITY_PASSWORD": "canary-sftp-93ac27f4",
    "R2B_ALERT_WEBHOOK": "https://127.0.0.1:9/canary-webhook-5be0d1",
    "PREFECT_API_AUTH_STRING": "r2b:canary-prefect-6d20ee",
}
"""Variable -> what only it holds. The stand-in takes `TOKEN` besides."""

CUSTOMER, SITE, PERSON = "Quillfeather Bakery", "Quillfeather Mill", "Quillfeather-Jones"
EMAIL, CLI = "quillfeather@example.com", "01632960717"
PERSONAL = (CUSTOMER, SITE, PERSON, EMAIL, CLI, CLI.removeprefix("0"))

ALLOWED = {
    "feeds/": "what The Layer exported: ours to read",
    "var/landed/": "the feeds as they were read, so that a run can be played again",
    "var/warehouse.duckdb": "what is judged",
    "var/published/": "what analysts read; `warehouse.personal = false` takes it out",
    "outbox/": "the files that Affinity loads, and those The Layer does",
    "var/reports/": "the report for people says whose charges they are",
    "var/exports/": "an export that a person asked for",
}
"""Where a customer may be found, under the profile's folder, and why."""

NEVER_IN_THE_OUTBOX = ("manifest.json", "delivery.json", "transfer.json")

FAILING = """
import datetime, sys, traceback
from flows.billing_run import billing_run
for profile in sys.argv[1:]:
    try:
        billing_run(profile, datetime.date(2026, 3, 31))
    except Exception:
        traceback.print_exc()
    else:
        print("it did not fail:", profile)
"""


class Echo(http.server.ThreadingHTTPServer):
    """A server that refuses everybody, and quotes all it was sent."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        echo = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                """Answer any method in the same way."""
                self.raw_requestline = self.rfile.readline()
                if self.raw_requestline and self.parse_request():
                    self._refuse()

            def _refuse(self) -> None:
                said = f"{self.requestline}\n{self.headers}"
                echo.heard.append(said)
                status = int(self.path.split("/")[1])
                body = f"<html><pre>{said}</pre></html>".encode()
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(status, "Refused")
                self.send_header("WWW-Authenticate", str(self.headers.get("Authorization")))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@dataclass(frozen=True)
class Scene:
    """What happened, and all that is left of it."""

    folder: Path
    office: Office
    prefect: Path
    said: Mapping[str, str]
    heard: str


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    folder = tmp_path
    prefect = folder / "prefect"
    prefect.mkdir()
    auth = {"PREFECT_SERVER_API_AUTH_STRING": SECRETS["PREFECT_API_AUTH_STRING"]}
    said: dict[str, str] = {}
    with prefect_server(prefect, auth) as api, answering(Echo()) as echo:
        here = {"PREFECT_API_URL": api, "PREFECT_HOME": str(folder / "client")}

        def run(name: str, *words: str | Path, **environment: str) -> None:
            done = subprocess.run(
                words,
                cwd=folder,
                env={**os.environ, **SECRETS, **here, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
                check=False,
            )
            said[name] = done.stdout

        office = _office(folder / "good" / "office")
        rules = [
            {
                "on": "load",
                "do": "reject",
                "times": -1,
                "every": 2,
                "code": "E9",
                "message": CUSTOMER,
            }
        ]
        unfit = "[feeds]\nmax_reject_rate = 1"
        with exchange(office, "http", rules=rules, more=unfit) as both:
            profile = ("--profile", office.folder / "r2b.toml")
            good = {"R2B_AFFINITY_TOKEN": TOKEN}
            day = ("--as-of", "2026-03-31")
            run("run", R2B, "run", *day, *profile, **good)
            run("report", R2B, "report", *day, *profile, **good)
            run("export", R2B, "export", "mart.charge", *profile, **good)
            run("doctor", R2B, "doctor", *profile, **good)
            assert both.uploads() == 2, said["run"]
        bad = list(_failing(folder, f"http://127.0.0.1:{echo.server_port}"))
        run("failing", sys.executable, "-c", FAILING, *bad)
        with exchange(Office(folder / "locked" / "office"), "sftp") as both:
            run("locked", R2B, "run", "--profile", both.office.folder / "r2b.toml")
            assert [] == both.loads()
        yield Scene(folder, office, prefect, said, "\n".join(echo.heard))


def _office(folder: Path) -> Office:
    office = Office(folder, lines=3)
    office.record("customers")["name"] = CUSTOMER
    office.record("sites")["name"] = SITE
    office.record("assets")["cli"] = CLI
    place = {"customer_id": "C1", "site_id": "S1"}
    office.feeds["contacts"] = [{"contact_id": "K1", **place, "last_name": PERSON, "email": EMAIL}]
    # what is unfit is not told in a log either
    office.feeds["order_lines"].append(
        {"line_id": "L9", "order_id": "O1", "product_id": "P1", "quantity": CUSTOMER}
    )
    return office


def _failing(folder: Path, echo: str) -> Iterator[str]:
    """Profiles whose runs fail, each in a way of its own."""
    http = '[feeds]\nkind = "http"\nurl = "{echo}/{status}/{{feed}}?page={{page}}"\n'
    quick = "[feeds.http]\nattempts = 2\nfirst_wait_seconds = 0.01\nlongest_wait_seconds = 0.01\n"
    upload = (
        '[delivery]\nmode = "http"\nattempts = 2\nfirst_wait_seconds = 0.01\n'
        "receipt_wait_seconds = 0\nanswer_wait_seconds = 0\n"
        '[delivery.http]\nurl = "{echo}/{status}"\n'
    )
    for name, text in {
        "refused": http.format(echo=echo, status=401) + quick,
        "broken": http.format(echo=echo, status=500) + quick,
        "no-json": http.format(echo=echo, status=200) + quick,
        "upload-refused": upload.format(echo=echo, status=401),
        "upload-broken": upload.format(echo=echo, status=503),
        "bug": "",
    }.items():
        office = Office(folder / name, profile=text)
        office.save()
        if name == "bug":
            # nothing expects a file there: what fails is no error of ours
            (office.folder / "var").mkdir()
            (office.folder / "var" / "landed").write_text("")
        yield str(office.folder / "r2b.toml")


def forms(secret: str) -> list[bytes]:
    """How a secret may be written: as it is, quoted, and in base64 wherever it begins."""
    raw = secret.encode()
    encoded = {base64.b64encode(b"x" * lead + raw)[4 if lead else 0 : -4] for lead in range(3)}
    return [raw, quote(secret, safe="").encode(), *encoded]


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def the_scene_is_what_it_should_be(scene: Scene):
    said = scene.said

    for secret in ("R2B_LAYER_TOKEN", "R2B_AFFINITY_TOKEN"):
        assert f"Bearer {SECRETS[secret]}" in scene.heard, "the server has it to quote"
    assert 6 == said["failing"].count("Traceback (most recent call last)"), said["failing"]
    assert "it did not fail" not in said["failing"]
    assert "with the token it was sent" in said["failing"]
    assert "does not accept our name and key" in said["locked"]
    assert CUSTOMER in dict(files(scene.office.folder))["feeds/customers.csv"].decode()


def the_search_would_find_them(scene: Scene):
    known = SECRETS["PREFECT_API_AUTH_STRING"]
    header = base64.b64encode(known.encode())

    assert any(form in b"Authorization: Basic " + header for form in forms(known))
    assert any(b"flow_run" in content for _, content in files(scene.prefect))
    assert b"billing-run" in b"".join(content for _, content in files(scene.prefect))


def a_secret_is_found_nowhere(scene: Scene, secret: str):
    searched = forms(SECRETS.get(secret, TOKEN))
    places = [*files(scene.folder), *((n, t.encode()) for n, t in scene.said.items())]

    assert len(places) > 50
    found = [name for name, content in places if any(form in content for form in searched)]
    assert (secret, []) == (secret, found)


def no_secret_is_in_a_column_that_is_stored_packed(scene: Scene):
    secrets = [*SECRETS.values(), TOKEN]
    found = [
        (path.parent.parent.name, column)
        for path in scene.folder.rglob("*.duckdb")
        for column, text in texts(path)
        if any(secret in text for secret in secrets)
    ]

    assert [] == found


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Every text of a database, by its column."""
    with duckdb.connect(str(path), read_only=True) as connection:
        columns = connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
            "WHERE NOT internal AND schema_name <> 'mart' AND data_type = 'VARCHAR'"
        ).fetchall()
        for schema, table, column in columns:
            query = f'SELECT "{column}" FROM {schema}."{table}" WHERE "{column}" IS NOT NULL'
            for (text,) in connection.execute(query).fetchall():
                yield f"{schema}.{table}.{column}", text


def a_customer_is_found_where_it_belongs_and_nowhere_else(scene: Scene):
    searched = [each.encode() for each in PERSONAL]
    home = scene.office.folder.relative_to(scene.folder).as_posix() + "/"
    found = [
        name for name, content in files(scene.folder) if any(each in content for each in searched)
    ]
    inside = [name.removeprefix(home) for name in found if name.startswith(home)]
    over_there = scene.office.folder.parent.relative_to(scene.folder).as_posix() + "/affinity/"

    assert [] == [each for each in found if not each.startswith((home, over_there))]
    assert [] == [each for each in inside if not each.startswith(tuple(ALLOWED))]
    assert [] == [each for each in inside if each.endswith(NEVER_IN_THE_OUTBOX)]


def every_place_on_the_list_needs_its_place(scene: Scene):
    searched = [each.encode() for each in PERSONAL]
    packed = {
        str(path.relative_to(scene.office.folder))
        for path in scene.office.folder.rglob("*.duckdb")
        if any(each in text for _, text in texts(path) for each in PERSONAL)
    }
    found = packed | {
        name
        for name, content in files(scene.office.folder)
        if any(each in content for each in searched)
    }

    assert [] == [place for place in ALLOWED if not any(each.startswith(place) for each in found)]


def a_command_names_no_customer(scene: Scene, command: str):
    assert [] == [each for each in PERSONAL if each in scene.said[command]]


def test_secrets_are_found_nowhere_and_customers_only_where_they_belong(scene: Scene):
    # one test: the scene takes a server and many a run, and no two workers should each set it
    the_scene_is_what_it_should_be(scene)
    the_search_would_find_them(scene)
    for secret in (*SECRETS, "the stand-in's token"):
        a_secret_is_found_nowhere(scene, secret)
    no_secret_is_in_a_column_that_is_stored_packed(scene)
    a_customer_is_found_where_it_belongs_and_nowhere_else(scene)
    every_place_on_the_list_needs_its_place(scene)
    for command in ("run", "report", "export", "doctor", "failing"):
        a_command_names_no_customer(scene, command)
