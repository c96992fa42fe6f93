"""Exports given to the trainers' own code: no row is skipped, no role lost, and the answers arrive as they were.

One environment holds TRL with a CPU build of torch, and, without all that they ask for beside it, LLaMA-Factory,
axolotl and Unsloth: what is run of them is how they read rows, and Unsloth's training on processors. Their releases are
fixed, so that a new one is tried on purpose. The model is random and tiny, its tokenizer trained on the spot.
"""

import ast
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builder.config import TRAINERS, make_config
from builder.core.schema import SPLITS
from builder.emit.formats import FORMATS, ROLES, split_file
from builder.manim_lint import check
from builder.publish.build_folder import build_dataset
from builder.publish.export import export
from builder.render import verdicts
from builder.render.cluster import Releases
from builder.render.verdict import Outcome, Verdict, program_hash
from builder.render.verdict_file import write_verdicts
from tests.environments.conftest import RELEASES, ROOT, THIS_PYTHON, Environment, Environments, find_python
from tests.evaluate.recorded import CONDITIONS

pytestmark = pytest.mark.environments

TORCH = "torch==2.13.0"  # of 2.13.0 a CPU build is found; without a version, it may be a CUDA build of several GB
WHOLE = ("trl==1.16.0", "transformers==5.24.0", "peft==0.21.2", "requests")
"""What is installed with all that it needs."""
PARTS = (
    "llamafactory==0.9.5",
    "axolotl==0.19.0",
    "unsloth==2026.10.9",
    "unsloth_zoo==2026.10.9",
    "mlx-lm==0.32.2",
    "verl==0.9.1",
)
"""What is installed alone."""
THEIR_NEEDS = ("addict", "colorama", "pillow", "mlx[cpu]==0.32.4", "omegaconf")
"""What the rows and settings of axolotl, mlx-lm and verl need of what these ask for."""
OTHERS = [(trainer, name) for trainer, names in TRAINERS.items() for name in names[1:]]
"""Trainers with the formats that they take beside their first."""
SAVED = {"trl": "model.safetensors", "unsloth": "adapter_model.safetensors"}
"""By trainer, the file in which its script saves what was learned."""
IN_JSON = tuple(name for name in TRAINERS if split_file("train", name) == "train.json")
BUILT = {f"b-{name} deduplicated": name for name in FORMATS}
"""Folder and config of a build, with the format's name, under which its rows were exported too."""
BEGIN = "import json, sys\nfrom pathlib import Path\nfrom datasets import load_dataset\n"

