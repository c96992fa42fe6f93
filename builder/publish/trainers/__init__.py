"""The file that a trainer wants beside an export: what it is called, and what it holds.

Rows are in the format that `builder.config.TRAINERS` names. The scripts are files of this package, copied as they are.
"""

from collections.abc import Callable
from pathlib import Path

import orjson

_HERE = Path(__file__).parent
_SPLITS = ("train", "test")


def _dataset_info() -> bytes:
    """LLaMA-Factory's list of data sets: where the messages stand, and who is who in them."""
    tags = {
        "role_tag": "from",
        "content_tag": "value",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    }
    described = {"formatting": "sharegpt", "columns": {"messages": "conversations"}, "tags": tags}
    listed = {f"manim_{split}": {"file_name": f"{split}.json", **described} for split in _SPLITS}
    return orjson.dumps(listed, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _copied(name: str) -> Callable[[], bytes]:
    return (_HERE / name).read_bytes


TRAINER_FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "trl": ("train_trl.py", _copied("train_trl.py")),
    "axolotl": ("axolotl.yaml", _copied("axolotl.yaml")),
    "llama-factory": ("dataset_info.json", _dataset_info),
    "unsloth": ("train_unsloth.py", _copied("train_unsloth.py")),
}
"""For each trainer the name of its file, and what makes the content."""
TRAINER_COMMANDS = {
    "trl": "cd {folder} && python train_trl.py --model MODEL",
    "axolotl": "cd {folder} && axolotl train axolotl.yaml",
    "llama-factory": "llamafactory-cli train --stage sft --do_train --dataset_dir {folder} --dataset manim_train "
    "--template TEMPLATE --model_name_or_path MODEL --output_dir OUT",
    "unsloth": "cd {folder} && python train_unsloth.py --model MODEL",
}
"""For each trainer what to type, with the folder of the export."""


def write_trainer_file(trainer: str, folder: Path) -> str:
    """Write a trainer's file into a folder; returns its name."""
    name, content = TRAINER_FILES[trainer]
    (folder / name).write_bytes(content())
    return name
