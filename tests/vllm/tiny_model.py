"""Makes a tiny model for vLLM: a Qwen2 configuration, a byte-level BPE tokenizer, a chat template. No weights.

Runs inside .venv-vllm: python tests/vllm/tiny_model.py FOLDER. vLLM fills in dummy weights, so the model
answers noise; that proves transport, seeds, schemas, limits and concurrency, and nothing about texts.
"""

import json
import sys
from pathlib import Path

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    trainers,
)

VOCABULARY = 4096
# Noise hardly ever hits the one token that ends an answer; with 32 of them an answer has 128 tokens on
# average. They are special tokens, so a JSON schema masks them until the value is complete.
ENDS = ["<|im_end|>", *(f"<|end_{number}|>" for number in range(31))]
NUL = "\u0100"
"""How byte-level BPE writes the byte 0."""
SPECIAL = ["<|endoftext|>", "<|im_start|>", *ENDS]
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_model(folder: Path) -> None:
    """Write the model's files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _train_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    ends = [tokenizer.token_to_id(token) for token in ENDS]
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "model_max_length": 2048,
            "chat_template": CHAT_TEMPLATE,
        },
    )
    _write(
        folder / "config.json",
        {
            "architectures": ["Qwen2ForCausalLM"],
            "model_type": "qwen2",
            "hidden_size": 128,
            "intermediate_size": 256,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "vocab_size": tokenizer.get_vocab_size(),
            "max_position_embeddings": 2048,
            "hidden_act": "silu",
            "rms_norm_eps": 1e-6,
            "rope_theta": 10000.0,
            "tie_word_embeddings": False,
            "torch_dtype": "bfloat16",
            "eos_token_id": ends[0],
            "bos_token_id": tokenizer.token_to_id("<|endoftext|>"),
        },
    )
    _write(folder / "generation_config.json", {"eos_token_id": ends})


def _train_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        # Without the NUL: noise would hit it once in 4,096 tokens, and no text may hold it.
        initial_alphabet=[byte for byte in pre_tokenizers.ByteLevel.alphabet() if byte != NUL],
        show_progress=False,
    )
    tokenizer.train_from_iterator(_corpus(), trainer)
    return tokenizer


def _corpus() -> list[str]:
    """Return the demo's texts: enough of six languages to learn a vocabulary from."""
    folder = Path(__file__).resolve().parents[2] / "annotator" / "demo"
    return [
        line
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1), "utf-8")


if __name__ == "__main__":
    make_model(Path(sys.argv[1]))