TINY = """
import json, sys
from pathlib import Path
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

made = Tokenizer(models.BPE())
made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
special = ["<|end|>", "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>"]
letters = pre_tokenizers.ByteLevel.alphabet()
how = trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=letters, show_progress=False)
made.train_from_iterator(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines(), how)
tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|end|>", pad_token="<|pad|>")
tokenizer.chat_template = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
config = LlamaConfig(
    vocab_size=len(tokenizer), hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
    num_key_value_heads=2, max_position_embeddings=4096, bos_token_id=None,
    eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
)
model = LlamaForCausalLM(config)
for part in (tokenizer, model):
    part.save_pretrained("tiny")
print(json.dumps(model.num_parameters()))
"""
TRL = f"""{BEGIN}
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer
from trl.data_utils import is_conversational, is_conversational_from_value, maybe_convert_to_chatml
def rows_of(name):
    return load_dataset("json", data_files=name + "/train.json", split="train")
converted = {{}}
for name in ("prompt-completion", "messages", "sharegpt"):
    converted[name] = []
    for row in rows_of(name):
        if is_conversational_from_value(row):
            row = maybe_convert_to_chatml(row)
        assert is_conversational(row), row
        messages = row["messages"] if "messages" in row else row["prompt"] + row["completion"]
        converted[name].append([[message["role"], message["content"]] for message in messages])
own = dict(output_dir="out", max_length=None, bf16=False, report_to="none", use_cpu=True)
def prepared(make, config, name, **more):
    trainer = make(model="tiny", train_dataset=rows_of(name), args=config(**own, **more))
    return trainer.train_dataset, trainer.processing_class.decode
learned = {{}}
for name in ("trl", "trl-repair"):
    rows, decode = prepared(SFTTrainer, SFTConfig, name)
    labels = [[token for token in row["labels"] if token != -100] for row in rows]
    learned[name] = [[decode(row["input_ids"]), decode(ids)] for row, ids in zip(rows, labels)]
rows, decode = prepared(DPOTrainer, DPOConfig, "trl-preference")
pairs = [[decode(row[part + "_ids"]) for part in ("prompt", "chosen", "rejected")] for row in rows]
rows, decode = prepared(KTOTrainer, KTOConfig, "trl-kto", per_device_train_batch_size=2)
labelled = [[decode(row["prompt_ids"]), decode(row["completion_ids"]), row["label"]] for row in rows]
told = dict(converted=converted, learned=learned, pairs=pairs, labelled=labelled)
"""
MLX_LM = """
import types, yaml
from transformers import AutoTokenizer
from mlx_lm.lora import CONFIG_DEFAULTS
from mlx_lm.tuner.datasets import load_local_dataset
from mlx_lm.tuner.utils import build_schedule
folder, tokenizer = Path("mlx-lm"), AutoTokenizer.from_pretrained("tiny")
written = yaml.safe_load((folder / "lora.yaml").read_text(encoding="utf-8"))
unknown = [key for key in written if key not in CONFIG_DEFAULTS]
rate = build_schedule(written["lr_schedule"])
learned = []
for part in load_local_dataset(folder, tokenizer, types.SimpleNamespace(**written)):
    made = [part.process(part[number]) for number in range(len(part))]
    learned.append([[tokenizer.decode(ids), tokenizer.decode(ids[offset:])] for ids, offset in made])
steps = written["iters"] // written["grad_accumulation_steps"]
told["mlx-lm"] = dict(unknown=unknown, rows=learned, rates=[float(rate(step)) for step in (0, 1, steps)])
"""
VERL = """
import importlib.util, types
root = Path(importlib.util.find_spec("verl").origin).parent
for name in ("verl", "verl.utils", "verl.utils.dataset"):  # what these load is for machines with many processors
    module = sys.modules[name] = types.ModuleType(name)
    module.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
from omegaconf import OmegaConf
from transformers import AutoTokenizer
from verl.utils.dataset.rl_dataset import RLHFDataset
settings = OmegaConf.create(dict(max_prompt_length=100_000, filter_overlong_prompts_workers=1))
files = [f"verl/{name}.parquet" for name in ("train", "validation", "test")]
rows = RLHFDataset(files, AutoTokenizer.from_pretrained("tiny"), settings)
told["verl"] = [[row["raw_prompt"], row["reward_model"]["ground_truth"]] for row in rows]
print(json.dumps(told))
"""
LLAMA_FACTORY = f"""{BEGIN}
import importlib.machinery, types
sound = types.ModuleType("torchaudio")  # asked for when it is imported, and used for sound alone
sound.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
sys.modules["torchaudio"] = sound
from llamafactory.data.loader import _load_single_dataset
from llamafactory.data.parser import get_dataset_list
settings = types.SimpleNamespace(
    streaming=False, overwrite_cache=True, max_samples=None,
    preprocessing_num_workers=None, cache_dir=None, hf_hub_token=None, trust_remote_code=False, local_process_index=0,
)
told = {{}}
for folder in sys.argv[1:]:
    settings.dataset_dir = settings.media_dir = folder
    listed = json.loads((Path(folder) / "dataset_info.json").read_text(encoding="utf-8"))
    for described in get_dataset_list(list(listed), folder):
        rows = _load_single_dataset(described, settings, settings, settings)
        told[Path(folder).name + "/" + described.dataset_name] = [
            [["system", row["_system"]], *([said[key] for key in ("role", "content")] for said in turns)]
            for row in rows
            for turns in [row["_prompt"] + row["_response"]]
        ]
print(json.dumps(told))
"""
AXOLOTL = f"""{BEGIN}
import yaml
from transformers import AutoTokenizer
from axolotl.prompt_strategies.chat_template import load
from axolotl.utils.dict import DictDefault
from axolotl.utils.schemas.config import AxolotlInputConfig
from axolotl.utils.schemas.datasets import SFTDataset
folder, tokenizer = Path(sys.argv[1]), AutoTokenizer.from_pretrained("tiny")
written = yaml.safe_load((folder / "axolotl.yaml").read_text(encoding="utf-8"))
AxolotlInputConfig(**written)
unknown = [key for key in written if key not in AxolotlInputConfig.model_fields]
unknown += [key for block in written["datasets"] for key in block if key not in SFTDataset.model_fields]
config, told = DictDefault(written), {{}}
for block in (*config.datasets, *config.test_datasets):
    rows = load_dataset(block.ds_type, data_files=str(folder / block.path), split=block.split or "train")
    strategy = load(tokenizer, config, block)
    told[block.path] = []
    for row in rows:
        done = strategy.tokenize_prompt(row)
        learned = [token for token, label in zip(done["input_ids"], done["labels"]) if label != -100]
        said = [[turn["role"], turn["content"]] for turn in strategy.get_conversation_thread(row)]
        told[block.path].append([said, tokenizer.decode(done["input_ids"]), tokenizer.decode(learned)])
from functools import partial
from axolotl.prompt_strategies import dpo, kto
for name, package in (("preference", dpo), ("kto", kto)):
    folder = Path(sys.argv[1] + "-" + name)
    written = yaml.safe_load((folder / "axolotl.yaml").read_text(encoding="utf-8"))
    AxolotlInputConfig(**written)
    (block,) = written["datasets"]
    unknown += [key for key in written if key not in AxolotlInputConfig.model_fields]
    change = package.load(block["type"], DictDefault(written), dataset_idx=0)
    change, more = change if isinstance(change, tuple) else (change, {{}})
    change = partial(change, tokenizer=tokenizer) if name == "preference" else change
    rows = load_dataset(block["ds_type"], data_files=str(folder / block["path"]), split=block["split"])
    told[name] = rows.map(change, **more).remove_columns("source").to_list()
print(json.dumps({{"unknown": unknown, "rows": told}}))
"""
UNSLOTH = f"""{BEGIN}
import unsloth
from unsloth.chat_templates import standardize_sharegpt
rows = standardize_sharegpt(load_dataset("json", data_files=sys.argv[1], split="train"))
print(json.dumps([[[said["role"], said["content"]] for said in row["conversations"]] for row in rows]))
"""
LOAD = f"""{BEGIN}
told = {{}}
for name in sys.argv[1:]:
    told[name] = {{}}
    for split, rows in load_dataset(*name.split()).items():
        shapes = ("conversations", "messages", "prompt", "completion", "instruction", "input", "output", "system")
        own = [column for column in rows.column_names if column in (*shapes, "source")]
        if "completion" not in own:  # else it is the text beside a conversation
            own = [column for column in own if column != "prompt"]
        told[name][split] = rows.select_columns(own)[:]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def trainers(environments: Environments) -> Environment:
    """An environment with the trainers."""
    environment = environments.empty("trainers", find_python(THIS_PYTHON))
    environment.install(TORCH, *WHOLE, *THEIR_NEEDS)
    environment.install("--no-deps", *PARTS)
    return environment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports of the sample: one in a folder for each trainer, one for each format; and a build of each format."""
    folder = tmp_path_factory.mktemp("exports")
    for name in TRAINERS:
        config = make_config(sample=True, cache_dir=folder / "cache", workers=1, trainer=name, validation_size=0.2)
        export(config, folder / name)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(verdicts.Pool, "render_all", linted)
        patched.setattr(verdicts, "releases_here", lambda python: Releases("0.22.0", "pdfTeX", ""))
        for trainer, name in OTHERS:
            config = make_config(sample=True, cache_dir=folder / "cache", workers=1, trainer=trainer, format=name)
            export(config, folder / f"{trainer}-{name}")
    for name in FORMATS:
        export(make_config(sample=True, cache_dir=folder / "cache", workers=1, format=name), folder / name)
        build_dataset(
            [make_config(sample=True, cache_dir=folder / "cache", workers=1, format=name)], folder / f"b-{name}"
        )
    return folder


