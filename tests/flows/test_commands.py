"""The commands as people run them: the real program, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from flows.console.answering import out
from flows.console.run_view import show_transfer
from tests.integration.office import Office

R2B = Path(sys.executable).with_name("r2b")


def r2b(
    folder: Path, *words: str, stdout: BinaryIO | int = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder`; its answer may go elsewhere than to us."""
    return subprocess.run(
        [str(R2B), *words],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=300,
        check=False,
    )


def answer(folder: Path, *words: str) -> Any:
    """What a command says as JSON; it must end well."""
    done = r2b(folder, *words, "--json")
    assert 0 == done.returncode, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path / "office")
    made.save()
    return made


def test_the_demo_removes_no_profile_that_it_is_given(tmp_path: Path):
    profile = tmp_path / "var" / "demo" / "r2b.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text("")
    done = r2b(tmp_path, "demo", "--profile", "var/demo/r2b.toml")

    assert (2, True) == (done.returncode, profile.exists())
    assert "would remove the profile var/demo/r2b.toml" in done.stderr


@pytest.mark.parametrize("name", ["", "x" * 201, "North\x7fwind", "North\nwind"])
def test_a_profile_that_could_not_be_read_is_not_made(tmp_path: Path, name: str):
    done = r2b(tmp_path, "init", "here", "--tenant", name)

    assert (2, []) == (done.returncode, [*tmp_path.iterdir()])
    assert "this is no name for a tenant" in done.stderr


def test_a_place_that_cannot_be_used_is_no_bug(tmp_path: Path, office: Office):
    (office.folder / "var").write_text("")
    spoilt = r2b(office.folder, "queue", "retry", "--json")
    long = r2b(office.folder, "status", "--profile", "x" * 300)

    assert {"code": 10, "name": "ProfileWrong", "message": "Using var: file exists."} == {
        key: value for key, value in json.loads(spoilt.stdout)["error"].items() if key != "hint"
    }
    assert (10, False) == (long.returncode, "Traceback" in long.stderr)


def test_a_published_copy_that_is_damaged_is_said_to_be_so(office: Office):
    office.run()
    office.profile.published.chmod(0o600)
    office.profile.published.write_bytes(office.profile.published.read_bytes()[:5000])
    done = r2b(office.folder, "status", "--json")
    error = json.loads(done.stdout)["error"]

    assert (61, "StaleStatus") == (done.returncode, error["name"])
    assert "Reading the published copy r2b.duckdb: it cannot be read." == error["message"]


def test_the_demo_needs_nothing_and_bills_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))

    story = answer(tmp_path, "demo", "--lines", "2000")

    assert "batch_written" == story["run"]["status"]
    assert "confirmed" == story["transfer"]["state"]
    assert story["run"]["dispositions"]["ready"]["charges"] == (
        story["transfer"]["accepted"] + story["transfer"]["rejected"]
    )
    assert 0 == story["audit"]["double_bills"]


@pytest.mark.usefixtures("prefect_api")
@pytest.mark.parametrize("way", ["folder", "sftp", "http"])
def test_the_demo_delivers_by_itself(tmp_path: Path, way: str):
    story = answer(tmp_path, "demo", "--lines", "400", "--delivery", way)

    assert ("batch_confirmed", way) == (story["run"]["status"], story["delivery"])
    assert {"receipted"} == set(story["run"]["delivery"]["files"].values())
    assert story["transfer"]["accepted"] > 0
    assert (0, 0) == (story["audit"]["double_bills"], story["audit"]["out_of_order"])


@pytest.mark.usefixtures("prefect_api")
def test_a_day_from_plan_to_in_billing(office: Office):
    folder = office.folder

    planned = answer(folder, "plan", "--as-of", "2026-03-31")
    ran = answer(folder, "run", "--as-of", "2026-03-31")
    again = answer(folder, "run", "--as-of", "2026-03-31")
    moved = answer(folder, "transfer", "1", "--uploaded", "--by", "Ann")
    explained = answer(folder, "explain", "L1")
    standing = answer(folder, "status")

    assert planned["would_write"]["files"] == ran["batch"]["files"]
    assert (None, "batch_open") == (again["batch"], again["status"])
    assert ("confirmed", 4) == (moved["state"], moved["accepted"])
    assert ["in_billing", "in_billing"] == [each["disposition"] for each in explained["charges"]]
    assert "green" == explained["light"]
    assert [] == standing["open_batches"]


