"""Train a chat model on the rows beside this file with TRL: `pip install trl peft`, then `python train_trl.py`.

What is trained with follows from the rows: prompts with completions are learned (SFT; of each row the answer alone),
pairs of answers are compared (DPO), answers with a label judged (KTO). See https://huggingface.co/docs/trl.
"""

import argparse
from pathlib import Path

import torch
from datasets import load_dataset
from transformers import AutoTokenizer
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer

HERE = Path(__file__).resolve().parent
ACCUMULATED = 8
METHODS = {"chosen": (DPOConfig, DPOTrainer, 1, 1e-6, 1), "label": (KTOConfig, KTOTrainer, 1, 1e-6, 2)}
OTHERWISE = (SFTConfig, SFTTrainer, 3, 2e-5, 1)

parser = argparse.ArgumentParser(description="Train a chat model on the rows beside this file, with TRL.")
parser.add_argument("--model", default="Qwen/Qwen2.5-Coder-0.5B-Instruct", help="a folder, or a model of the Hub")
parser.add_argument("--output-dir", default="trl-output")
parser.add_argument("--epochs", type=float, help="default: 3, or 1 for DPO and KTO")
parser.add_argument("--max-steps", type=int, default=-1, help="stop after so many steps; -1 for none")
parser.add_argument("--max-length", type=int, default=4096, help="tokens of a row; longer rows are left out")
parser.add_argument(
    "--batch-size", type=int, help="rows at a time (default: 1, or 2 for KTO); 8 times as many make a step"
)
parser.add_argument(
    "--learning-rate", type=float, help="default: 2e-5, or 1e-6 for DPO and KTO; 10 times that for LoRA"
)
parser.add_argument("--lora", type=int, default=0, metavar="RANK", help="train an adapter of this rank, such as 16")
given = parser.parse_args()

if (HERE / "UNFINISHED-BUILD.txt").exists():
    raise SystemExit(f"{HERE} is not whole, for an export was stopped while it wrote there: run it again")
files = {split: HERE / f"{split}.json" for split in ("train", "validation")}  # test.json is for the end
files = {split: str(path) for split, path in files.items() if path.is_file() and path.stat().st_size}
if "train" not in files:
    raise SystemExit(f"{HERE / 'train.json'} holds no row")
data = {split: load_dataset("json", data_files=path, split="train") for split, path in files.items()}
columns = data["train"].column_names
if "reference" in columns:
    raise SystemExit("These rows are prompts alone, for reinforcement learning: see docs/recipes/score-a-model.md")
if data.get("validation") is not None and data["validation"].column_names != columns:
    del data["validation"]  # prompts with references, beside pairs of answers
method = next((METHODS[name] for name in METHODS if name in columns), OTHERWISE)
make_config, make_trainer, epochs, rate, batch_size = method
epochs, batch_size = given.epochs or epochs, given.batch_size or batch_size
tokenizer = AutoTokenizer.from_pretrained(given.model)


def fits(row):
    answers = [row[name] for name in ("completion", "chosen", "rejected") if name in row]
    texts = [tokenizer.apply_chat_template(row["prompt"] + answer, tokenize=False) for answer in answers]
    return all(len(tokenizer(text, add_special_tokens=False)["input_ids"]) <= given.max_length for text in texts)


for split, rows in data.items():  # a program that is cut teaches to stop halfway
    data[split] = rows.filter(fits)
    print(f"{split}: {len(data[split])} rows; {len(rows) - len(data[split])} longer ones left out")
a_step = batch_size * ACCUMULATED
steps = given.max_steps if given.max_steps > 0 else int(epochs * len(data["train"]) / a_step)
validation = data.get("validation")
if validation is not None and given.max_steps > 0:  # a look at few steps need not evaluate on more rows than it learns
    validation = validation.select(range(min(len(validation), given.max_steps * a_step)))
lora = None
if given.lora:
    from peft import LoraConfig

    lora = LoraConfig(r=given.lora, lora_alpha=2 * given.lora, target_modules="all-linear", task_type="CAUSAL_LM")
weights = {}
if "label" in columns and 0 < (right := sum(data["train"]["label"])) < len(data["train"]):
    weights = {"undesirable_weight": right / (len(data["train"]) - right)}  # both kinds of answers weigh the same
trainer = make_trainer(
    model=given.model,
    args=make_config(
        output_dir=given.output_dir,
        num_train_epochs=epochs,
        max_steps=given.max_steps,
        max_length=given.max_length,
        per_device_train_batch_size=batch_size,
        per_device_eval_batch_size=batch_size,
        gradient_accumulation_steps=ACCUMULATED,
        learning_rate=given.learning_rate or rate * (10 if given.lora else 1),
        lr_scheduler_type="cosine",
        warmup_steps=max(1, steps * 3 // 100),
        bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
        logging_steps=1,
        report_to="none",
        **weights,
    ),
    train_dataset=data["train"],
    eval_dataset=validation,
    peft_config=lora,
)
trainer.train()
if validation is not None:
    print(trainer.evaluate())
trainer.save_model()
