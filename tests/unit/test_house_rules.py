"""What linters cannot say about this tree: names, clocks, SQL files, the lock."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("flows", "tasks", "warehouse", "schemas")
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc"}
CLOCK_AND_CHANCE = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("time.time", "time.time_ns", "time.monotonic", "time.perf_counter", "time.localtime"),
    *("random.random", "random.choice", "random.randint", "uuid.uuid4", "os.urandom"),
}
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb"}
PARAMETER = re.compile(r"\$([a-z_]+)")


def modules(*packages):
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def sql_files():
    return sorted((ROOT / "warehouse" / "sql").rglob("*.sql"))


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def dotted_names(path):
    """Every `a.b` the module says, by its last two parts, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value
            yield f"{owner.id if isinstance(owner, ast.Name) else owner.attr}.{node.attr}", node
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node


def said(path, words):
    return [
        f"{name_of(path)}:{node.lineno} {name}"
        for name, node in dotted_names(path)
        if name in words
    ]


def test_no_module_has_a_name_that_says_nothing():
    named = modules(*PRODUCT, "sandbox", "tests")

    assert [] == [
        name_of(path)
        for path in named
        if NAMES_THAT_SAY_NOTHING & {path.stem, *path.relative_to(ROOT).parts[:-1]}
    ]


def test_below_flows_only_the_task_of_a_step_and_the_wire_read_clock_or_chance():
    below = modules("tasks", "warehouse", "schemas")
    allowed = {"task.py", "web.py"}

    assert [] == [
        found
        for path in below
        if path.name not in allowed
        for found in said(path, CLOCK_AND_CHANCE)
    ]


def test_below_flows_nobody_reads_the_environment():
    below = modules("tasks", "warehouse", "schemas")

    assert [] == [found for path in below for found in said(path, ENVIRONMENT)]


def test_json_of_others_is_read_in_one_place():
    """Text nested without end is what a plain `json.loads` fails at in other ways than a typo."""
    allowed = {"schemas/json_text.py", "tasks/layer/json_pages.py", "flows/console/demo.py"}

    assert [] == [
        found
        for path in modules(*PRODUCT)
        if name_of(path) not in allowed
        for found in said(path, {"json.loads", "json.load"})
    ]


def test_the_search_for_clocks_finds_them(tmp_path):
    module = tmp_path / "late.py"
    module.write_text("import datetime\nfrom time import monotonic\ndatetime.datetime.now()\n")

    found = [name for name, _ in dotted_names(module)]

    assert {"datetime.now", "time.monotonic"} <= CLOCK_AND_CHANCE & set(found)


@pytest.mark.parametrize("path", sql_files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_sql_file_says_what_it_is_for_and_what_it_takes(path):
    header, statement = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        (header if line.startswith("--") and not statement else statement).append(line)
    takes = set(PARAMETER.findall("\n".join(statement)))
    promised = "".join(line for line in header[1:] if not line.startswith("-- Params: none"))

    assert header, "the first line says what the statement is for: -- Purpose."
    assert len(header[0]) > len("-- ")
    assert takes == set(PARAMETER.findall(promised)), "-- Params: $name TYPE, one for each"


def test_whoever_changes_a_judged_charge_says_so():
    changing = [path for path in sql_files() if "UPDATE out.charge" in path.read_text("utf-8")]

    assert len(changing) > 5
    assert [] == [
        name_of(path)
        for path in changing
        if "as_judged = FALSE" not in path.read_text(encoding="utf-8")
    ]


def test_every_sql_file_is_used():
    code = "\n".join(path.read_text(encoding="utf-8") for path in modules("warehouse"))
    named = {f"{path.parent.name}/{path.stem}" for path in sql_files()}

    assert set() == {
        name for name in named if not name.startswith("mart/") and f'"{name}"' not in code
    }


def test_every_statement_has_its_file():
    code = "\n".join(path.read_text(encoding="utf-8") for path in modules("warehouse"))
    areas = "|".join(sorted({path.parent.name for path in sql_files()}))
    named = {f"{path.parent.name}/{path.stem}" for path in sql_files()}

    assert set() == set(re.findall(rf'"((?:{areas})/[a-z_]+)"', code)) - named


def locked():
    """Package -> locked version."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", lock, re.MULTILINE))


def test_no_frame_is_called_like_a_temporary_table():
    """DuckDB refuses to register a frame under the name of a table that the connection has."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in modules("warehouse"))
    sql = "\n".join(path.read_text(encoding="utf-8") for path in sql_files())
    frames = set(re.findall(r'registered\(\s*[\w.]+,\s*"(\w+)"', code))
    tables = set(re.findall(r"TEMP TABLE (\w+)", code + sql))

    assert {"appended_rows", "outcomes"} <= frames
    assert {"standing", "as_told"} <= tables
    assert set() == frames & tables


def test_the_lock_holds_no_address():
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_every_locked_package_has_its_digests():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    digested = re.compile(r"[a-z0-9.-]+==\S+.*?(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n")

    assert [] == [entry.splitlines()[0] for entry in entries if not digested.match(entry)]
    assert len(entries) >= len(locked()) > 100


def test_the_lock_holds_everything_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    versions = locked()

    assert [] == [
        str(wish)
        for wish in map(Requirement, asked)
        if not wish.specifier.contains(versions.get(wish.name, "0"))
    ], "make lock"


def flows_that_begin_otherwise(module):
    """The flows of a module whose first act is not to keep private what they write."""
    for node in ast.walk(ast.parse(module)):
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(each, ast.Call) and ast.unparse(each.func) == "flow"
            for each in node.decorator_list
        ):
            first = node.body[1] if ast.get_docstring(node) else node.body[0]
            if ast.unparse(first) != "keep_private()":
                yield node.name


def test_every_flow_begins_by_keeping_private_what_it_writes():
    assert [] == [
        found
        for path in modules("flows")
        for found in flows_that_begin_otherwise(path.read_text(encoding="utf-8"))
    ]


def test_the_search_for_careless_flows_finds_them():
    careless = '@flow(name="careless")\ndef careless():\n    """Write."""\n    write()\n'

    assert ["careless"] == list(flows_that_begin_otherwise(careless))