@pytest.fixture(scope="module")
def tiny(trainers: Environment, folder: Path) -> Path:
    """The folder of a random model of a few thousand parameters, with its tokenizer."""
    parameters = trainers.answer(TINY, folder / "messages" / "train.json", folder=folder)
    assert 1_000 < parameters < 10_000
    return folder / "tiny"


def linted(_: object, programs: Iterable[str]) -> Iterator[Verdict]:
    """Stands in for Manim: a program fails that lint finds something in."""
    for code in programs:
        found = check(code) or "import *" not in code
        yield Verdict(program_hash(code), Outcome.FAILED if found else Outcome.PASSED, "NameError", "unknown", 5)


def lines_of(folder: Path) -> list[Any]:
    """The train rows of an export, as they are written."""
    rows = [json.loads(line) for line in (folder / "train.json").read_text(encoding="utf-8").splitlines()]
    assert rows
    return rows


def asked(messages: list[dict[str, str]]) -> str:
    """A prompt in the tiny model's chat template, up to where the answer starts."""
    return rendered([[said["role"], said["content"]] for said in messages]) + "<|assistant|>"


def ended(messages: list[dict[str, str]]) -> str:
    """The one answer in a list."""
    (said,) = messages
    return f"{said['content']}<|end|>"


@pytest.fixture(scope="module")
def prepared(trainers: Environment, folder: Path, tiny: Path) -> Any:
    """What TRL, mlx-lm and verl make of the rows, asked in one process: each would load torch anew."""
    return trainers.answer(TRL + MLX_LM + VERL, folder=tiny.parent)


