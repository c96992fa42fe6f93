"""How alike two renderings are in what they show: embeddings of their frames by a CLIP model, aligned in time.

Embeddings are those of the model's image encoder (Radford et al. 2021). Frames are aligned as for structural
similarity; the similarity is the mean cosine along the path. The model is read from a local folder, and nothing is
fetched.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder.core.errors import BuilderError, SettingError
from builder.core.files import sha256_of
from builder.evaluate.similarity import along, frames_of

ClipSimilarity = Callable[[bytes, bytes, float], float]
"""Of the sampled frames of two renderings, with their rate; from -1 to 1."""
_SIDE = 224
"""Pixels of a frame's sides, before the model's own processing."""


def clip_similarity(folder: Path) -> ClipSimilarity:
    """What compares two renderings by a CLIP model in a folder, as `save_pretrained` of transformers writes it.

    Raises:
        SettingError: the folder holds no such model.
        BuilderError: torch or transformers is not installed.
    """
    try:
        import torch
        from transformers import AutoImageProcessor, CLIPModel
    except ImportError as error:
        raise BuilderError(f"--clip-model: needs torch and transformers ({error}): pip install them both") from error
    try:
        model: Any = CLIPModel.from_pretrained(folder, local_files_only=True).eval()
        processor: Any = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise SettingError(f"--clip-model {folder}: holds no CLIP model of transformers: {error}") from error

    @lru_cache(maxsize=256)
    def embedded(animation: bytes, rate: float) -> NDArray[np.float64]:
        frames = frames_of(animation, rate, (_SIDE, _SIDE))
        with torch.no_grad():
            found = model.get_image_features(**processor(images=list(frames), return_tensors="pt"))
        vectors = np.asarray(getattr(found, "pooler_output", found), dtype=np.float64)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    def compare(left: bytes, right: bytes, rate: float) -> float:
        return 1.0 if left == right else round(along(embedded(left, rate) @ embedded(right, rate).T), 6)

    return compare


def model_hash(folder: Path) -> str:
    """The SHA-256 of a model's weights.

    Raises:
        SettingError: the folder has none.
    """
    weights = sorted([*folder.glob("*.safetensors"), *folder.glob("pytorch_model*.bin")])
    if not weights:
        raise SettingError(f"--clip-model {folder}: holds no weights (*.safetensors, pytorch_model.bin)")
    return " ".join(map(sha256_of, weights))
