"""The file that a trainer wants beside an export: what it is called, and what it holds.

Rows are in the formats that `builder.config.TRAINERS` names. The scripts are files of this package, copied as they are.
All evaluate on `validation.json`, or on nothing where there is none; never on test rows, which are for the end.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import orjson

from builder.config import PAIR_FORMATS
from builder.core.errors import OutputError

Content = Callable[[Mapping[str, int], str], bytes]
"""Makes a file, of how many rows each split has (those without rows are left out), and the format."""
_HERE = Path(__file__).parent
_VALIDATION = "# What follows is left out where there are no validation rows.\n"
"""Starts the part of `axolotl.yaml` that names them; the part ends with the first empty line."""
_CHAT_TEMPLATE = "type: chat_template\n    field_messages: messages\n"
_AXOLOTL = {
    "preference": ("rl: dpo", "0.000005", "type: chat_template.default\n    field_messages: prompt\n"),
    "kto": ("rl: kto\nremove_unused_columns: false", "0.000005", "type: chatml.argilla_chat\n"),
}
"""By format, the method, its learning rate, and how rows are read; of `kto`, as of models with ChatML."""
EPOCHS = 3
OPENAI_ROWS = 10
OPENAI_BYTES = 512 * 10**6
"""Rows that a file for OpenAI must have at least, and bytes that it may have."""


def _dataset_info(rows: Mapping[str, int], format_name: str) -> bytes:
    """LLaMA-Factory's list of data sets: where the messages stand, and who is who in them."""
    tags = {
        "role_tag": "from",
        "content_tag": "value",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    }
    others = {"preference": {"chosen": "chosen", "rejected": "rejected"}, "kto": {"kto_tag": "label"}}
    columns = {"messages": "conversations", **others.get(format_name, {})}
    ranking = {"ranking": True} if format_name == "preference" else {}
    described = {"formatting": "sharegpt", **ranking, "columns": columns, "tags": tags}
    splits = ["train"] if format_name in PAIR_FORMATS else rows
    listed = {f"manim_{split}": {"file_name": f"{split}.json", **described} for split in splits}
    return orjson.dumps(listed, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _axolotl(rows: Mapping[str, int], format_name: str) -> bytes:
    text = (_HERE / "axolotl.yaml").read_text(encoding="utf-8")
    before, _, rest = text.partition(_VALIDATION)
    part, _, after = rest.partition("\n\n")
    if format_name in _AXOLOTL:
        method, rate, reading = _AXOLOTL[format_name]
        head = before[: before.index(_CHAT_TEMPLATE)]
        if format_name == "kto":
            after = after.replace(
                "micro_batch_size: 1", "micro_batch_size: 2"
            )  # one alone has nothing to be compared to
        after = after.replace("learning_rate: 0.0002", f"learning_rate: {rate}").replace(
            "num_epochs: 3", "num_epochs: 1"
        )
        return f"{head}{reading}    split: train\n{method}\n\n{after}".encode()
    return (before + (f"{part}\n" if "validation" in rows else "") + "\n" + after).encode()


def _mlx(rows: Mapping[str, int], format_name: str) -> bytes:  # noqa: ARG001
    """`lora.yaml`, with as many steps as some epochs have: mlx-lm counts no epochs."""
    text = (_HERE / "lora.yaml").read_text(encoding="utf-8")
    epoch = max(1, rows.get("train", 0))
    updates = max(1, EPOCHS * epoch // 8)
    numbers = {"ROWS": EPOCHS * epoch, "EPOCH": epoch, "UPDATES": updates, "WARM_UP": max(1, updates * 3 // 100)}
    for name, number in numbers.items():
        text = text.replace(name, str(number))
    return text.encode()


def _copied(name: str) -> Content:
    return lambda *_: (_HERE / name).read_bytes()


TRAINER_FILES: dict[str, tuple[str, Content]] = {
    "trl": ("train_trl.py", _copied("train_trl.py")),
    "axolotl": ("axolotl.yaml", _axolotl),
    "llama-factory": ("dataset_info.json", _dataset_info),
    "unsloth": ("train_unsloth.py", _copied("train_unsloth.py")),
    "mlx-lm": ("lora.yaml", _mlx),
}
"""For each trainer that wants one the name of its file, and what makes it."""
TRAINER_COMMANDS = {
    "trl": "cd {folder} && python train_trl.py --model MODEL",
    "axolotl": "cd {folder} && axolotl train axolotl.yaml",
    "llama-factory": "llamafactory-cli train --stage {stage} --do_train --dataset_dir {folder} --dataset manim_train "
    "--template TEMPLATE --model_name_or_path MODEL --output_dir OUT",
    "unsloth": "cd {folder} && python train_unsloth.py --model MODEL",
    "mlx-lm": "cd {folder} && mlx_lm.lora --config lora.yaml --model MODEL",
    "openai": "openai files create --purpose fine-tune --file {folder}/train.jsonl",
    "verl": "python -m verl.trainer.main_ppo data.train_files={folder}/train.parquet "
    "data.val_files={folder}/validation.parquet …",
}
"""For each trainer what to type, with the folder of the export."""
_STAGES = {"preference": "dpo", "kto": "kto"}


def train_command(trainer: str, folder: str, format_name: str) -> str:
    """What to type to train on an export."""
    return TRAINER_COMMANDS[trainer].format(folder=folder, stage=_STAGES.get(format_name, "sft"))


def write_trainer_file(trainer: str, folder: Path, rows: Mapping[str, int], format_name: str) -> None:
    """Write a trainer's file into a folder, if it wants one.

    Args:
        trainer: as in `TRAINERS`.
        folder: holds the rows.
        rows: how many rows the splits have that have any.
        format_name: of the rows.

    Raises:
        OutputError: the trainer would not take the rows.
    """
    if trainer in TRAINER_FILES:
        name, content = TRAINER_FILES[trainer]
        (folder / name).write_bytes(content(rows, format_name))
    if trainer == "openai":
        _check_openai(folder / "train.jsonl", rows.get("train", 0))


def _check_openai(path: Path, rows: int) -> None:
    """What OpenAI documents of a file for supervised fine-tuning of chat models."""
    if rows < OPENAI_ROWS:
        raise OutputError(f"{path.name}: has {rows} rows, and OpenAI takes no fewer than {OPENAI_ROWS}")
    if (size := path.stat().st_size) > OPENAI_BYTES:
        raise OutputError(f"{path.name}: has {size:,} bytes, and OpenAI takes {OPENAI_BYTES:,}; draw rows with --limit")
