"""When a rule fires, and which rules there are."""

import pytest

from sandbox.affinity import StandInError
from sandbox.affinity.behaviour import KINDS, Behaviour, read_rule
from sandbox.affinity.http_faults import FAULTS
from sandbox.affinity.names import is_safe, parse_remote_name, remote_name


def fired(behaviour, on="upload", names=("a.csv",) * 4):
    """What happens on so many occasions, one after the other."""
    drawn = [behaviour.draw(on, name) for name in names]
    return [rule and rule.do for rule in drawn]


def test_a_rule_fires_once_unless_it_says_otherwise():
    behaviour = Behaviour([{"on": "upload", "do": "503"}])

    assert ["503", None, None, None] == fired(behaviour)


def test_a_rule_can_let_some_pass_and_then_fire_so_often():
    behaviour = Behaviour([{"on": "upload", "do": "503", "skip": 1, "times": 2}])

    assert [None, "503", "503", None] == fired(behaviour)


def test_a_rule_can_fire_for_ever():
    behaviour = Behaviour([{"on": "upload", "do": "503", "times": -1}])

    assert ["503"] * 4 == fired(behaviour)


def test_rules_take_turns_in_their_order():
    behaviour = Behaviour([{"on": "upload", "do": "503"}, {"on": "upload", "do": "429"}])

    assert ["503", "429", None, None] == fired(behaviour)


def test_a_rule_can_be_about_some_names_only():
    behaviour = Behaviour([{"on": "upload", "do": "503", "name": "*_08_products*.csv"}])

    assert [None, "503"] == fired(
        behaviour, names=["A_000001_06_clis.csv", "A_000001_08_products_2.csv"]
    )


def test_a_rule_is_about_its_occasion_only():
    behaviour = Behaviour([{"on": "ask", "do": "absent"}])

    assert [None] == fired(behaviour, "results", ["a.csv"])
    assert ["absent"] == fired(behaviour, "ask", ["a.csv"])


def test_several_things_can_go_wrong_with_one_loading():
    behaviour = Behaviour([{"on": "load", "do": "twice"}, {"on": "load", "do": "late", "asks": 3}])

    assert ["twice", "late"] == [rule.do for rule in behaviour.draw_all("load", "a.csv")]
    assert () == behaviour.draw_all("load", "a.csv")


def test_new_rules_replace_the_old_ones():
    behaviour = Behaviour([{"on": "upload", "do": "503", "times": -1}])
    behaviour.replace([])

    assert [None] == fired(behaviour, names=["a.csv"])


def test_what_is_left_of_the_rules_can_be_seen():
    behaviour = Behaviour([{"on": "upload", "do": "503", "times": 2, "skip": 1}])
    fired(behaviour, names=["a.csv", "a.csv"])

    left = behaviour.as_list()

    assert [("503", 1, 0)] == [(rule["do"], rule["times"], rule["skip"]) for rule in left]


def test_one_wrong_rule_changes_nothing():
    behaviour = Behaviour([{"on": "upload", "do": "503"}])

    with pytest.raises(StandInError):
        behaviour.replace([{"on": "upload", "do": "429"}, {"on": "upload", "do": "dance"}])

    assert ["503"] == fired(behaviour, names=["a.csv"])


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        pytest.param({"on": "lunch", "do": "slow"}, "on is one of", id="no such occasion"),
        pytest.param({"on": "upload", "do": "twice"}, "do is one of", id="not on this occasion"),
        pytest.param({"on": "upload"}, "do is one of", id="nothing to do"),
        pytest.param({"on": "upload", "do": "503", "often": 2}, "often", id="no such setting"),
        pytest.param({"on": "upload", "do": "503", "times": "x"}, "times", id="not a number"),
        pytest.param("503", "dict", id="not an object"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(rule, said):
    with pytest.raises(StandInError, match=said):
        read_rule(rule)


@pytest.mark.parametrize(
    ("on", "do", "is_called"),
    [
        ("exports", "503", "503"),
        ("write", "write_fails", "fail"),
        ("rename", "cut_before", "cut_before_rename"),
    ],
)
def test_other_words_for_the_same_are_understood(on, do, is_called):
    assert is_called == read_rule({"on": on, "do": do}).do


def test_every_kind_over_http_has_a_meaning():
    over_http = KINDS["upload"] | KINDS["ask"] | KINDS["results"] | KINDS["export"]

    assert set(FAULTS) == over_http


@pytest.mark.parametrize(
    ("batch", "file", "name"),
    [
        ("Acme/000001", "06_clis.csv", "Acme_000001_06_clis.csv"),
        ("Northwind-Telecom/000012", "06_clis_2.csv", "Northwind-Telecom_000012_06_clis_2.csv"),
        ("a_000001_b/1000000", "08_products.csv", "a_000001_b_1000000_08_products.csv"),
    ],
)
def test_a_remote_name_tells_its_batch_and_file(batch, file, name):
    assert name == remote_name(batch, file)
    assert (batch, file) == parse_remote_name(name)


@pytest.mark.parametrize("name", ["06_clis.csv", "Acme_1_06_clis.csv", "Acme_000001_06_clis.txt"])
def test_other_names_tell_nothing(name):
    assert parse_remote_name(name) is None


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "a\\b", "a\x00b", "a" * 201])
def test_some_names_no_file_can_have(name):
    assert not is_safe(name)
