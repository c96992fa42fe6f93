"""The dataset's builder: configs and features, no logic of its own; it yields what the builder library built.

Also a loading script for `datasets` 3.x (`load_dataset("manim_combined/dataset.py", "deduplicated",
trust_remote_code=True)`): 3.x copies this file elsewhere before it runs it, so the library is reached by name.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import datasets

INSTALL = "`pip install .` in a clone of the project"


def _library(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"the library `builder` of this project builds the dataset, and {error.name!r} is not installed: {INSTALL}"
        ) from error


_config = _library("builder.config")


@dataclass
class ManimCombinedConfig(datasets.BuilderConfig):  # type: ignore[misc]
    """A config of the dataset: a preset by name, and settings of `builder.config.BuildConfig` that differ from it."""

    settings: dict[str, Any] = field(default_factory=dict)

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: Any = None) -> str:
        """The name under which `datasets` caches what was prepared; it changes with the content of local files."""
        config = _config.make_config(self.name, **self.settings)
        read = _library("builder.sources.select").local_fingerprint(config)
        name: str = super().create_config_id(
            {**config_kwargs, "read": read} if read else config_kwargs, custom_features
        )
        return name


class ManimCombined(datasets.GeneratorBasedBuilder):  # type: ignore[misc]
    """Manim prompts with programs, from four public sources, cleaned, checked and split.

    Takes the settings of `builder.config.BuildConfig` as keyword arguments:
    `ManimCombined(config_name="deduplicated", sample=True, seed=7)`. A row holds the conversation, its source, its id
    (`<source>/<row>`), the variant of the prompt (0 is the original), the licence, whether it is an official test
    row of a benchmark, and the dialect of its program (`ce` or `manimgl`).
    """

    VERSION = datasets.Version("1.0.0")
    BUILDER_CONFIG_CLASS = ManimCombinedConfig
    BUILDER_CONFIGS = [  # noqa: RUF012 - so named and typed by `datasets`
        ManimCombinedConfig(name=name, version=datasets.Version("1.0.0"), description=text)
        for name, text in _config.CONFIG_HELP.items()
    ]
    DEFAULT_CONFIG_NAME = _config.DEFAULT_CONFIG

    def __init__(self, cache_dir: str | None = None, config_name: str | None = None, **keywords: Any) -> None:
        own = {name: keywords.pop(name) for name in _config.setting_names() if name in keywords}
        if own:
            keywords["settings"] = {**keywords.get("settings", {}), **own}
        keywords.setdefault("dataset_name", "manim_combined")
        super().__init__(cache_dir=cache_dir, config_name=config_name, **keywords)
        self.build_config = _config.make_config(self.config.name, **self.config.settings)
        self.events: Any = None
        """A listener (`builder.core.events.Events`), for who prepares this builder by hand."""
        self.decided: Any = None
        """What was prepared (`builder.pipeline.build.Build`); `None` before, or if `datasets` had it cached."""
        self.written: dict[str, Any] = {}
        """By split, what was counted while rows were written (`builder.publish.stats.Written`)."""

    def _info(self) -> datasets.DatasetInfo:
        config = _config.make_config(self.config.name, **self.config.settings)  # called before `build_config` is set
        config.check_for_build()
        text = datasets.Value("string")
        formats = _library("builder.emit.formats")
        columns = formats.FORMATS[config.format].columns
        others = formats.row_columns(config.format)
        return datasets.DatasetInfo(
            description=self.config.description,
            features=datasets.Features(
                {
                    **{key: [dict.fromkeys(names, text)] if names else text for key, names in columns.items()},
                    **{name: datasets.Value(kind) for name, kind in others.items()},
                    **({"tokens": datasets.Value("int32")} if config.tokenizer else {}),
                    **({"preview": datasets.Image()} if config.previews else {}),
                }
            ),
        )

    def get_exported_dataset_info(self) -> datasets.DatasetInfo:
        """Nothing: a card beside this file is an earlier build's, and 3.x would insist on its numbers of rows."""
        return datasets.DatasetInfo()

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:  # noqa: ARG002 - the library fetches
        pipeline = _library("builder.pipeline.story")
        if self.decided is None:
            prepared = pipeline.prepare(self.build_config, self.events)
            self.decided = pipeline.build(prepared, self.build_config, self.events)
        every = _library("builder.core.schema").SPLITS
        splits = [name for name in every if name != "validation" or self.build_config.validation_size]
        return [datasets.SplitGenerator(name=name, gen_kwargs={"split": name}) for name in splits]

    def _generate_examples(self, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Rows by a key that no other row has: id and variant."""
        dataset_rows = _library("builder.publish.write").dataset_rows
        for row in dataset_rows(self.decided, split, self.written, self.events):
            yield f"{row['id']}/{row['variant']}", row
