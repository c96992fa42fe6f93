"""A Dask cluster: its scheduler, found or named in an error, and whether its workers run what this machine runs."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from builder.errors import BuilderError, SettingError

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_SECONDS = 20

T = TypeVar("T")


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


def ask(client: "Client", address: str, question: Callable[[], T]) -> dict[str, T]:
    """The answer of each worker to a function that is called there.

    Raises:
        SettingError: a worker lacks this project, or answers with an error for a person; the text names it.
    """
    answers: dict[str, T] = client.run(question, on_error="return")
    for worker, answer in answers.items():
        if isinstance(answer, BuilderError):
            raise SettingError(f"--cluster {address}: worker {worker}: {answer}")
        if isinstance(answer, Exception) and "No module named" in str(answer):
            raise SettingError(
                f"--cluster {address}: worker {worker} cannot be asked ({answer}); install the same there as here"
            )
        if isinstance(answer, BaseException):
            raise answer
    return answers


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
