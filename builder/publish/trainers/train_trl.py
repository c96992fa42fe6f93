"""Fine-tune a chat model on the rows beside this file with TRL: `pip install trl`, then `python train_trl.py`.

The answers alone are learned: the rows are prompts with completions. See https://huggingface.co/docs/trl/sft_trainer.
"""

import argparse
from pathlib import Path

import torch
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer

HERE = Path(__file__).resolve().parent

parser = argparse.ArgumentParser(description="Fine-tune a chat model on the rows beside this file, with TRL.")
parser.add_argument("--model", default="Qwen/Qwen2.5-Coder-0.5B-Instruct", help="a folder, or a model of the Hub")
parser.add_argument("--output-dir", default="trl-output")
parser.add_argument("--epochs", type=float, default=1)
parser.add_argument("--max-steps", type=int, default=-1, help="stop after so many steps; -1 for none")
parser.add_argument("--max-length", type=int, default=4096, help="tokens of a row; what is longer is cut")
parser.add_argument("--batch-size", type=int, default=1)
parser.add_argument("--learning-rate", type=float, default=2e-5)
given = parser.parse_args()

if (HERE / "UNFINISHED-BUILD.txt").exists():
    raise SystemExit(f"{HERE} is not whole, for an export was stopped while it wrote there: run it again")
files = {split: HERE / f"{split}.json" for split in ("train", "validation")}  # test.json is for the end
files = {split: str(path) for split, path in files.items() if path.is_file() and path.stat().st_size}
if "train" not in files:
    raise SystemExit(f"{HERE / 'train.json'} holds no row")
data = load_dataset("json", data_files=files)
trainer = SFTTrainer(
    model=given.model,
    args=SFTConfig(
        output_dir=given.output_dir,
        num_train_epochs=given.epochs,
        max_steps=given.max_steps,
        max_length=given.max_length,
        per_device_train_batch_size=given.batch_size,
        per_device_eval_batch_size=given.batch_size,
        gradient_accumulation_steps=8,
        learning_rate=given.learning_rate,
        bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
        logging_steps=1,
        report_to="none",
    ),
    train_dataset=data["train"],
    eval_dataset=data.get("validation"),
)
trainer.train()
if "validation" in data:
    print(trainer.evaluate())
trainer.save_model()