def conversations(folder: Path, format_name: str, split: str = "train") -> list[list[list[str]]]:
    """Who says what in each row of an export."""
    lines = (folder / f"{split}.json").read_text(encoding="utf-8").splitlines()
    found = [[list(pair) for pair in FORMATS[format_name].read(json.loads(line))] for line in lines]
    assert found
    assert all([who for who, _ in row] == list(ROLES) for row in found)
    return found


def rendered(conversation: list[list[str]]) -> str:
    """A conversation in the tiny model's chat template."""
    return "".join(f"<|{who}|>{text}<|end|>" for who, text in conversation)


def learned(conversation: list[list[str]]) -> str:
    """What a model is to learn of a conversation: the answer, and to stop."""
    return f"{conversation[-1][1]}<|end|>"


def test_trl_takes_every_row(prepared: Any, folder: Path) -> None:
    """Its functions know rows of three formats as conversations; of prompts with completions, the answer alone is
    learned, and of a repair the program that works; pairs and labelled answers are prepared whole."""
    told = prepared
    assert told["converted"] == {name: conversations(folder / name, name) for name in told["converted"]}
    expected = conversations(folder / "trl", "prompt-completion")
    assert told["learned"]["trl"] == [[rendered(row), rendered(row).partition("<|assistant|>")[2]] for row in expected]
    repairs = lines_of(folder / "trl-repair")
    answers = [ended(row["completion"]) for row in repairs]
    assert told["learned"]["trl-repair"] == [
        [asked(row["prompt"]) + answer, answer] for row, answer in zip(repairs, answers, strict=True)
    ]
    assert told["pairs"] == [
        [asked(row["prompt"]), ended(row["chosen"]), ended(row["rejected"])]
        for row in lines_of(folder / "trl-preference")
    ]
    assert sorted(told["labelled"]) == sorted(
        [asked(row["prompt"]), ended(row["completion"]), row["label"]] for row in lines_of(folder / "trl-kto")
    )


def test_llama_factory_converts_every_row(trainers: Environment, folder: Path) -> None:
    """By `dataset_info.json` its loader finds all splits, and its converter every role of every row.

    Its module for sound is stood in for; all else is its own.
    """
    names = ("llama-factory", "llama-factory-preference", "llama-factory-kto")
    told = trainers.answer(LLAMA_FACTORY, *(folder / name for name in names), folder=folder)
    for split in SPLITS:
        assert told.pop(f"llama-factory/{split}.json") == conversations(folder / "llama-factory", "sharegpt", split)
    pairs = [
        [*row["conversations"], row["chosen"], row["rejected"]] for row in lines_of(folder / "llama-factory-preference")
    ]
    empty = {"from": "assistant", "value": ""}  # stands for the answer that a row does not have
    labelled = [
        [*row["conversations"], empty]
        if row["label"]
        else [*row["conversations"][:-1], empty, row["conversations"][-1]]
        for row in lines_of(folder / "llama-factory-kto")
    ]
    assert told == {
        f"llama-factory-{name}/train.json": [[[said["from"], said["value"]] for said in row] for row in rows]
        for name, rows in (("preference", pairs), ("kto", labelled))
    }


