"""Trains two steps on an export, and counts what the trainer keeps of it.

Runs inside .venv-trainers: python tests/trainers/train.py KIND ROWS.jsonl FEATURES.json MODEL MAX_LENGTH
KIND is reward, dpo or kto. Prints JSON: rows in and rows kept by language, steps, and the last loss.
"""

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import torch
from datasets import Dataset, Features, load_dataset
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    Qwen2Config,
)
from trl import (
    DPOConfig,
    DPOTrainer,
    KTOConfig,
    KTOTrainer,
    RewardConfig,
    RewardTrainer,
)

TRAINERS = {
    "reward": (RewardTrainer, RewardConfig),
    "dpo": (DPOTrainer, DPOConfig),
    "kto": (KTOTrainer, KTOConfig),
}


def make_trainer(kind: str, rows: Dataset, model: Path, max_length: int, output: str) -> object:
    """Return the trainer with fresh random weights."""
    torch.manual_seed(0)
    trainer, config = TRAINERS[kind]
    tokenizer = AutoTokenizer.from_pretrained(model)
    settings = Qwen2Config.from_pretrained(model)
    settings.num_labels, settings.pad_token_id = 1, tokenizer.pad_token_id
    kind_of_model = AutoModelForSequenceClassification if kind == "reward" else AutoModelForCausalLM
    weights = (
        Path(output) / "weights"
    )  # where a trainer that needs a reference model finds its twin
    kind_of_model.from_config(settings, dtype=torch.float32).save_pretrained(weights)
    arguments = config(
        output_dir=output,
        max_steps=2,
        per_device_train_batch_size=4,
        max_length=max_length,
        use_cpu=True,
        bf16=False,
        report_to=[],
        save_strategy="no",
        logging_steps=1,
        disable_tqdm=True,
        gradient_checkpointing=False,
    )
    return trainer(
        model=kind_of_model.from_pretrained(weights, dtype=torch.float32),
        args=arguments,
        train_dataset=rows,
        processing_class=tokenizer,
    )


def main(kind: str, file: str, features: str, model: str, max_length: str) -> None:
    """Train on all rows; then let the trainer prepare each language alone and count what is left."""
    rows = load_dataset(
        "json",
        data_files=file,
        features=Features.from_dict(json.loads(Path(features).read_text())),
        split="train",
    )
    with tempfile.TemporaryDirectory() as output:
        trainer = make_trainer(kind, rows, Path(model), int(max_length), output)
        trainer.train()  # type: ignore[attr-defined]
        kept = {
            language: len(
                make_trainer(
                    kind,
                    rows.filter(lambda row, wanted=language: row["language"] == wanted),
                    Path(model),
                    int(max_length),
                    output,
                ).train_dataset  # type: ignore[attr-defined]
            )
            for language in sorted(set(rows["language"]))
        }
        losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]  # type: ignore[attr-defined]
        steps = trainer.state.global_step  # type: ignore[attr-defined]
    told = {"in": Counter(rows["language"]), "kept": kept, "steps": steps, "losses": losses}
    sys.stdout.write("\n" + json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
