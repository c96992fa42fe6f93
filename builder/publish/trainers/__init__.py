"""The file that a trainer wants beside an export: what it is called, and what it holds.

Rows are in the format that `builder.config.TRAINERS` names. The scripts are files of this package, copied as they are.
All evaluate on `validation.json`, or on nothing where there is none; never on test rows, which are for the end.
"""

from collections.abc import Callable, Collection
from pathlib import Path

import orjson

_HERE = Path(__file__).parent
_VALIDATION = "# What follows is left out where there are no validation rows.\n"
"""Starts the part of `axolotl.yaml` that names them; the part ends with the first empty line."""


def _dataset_info(splits: Collection[str]) -> bytes:
    """LLaMA-Factory's list of data sets: where the messages stand, and who is who in them."""
    tags = {
        "role_tag": "from",
        "content_tag": "value",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    }
    described = {"formatting": "sharegpt", "columns": {"messages": "conversations"}, "tags": tags}
    listed = {f"manim_{split}": {"file_name": f"{split}.json", **described} for split in splits}
    return orjson.dumps(listed, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _axolotl(splits: Collection[str]) -> bytes:
    text = (_HERE / "axolotl.yaml").read_text(encoding="utf-8")
    before, _, rest = text.partition(_VALIDATION)
    part, _, after = rest.partition("\n\n")
    return (before + (f"{part}\n" if "validation" in splits else "") + "\n" + after).encode()


def _copied(name: str) -> Callable[[Collection[str]], bytes]:
    return lambda _: (_HERE / name).read_bytes()


TRAINER_FILES: dict[str, tuple[str, Callable[[Collection[str]], bytes]]] = {
    "trl": ("train_trl.py", _copied("train_trl.py")),
    "axolotl": ("axolotl.yaml", _axolotl),
    "llama-factory": ("dataset_info.json", _dataset_info),
    "unsloth": ("train_unsloth.py", _copied("train_unsloth.py")),
}
"""For each trainer the name of its file, and what makes the content, given the splits that have rows."""
TRAINER_COMMANDS = {
    "trl": "cd {folder} && python train_trl.py --model MODEL",
    "axolotl": "cd {folder} && axolotl train axolotl.yaml",
    "llama-factory": "llamafactory-cli train --stage sft --do_train --dataset_dir {folder} --dataset manim_train "
    "--template TEMPLATE --model_name_or_path MODEL --output_dir OUT",
    "unsloth": "cd {folder} && python train_unsloth.py --model MODEL",
}
"""For each trainer what to type, with the folder of the export."""


def write_trainer_file(trainer: str, folder: Path, splits: Collection[str]) -> str:
    """Write a trainer's file into a folder, for the splits that have rows; returns its name."""
    name, content = TRAINER_FILES[trainer]
    (folder / name).write_bytes(content(splits))
    return name