def test_axolotl_maps_every_role(trainers: Environment, folder: Path, tiny: Path) -> None:
    """Its settings are valid, and its chat-template strategy gives each row whole, of which the answer is learned."""
    told = trainers.answer(AXOLOTL, folder / "axolotl", folder=tiny.parent)
    assert told["unknown"] == []
    for split in ("train", "validation"):
        expected = conversations(folder / "axolotl", "messages", split)
        assert told["rows"][f"{split}.json"] == [[row, rendered(row), learned(row)] for row in expected]
    assert told["rows"]["preference"] == [
        {"prompt": asked(row["prompt"]), "chosen": ended(row["chosen"]), "rejected": ended(row["rejected"])}
        for row in lines_of(folder / "axolotl-preference")
    ]
    turn = "<|im_start|>{role}\n{content}<|im_end|>"
    for row, line in zip(told["rows"]["kto"], lines_of(folder / "axolotl-kto"), strict=True):
        *before, answer = line["completion"]
        prompt = "".join(turn.format(**said) + "\n" for said in before) + "<|im_start|>assistant\n"
        assert row == {"prompt": prompt, "completion": f"{answer['content']}<|im_end|>", "label": line["label"]}


def test_mlx_lm_learns_the_answers_alone(prepared: Any, folder: Path) -> None:
    """It finds all three files, masks the prompts, and knows every key of its settings; the rate warms up and falls."""
    told = prepared["mlx-lm"]
    assert told["unknown"] == []
    for split, rows in zip(SPLITS, told["rows"], strict=True):
        path = folder / "mlx-lm" / split_file(split, "mlx-lm")
        lines = [json.loads(line)["messages"] for line in path.read_text(encoding="utf-8").splitlines()]
        assert rows == [[asked(line[:-1]) + ended(line[-1:]), ended(line[-1:])] for line in lines]
    first, next_, last = told["rates"]
    assert first < next_ > last


def test_verl_takes_every_prompt(prepared: Any, folder: Path) -> None:
    """Its data set gives the chat and the reference of each row of all three files."""
    written = [pq.read_table(folder / "verl" / f"{split}.parquet").to_pylist() for split in SPLITS]
    rows = [row for part in written for row in part]
    assert prepared["verl"] == [[row["prompt"], row["reward_model"]["ground_truth"]] for row in rows]


def test_unsloth_standardizes_every_row(trainers: Environment, folder: Path) -> None:
    """`standardize_sharegpt` gives roles and contents, none left out."""
    told = trainers.answer(UNSLOTH, folder / "unsloth" / "train.json", folder=folder)
    assert told == conversations(folder / "unsloth", "sharegpt")


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_of_datasets_loads_every_format(environments: Environments, folder: Path, release: str) -> None:
    """An export's folder, the trainer's file in it, and a built folder give the rows that were written."""
    told = environments.get(release).answer(LOAD, *IN_JSON, *FORMATS, *BUILT, folder=folder)

    for name, splits in told.items():
        exported = name if name in (*IN_JSON, *FORMATS) else BUILT[name]
        for split in ("train", "test"):
            lines = (folder / exported / f"{split}.json").read_text(encoding="utf-8").splitlines()
            rows = [json.loads(line) for line in lines]
            assert splits[split] == {key: [row[key] for row in rows] for key in rows[0]}, (name, split)


@pytest.mark.parametrize("trainer", SAVED)
def test_the_script_beside_the_rows_trains(
    trainers: Environment, folder: Path, tiny: Path, tmp_path: Path, trainer: str
) -> None:
    """Some steps of real fine-tuning go through the very script that the export wrote, and it saves what it learned."""
    script = folder / trainer / f"train_{trainer}.py"
    rate = "0.01" if trainer == "trl" else "0.1"  # an adapter starts from nothing
    options = ["--model", tiny, "--max-steps", "3", "--learning-rate", rate, "--output-dir", tmp_path / "out"]
    printed = trainers.run(script, *options, folder=tmp_path)

    steps = [ast.literal_eval(line) for line in _dictionaries(printed)]
    losses = [float(step[name]) for step in steps for name in ("loss", "eval_loss") if name in step]
    assert len(losses) >= 4
    assert all(0 < loss < 10 for loss in losses)
    assert losses[-1] < losses[0]
    assert (tmp_path / "out" / SAVED[trainer]).stat().st_size > 0
    assert (tmp_path / "out" / "tokenizer.json").is_file()


