"""Loading a config, building it first if need be: the library's `load`, beside the dataset's builder."""

from builder.publish.load import load

__all__ = ["load"]