def test_a_batch_is_undone_by_one_that_leaves_like_any_other(office: Office):
    office.run()
    office.uploaded()

    planned = answer(office.folder, "undo", "1", "--plan")
    done = answer(office.folder, "undo", "1", "--by", "Ann", "--reason", "wrong price book")
    shown = r2b(office.folder, "undo", "1", "--plan")

    assert {"06_clis.csv": 2, "07_ceases.csv": 4} == done["files"]
    assert (2, 1, 4, "-62.0000") == tuple(
        done[name] for name in ("seq", "undoes", "charges", "value")
    )
    assert {**done, "is_planned": True} == planned
    assert 60 == shown.returncode
    assert "batch 2 undoes it already" in shown.stderr
    assert "4 charges of batch 1 taken back (£62.00)" in _transferred(office)


def test_abandoning_twice_is_once(office: Office):
    office.run()
    words = ("abandon", "1", "--by", "Ann", "--reason", "wrong price book")

    first, second = (answer(office.folder, *words) for _ in range(2))
    shown = r2b(office.folder, *words)

    assert [("abandoned", True), ("abandoned", False)] == [
        (each["state"], each["changed"]) for each in (first, second)
    ]
    assert "Nothing changed: batch 1 had been abandoned before.\n" == shown.stdout


def _transferred(office: Office) -> str:
    """What a person reads once the undo is confirmed."""
    receipt = office.uploaded(2)
    with out.capture() as shown:
        show_transfer(receipt)
    return shown.get()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(("undo", "1"), 2, id="without a name and a reason"),
        pytest.param(("undo", "1", "--by", "Ann"), 2, id="without a reason"),
        pytest.param(("undo", "9", "--plan"), 60, id="a batch that never was"),
        pytest.param(("undo", "1", "--by", "Bob", "--reason", "x"), 70, id="without the role"),
    ],
)
def test_how_an_undo_is_refused(office: Office, words: tuple[str, ...], code: int):
    (office.folder / "r2b.toml").write_text('operators.Ann = ["bill_export"]\n', encoding="utf-8")
    done = r2b(office.folder, *words, "--json")

    assert code == done.returncode
    assert code == json.loads(done.stdout)["error"]["code"]


