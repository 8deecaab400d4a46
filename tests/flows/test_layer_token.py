"""The token of The Layer's export, where Prefect keeps it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.blocks.system import Secret
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.over_http import layer_token
from flows.profile import LoadedProfile, load_profile
from schemas.errors import ProfileWrong
from tests.over_http import TOKEN, http_profile


@pytest.fixture
def prefect(prefect_api: str) -> Iterator[None]:
    """Prefect in this very process asks the server of the tests."""
    with temporary_settings({PREFECT_API_URL: prefect_api}):
        yield


def profile_with(folder: Path, secret: str) -> LoadedProfile:
    text = http_profile("https://layer.example", token_secret=secret)
    (folder / "r2b.toml").write_text(text, encoding="utf-8")
    return load_profile(folder / "r2b.toml")


@pytest.mark.usefixtures("prefect")
def test_the_token_comes_from_a_prefect_secret(tmp_path: Path):
    Secret(value=TOKEN).save("layer-token")

    assert TOKEN == layer_token(profile_with(tmp_path, "layer-token"))


@pytest.mark.usefixtures("prefect")
def test_a_secret_prefect_does_not_hold_is_refused(tmp_path: Path):
    profile = profile_with(tmp_path, "no-such-token")

    with pytest.raises(ProfileWrong, match="Prefect holds no Secret called no-such-token"):
        layer_token(profile)