def _dictionaries(printed: str) -> list[Any]:
    """What was printed of each step, without the bars around it."""
    lines = (line.strip() for line in printed.replace("\r", "\n").splitlines())
    return [line for line in lines if line.startswith("{") and line.endswith("}")]


GRPO = f"""{BEGIN}
from trl import GRPOConfig, GRPOTrainer
from builder.evaluate import rewards
table, data = sys.argv[1], load_dataset("json", data_files=sys.argv[2], split="train")
rewards.render_reward = rewards.RenderReward(verdicts=table)
seen = []
async def awaited(prompts, completions, **columns):
    found = await rewards.async_render_reward(prompts, completions, **columns)
    seen.extend(found)
    return found
args = GRPOConfig(
    "grpo", max_steps=2, per_device_train_batch_size=4, num_generations=4, max_completion_length=8, use_cpu=True,
    bf16=False, report_to="none", logging_steps=1, save_strategy="no",
)
trainer = GRPOTrainer("tiny", reward_funcs=[rewards.render_reward, awaited], train_dataset=data, args=args)
trainer.train()
names = [name for log in trainer.state.log_history for name in log if name.startswith("rewards/")]
print(json.dumps([trainer.state.global_step, seen, sorted(set(names))]))
"""


def test_grpo_takes_the_reward(trainers: Environment, folder: Path, tiny: Path, tmp_path: Path) -> None:
    """Steps of real GRPO ask for rewards of random completions, awaited and not; what has no verdict has no reward."""
    trainers.install("scikit-image", ROOT)
    write_verdicts(tmp_path / "v.parquet", [Verdict(program_hash("x"), Outcome.NO_SCENE)], CONDITIONS, lambda _: {})
    rows = folder / "trl-prompt-only" / "train.json"
    steps, seen, names = trainers.answer(GRPO, tmp_path / "v.parquet", rows, folder=tiny.parent)
    assert steps == 2
    assert len(seen) == 8
    assert all(value is None or 0 <= value <= 1 for value in seen)
    assert {name.split("/")[1] for name in names} == {"render_reward", "awaited"}


CLIP = """
import io, json
import numpy as np
from pathlib import Path
from PIL import Image
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel
from builder.core.errors import SettingError
from builder.evaluate.similarity import clip_similarity, model_hash

small = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, projection_dim=8)
vision = {**small, "image_size": 32, "patch_size": 16}
config = CLIPConfig(vision_config=vision, text_config={**small, "vocab_size": 99})
for part in (CLIPModel(config), CLIPImageProcessor(size=32, crop_size=32)):
    part.save_pretrained("clip")

def animation(*colours):
    first, *others = [Image.new("RGB", (64, 36), colour) for colour in colours]
    written = io.BytesIO()
    first.save(written, "WEBP", save_all=True, append_images=others, duration=1000, lossless=True)
    return written.getvalue()

compare = clip_similarity(Path("clip"))
pair = animation("red", "blue"), animation("red", "red", "blue")
try:
    clip_similarity(Path("nowhere"))
except SettingError as error:
    refused = str(error)
found = [compare(*pair, 1.0), compare(pair[0], animation("white"), 1.0)]
print(json.dumps([*found, len(model_hash(Path("clip"))), refused]))
"""


def test_renderings_are_compared_by_a_clip_model(trainers: Environment, tmp_path: Path) -> None:
    """The same frames at another tempo are alike to 1, others are less; a folder without a model is named."""
    trainers.install("scikit-image", ROOT)
    same, other, digits, refused = trainers.answer(CLIP, folder=tmp_path)
    assert same == pytest.approx(1.0, abs=1e-5)
    assert other < same - 1e-4
    assert digits == 64
    assert refused.startswith("--clip-model nowhere: holds no CLIP model")
