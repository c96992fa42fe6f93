"""Renders on a Dask cluster."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from builder.cluster import connected
from builder.events import Events
from builder.render.cluster_stream import Cluster, stream
from builder.render.verdict import Verdict


def render_on_cluster(
    setup: str, programs: Iterable[str], address: str, events: Events, *, render: Callable[[str, str], Verdict]
) -> Iterator[Verdict]:
    """Verdicts of all programs as they come."""
    with connected(address) as client:
        yield from stream(Cluster(client, address), partial(render, setup), programs, events)