@pytest.mark.usefixtures("prefect_api")
def test_a_failure_is_one_line_and_an_exit_code(office: Office):
    (office.folder / "feeds" / "orders.csv").unlink()

    done = r2b(office.folder, "run", "--as-of", "2026-03-31")

    assert 22 == done.returncode
    assert "" == done.stdout
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert 1 == len(lines)
    assert "orders is missing" in lines[0]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("transfer", "1"), id="a transfer without evidence"),
        pytest.param(("transfer", "1", "--uploaded"), id="an upload nobody vouches for"),
        pytest.param(("transfer", "1", "--results", "", "--by", "Ann"), id="a blank for a result"),
        pytest.param(("transfer", "one"), id="a batch that is no number"),
        pytest.param(("abandon", "1"), id="giving up without a reason"),
        pytest.param(("abandon", "1", "--by", "Ann", "--reason", " "), id="with a blank for one"),
        pytest.param(("abandon", "1", "--by", " ", "--reason", "x"), id="with a blank for a name"),
        pytest.param(("explain", "L1"), id="explaining before anything ran"),
        pytest.param(("run", "--as-of", "31/03/2026"), id="a day written the British way"),
        pytest.param(("bill",), id="a command there is not"),
        pytest.param(("run", "--as-off", "2026-03-31"), id="an option there is not"),
        pytest.param(("plan", "--as-of", "9999-12-31"), id="a day at the end of the calendar"),
        pytest.param(("plan", "--as-of", "0001-01-01"), id="a day at its beginning"),
        pytest.param(("reconcile", "--known-at", "9999-12-31"), id="known when all is over"),
    ],
)
@pytest.mark.usefixtures("prefect_api")
def test_wrong_words_are_usage_errors(office: Office, words: tuple[str, ...]):
    done = r2b(office.folder, *words, "--json")
    shown = r2b(office.folder, *words)

    assert 2 == done.returncode
    error = json.loads(done.stdout)["error"]
    assert 2 == error["code"]
    assert (2, "") == (shown.returncode, shown.stdout)
    assert [f"r2b: {error['message']} {error['hint']}"] == shown.stderr.splitlines()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(("abandon", "1", "--by", "Jos\udce9", "--reason", "x"), 2, id="a name"),
        pytest.param(("abandon", "1", "--by", "Ann", "--reason", "\udcff"), 2, id="a reason"),
        pytest.param(("transfer", str(10**20), "--uploaded", "--by", "Ann"), 60, id="a number"),
        pytest.param(("transfer", "0", "--uploaded", "--by", "Ann"), 60, id="batch 0"),
        pytest.param(("undo", str(2**63), "--plan"), 60, id="a number of 64 bits"),
        pytest.param(("queue", "history", str(10**60)), 60, id="an item"),
        pytest.param(("queue", "retry", "0"), 60, id="item 0"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    office: Office, words: tuple[str, ...], code: int
):
    done = r2b(office.folder, *words)

    assert (code, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines()), done.stderr
    assert {"feeds", "r2b.toml"} == {path.name for path in office.folder.iterdir()}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(
            ("run", "--as-of", "31/03/2026"),
            "'31/03/2026' is no day: write the day as YYYY-MM-DD. See `r2b run --help`.",
            id="a day",
        ),
        pytest.param(("queue", "release"), "See `r2b queue release --help`.", id="no number"),
        pytest.param(("queue", "drop"), "See `r2b queue --help`.", id="a command of the queue"),
    ],
)
def test_wrong_words_are_told_where_their_help_is(
    tmp_path: Path, words: tuple[str, ...], told: str
):
    assert r2b(tmp_path, *words).stderr.endswith(f"{told}\n")


def test_no_words_at_all_are_answered_with_help(tmp_path: Path):
    done = r2b(tmp_path, "queue")

    assert (2, "") == (done.returncode, done.stderr)
    assert "release" in done.stdout


BUG = """
from flows.console import main
from flows.console.answering import JsonOption

@main.app.command()
def fall_over(as_json: JsonOption = False) -> None:
    raise KeyError("Bakers")

main.main()
"""


def test_a_bug_is_told_to_machines_without_what_it_says(tmp_path: Path):
    words = [sys.executable, "-c", BUG, "fall-over"]
    shown, told = (
        subprocess.run(
            [*words, *more], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        for more in ([], ["--json"])
    )

    assert (1, "") == (shown.returncode, shown.stdout)
    assert 1 == told.returncode
    assert "KeyError: 'Bakers'" in shown.stderr
    assert "KeyError: 'Bakers'" in told.stderr
    error = json.loads(told.stdout)["error"]
    assert (1, "KeyError") == (error["code"], error["name"])
    assert "Bakers" not in told.stdout


def test_init_makes_a_profile_that_checks(tmp_path: Path):
    made = answer(tmp_path, "init", "north", "--tenant", 'Bakers "&" Sons')
    checked = answer(tmp_path, "profile", "check", "--profile", made["profile"])

    assert 'Bakers "&" Sons' == checked["settings"]["tenant"]["name"]
    assert 2 == r2b(tmp_path, "init", "north").returncode


def test_init_with_a_profile_elsewhere_has_it_find_its_feeds(tmp_path: Path):
    (tmp_path / "profiles").mkdir()
    made = answer(tmp_path, "init", "north", "--profile", "profiles/north.toml")
    checked = answer(tmp_path, "profile", "check", "--profile", made["profile"])

    assert (tmp_path / made["feeds"]).is_dir()
    assert str(tmp_path / "profiles" / "../north/feeds") == checked["places"]["feeds"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("north", "--profile", "no/x.toml"), "there is no folder no", id="no folder"),
        pytest.param(("file",), "Setting up file: Not a directory.", id="a file for a folder"),
        pytest.param(("file/north",), "Not a directory.", id="a folder in a file"),
        pytest.param(("x" * 300,), "File name too long.", id="a name that is too long"),
    ],
)
def test_init_where_nothing_can_be_is_a_usage_error(
    tmp_path: Path, words: tuple[str, ...], told: str
):
    (tmp_path / "file").touch()

    done = r2b(tmp_path, "init", *words)

    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert told in done.stderr
    assert [tmp_path / "file"] == list(tmp_path.iterdir())


