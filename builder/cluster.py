"""A Dask cluster: its scheduler, found or named in an error, and whether its workers run what this machine runs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from builder.errors import SettingError

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_SECONDS = 20


@contextmanager
def connected(address: str) -> Iterator["Client"]:
    """A client of the scheduler at an address (`tcp://host:port`), which has workers.

    Raises:
        SettingError: Dask is not installed, no scheduler answers there, or it has no workers.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise SettingError("--cluster needs Dask: pip install 'manim-combined[cluster]'") from error
    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SettingError(f"--cluster {address}: no Dask scheduler answers there ({error})") from error
    with client:
        if not client.ncores():
            raise SettingError(f"--cluster {address}: the scheduler has no workers; start some with `dask worker`")
        yield client


def check_versions(address: str, versions: Mapping[str, str], here: str) -> None:
    """Compare what the workers of a cluster run with what this machine runs.

    Raises:
        SettingError: a worker runs another version, and would work otherwise.
    """
    for worker, version in versions.items():
        if version != here:
            raise SettingError(
                f"--cluster {address}: worker {worker} runs another version of Python or of this project "
                f"({version}, here {here}); install the same on all machines"
            )
