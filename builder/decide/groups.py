"""Rows that belong together: equal normalised descriptions or equal programs, chained."""

import numpy as np
import polars as pl
from numpy.typing import NDArray


def components(rows: pl.DataFrame) -> NDArray[np.int32]:
    """A label for each row, equal where rows are linked by `description_key` or `program_key`, directly or by others.

    Empty keys link nothing. Labels are numbered from 0 in no promised order.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = rows.height
    numbered = rows.select("description_key", "program_key").with_row_index("here")
    linked = numbered.select(
        "here",
        *(
            pl.when(pl.col(key).is_not_null()).then(pl.col("here").min().over(key)).otherwise("here").alias(key)
            for key in ("description_key", "program_key")
        ),
    )
    here = linked["here"].to_numpy()
    start = np.concatenate([here, here])
    end = np.concatenate([linked["description_key"].to_numpy(), linked["program_key"].to_numpy()])
    graph = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels, dtype=np.int32)