def test_the_doctor_finds_what_would_stop_a_run(office: Office):
    well = r2b(office.folder, "doctor")
    (office.folder / "feeds" / "sites.csv").unlink()
    ill = r2b(office.folder, "doctor", "--json")

    assert 0 == well.returncode
    assert 22 == ill.returncode
    assert "sites" in json.dumps(json.loads(ill.stdout)["findings"])


def test_the_doctor_sees_that_the_warehouse_of_a_full_outbox_is_gone(office: Office):
    office.run()
    office.profile.warehouse.unlink()
    ill = r2b(office.folder, "doctor", "--json")

    assert 61 == ill.returncode
    assert "the outbox holds batch 1" in ill.stdout


def test_the_doctor_sees_that_nothing_can_be_put_where_batches_go(office: Office):
    (office.folder / "r2b.toml").write_text('[delivery]\noutbox = "r2b.toml/outbox"\n')
    ill = r2b(office.folder, "doctor", "--json")

    assert 10 == ill.returncode
    assert "the outbox cannot be there: r2b.toml is no folder" in ill.stdout


def test_a_command_whose_work_stands_says_that_parquet_files_could_not_follow(office: Office):
    office.run()
    (office.folder / "r2b.toml").write_text(
        '[parquet]\nto = "s3"\nattempts = 1\n[parquet.s3]\nurl = "s3://analysts/ours"\n'
        'endpoint = "http://127.0.0.1:1"\nregion = "eu-west-2"\n'
    )
    keys = {"R2B_ACCESS_KEY": "who-we-are", "R2B_SECRET_KEY": "what-nobody-may-see"}
    abandoned = ("abandon", "1", "--by", "Ann", "--reason", "lost")
    done = r2b(office.folder, *abandoned, **keys)
    ill = r2b(office.folder, "doctor", **keys)

    assert (51, "", 1) == (done.returncode, done.stdout, len(done.stderr.splitlines()))
    assert "the object store does not answer as it should (no answer)" in done.stderr
    assert "All else is done and stands" in done.stderr
    assert "abandoned" == office.query("SELECT state FROM out.batch")[0][0]
    assert 51 == ill.returncode
    assert "A run can start; its Parquet files would not be published." in ill.stdout
    assert "127.0.0.1" not in done.stderr
    for secret in keys.values():
        assert secret not in done.stderr + ill.stdout


def test_status_says_the_same_things_before_the_first_run(office: Office):
    before = answer(office.folder, "status")
    office.run()

    assert before.keys() == answer(office.folder, "status").keys()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(("--help",), 43, id="help"),
        pytest.param(("status",), 43, id="words"),
        pytest.param(("status", "--json"), 43, id="JSON"),
        pytest.param(("nothing", "--json"), 2, id="an error as JSON"),
    ],
)
def test_an_answer_that_has_no_room_is_no_bug(tmp_path: Path, words: tuple[str, ...], code: int):
    with Path("/dev/full").open("wb") as full:
        done = r2b(tmp_path, *words, stdout=full)

    assert (code, 1) == (done.returncode, len(done.stderr.splitlines())), done.stderr
    assert "Writing: no space left" in done.stderr or code == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(("status",), 141, id="words"),
        pytest.param(("status", "--json"), 141, id="JSON"),
        pytest.param(("nothing", "--json"), 2, id="an error as JSON"),
    ],
)
def test_an_answer_that_nobody_reads_is_no_bug(tmp_path: Path, words: tuple[str, ...], code: int):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as unread:
        done = r2b(tmp_path, *words, stdout=unread)

    assert (code, False) == (done.returncode, "Traceback" in done.stderr), done.stderr


def test_help_comes_without_prefect(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "flows.console.main"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "prefect" not in done.stderr
    assert "polars" not in done.stderr
