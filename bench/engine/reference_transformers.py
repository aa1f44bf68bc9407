"""A GGUF model run by Hugging Face's transformers in float32, dequantised by its own loader.

Needs: pip install torch transformers gguf accelerate.
"""

import os

import torch
from transformers import AutoModelForCausalLM


def load(path):
    """Returns a function from token ids to the logits after each of them, [token][vocab]."""
    folder, name = os.path.split(os.path.abspath(path))
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    model.eval()

    def logits_of(ids):
        with torch.no_grad():
            return model(torch.tensor([ids])).logits[0].numpy()

    return logits_of
