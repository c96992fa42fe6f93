"""Fine-tune a chat model on the rows beside this file with Unsloth: `pip install unsloth`, `python train_unsloth.py`.

Trains an adapter (LoRA), in four bits where there is a GPU; the answers alone are learned. See https://docs.unsloth.ai.
"""

import argparse
from pathlib import Path

import torch
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer
from unsloth import FastLanguageModel, is_bfloat16_supported  # first: it changes the libraries below
from unsloth.chat_templates import standardize_sharegpt, train_on_responses_only

HERE = Path(__file__).resolve().parent
ACCUMULATED = 8
GPU = torch.cuda.is_available()

parser = argparse.ArgumentParser(description="Fine-tune a chat model on the rows beside this file, with Unsloth.")
parser.add_argument("--model", default="unsloth/Qwen2.5-Coder-0.5B-Instruct", help="a folder, or a model of the Hub")
parser.add_argument("--output-dir", default="unsloth-output")
parser.add_argument("--epochs", type=float, default=3)
parser.add_argument("--max-steps", type=int, default=-1, help="stop after so many steps; -1 for none")
parser.add_argument("--max-length", type=int, default=4096, help="tokens of a row; longer rows are left out")
parser.add_argument("--batch-size", type=int, default=1, help="rows at a time; 8 times as many make a step")
parser.add_argument("--learning-rate", type=float, default=2e-4)
given = parser.parse_args()

if (HERE / "UNFINISHED-BUILD.txt").exists():
    raise SystemExit(f"{HERE} is not whole, for an export was stopped while it wrote there: run it again")
files = {split: HERE / f"{split}.json" for split in ("train", "validation")}  # test.json is for the end
files = {split: str(path) for split, path in files.items() if path.is_file() and path.stat().st_size}
if "train" not in files:
    raise SystemExit(f"{HERE / 'train.json'} holds no row")
data = load_dataset("json", data_files=files)
model, tokenizer = FastLanguageModel.from_pretrained(given.model, max_seq_length=given.max_length, load_in_4bit=GPU)
model = FastLanguageModel.get_peft_model(model, r=16, lora_alpha=16)


def as_text(rows):
    return {"text": [tokenizer.apply_chat_template(row, tokenize=False) for row in rows["conversations"]]}


def fits(row):
    return len(tokenizer(text=row["text"], add_special_tokens=False)["input_ids"]) <= given.max_length


texts = {}
for split in files:  # a program that is cut teaches to stop halfway
    rows = standardize_sharegpt(data[split]).map(as_text, batched=True)
    texts[split] = rows.filter(fits)
    print(f"{split}: {len(texts[split])} rows; {len(rows) - len(texts[split])} longer ones left out")
a_step = given.batch_size * ACCUMULATED
steps = given.max_steps if given.max_steps > 0 else int(given.epochs * len(texts["train"]) / a_step)
if "validation" in texts and given.max_steps > 0:  # a look at few steps need not evaluate on more rows than it learns
    texts["validation"] = texts["validation"].select(range(min(len(texts["validation"]), given.max_steps * a_step)))
trainer = SFTTrainer(
    model=model,
    processing_class=tokenizer,
    train_dataset=texts["train"],
    eval_dataset=texts.get("validation"),
    args=SFTConfig(
        output_dir=given.output_dir,
        dataset_text_field="text",
        num_train_epochs=given.epochs,
        max_steps=given.max_steps,
        max_length=given.max_length,
        per_device_train_batch_size=given.batch_size,
        per_device_eval_batch_size=given.batch_size,
        gradient_accumulation_steps=ACCUMULATED,
        learning_rate=given.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, steps * 3 // 100),
        bf16=GPU and is_bfloat16_supported(),
        fp16=GPU and not is_bfloat16_supported(),
        logging_steps=1,
        report_to="none",
    ),
)
trainer = train_on_responses_only(trainer)  # the answers alone are learned
trainer.train()
if "validation" in texts:
    print(trainer.evaluate())
model.save_pretrained(given.output_dir)
tokenizer.save_pretrained(given.output_dir)
