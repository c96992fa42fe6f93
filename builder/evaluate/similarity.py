"""How alike two renderings look: their frames at an even rate, aligned in time, compared by structural similarity.

Frames are those of `builder/render/inside/samples.py`, at the rate that they were sampled by. Two frames are compared
by SSIM (Wang et al. 2004; scikit-image, window of 7, in colour, 128 by 72 pixels). Dynamic time warping aligns the two
sequences: each frame has a partner in the other one, in order, so that the sum of 1 - SSIM along the path is least. The
similarity is the mean SSIM along that path: 1 for the same frames, whatever their tempo.

With a CLIP model, read from a local folder, it is the mean cosine of the frames' embeddings by its image encoder
(Radford et al. 2021) along such a path: how alike two renderings are in what they show.
"""

import io
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from builder.core.errors import BuilderError, SettingError
from builder.core.files import sha256_of

ADVICE = "pip install 'manim-combined[evaluate]'"
SIZE = (128, 72)
"""Pixels of the frames that are compared."""
MOST_FRAMES = 64
"""Of longer renderings so many frames are compared, evenly spread."""
_FAINT = 40
"""Of 255: by how much a pixel must differ from the background to be something that is seen."""
FrameArray = NDArray[np.uint8]
"""Frames, rows, columns, 3 colours."""


def release() -> str:
    """The release of scikit-image.

    Raises:
        BuilderError: it is not installed.
    """
    try:
        import skimage  # noqa: F401
    except ImportError as error:
        raise BuilderError(f"visual similarity needs scikit-image: {ADVICE}, or go without it") from error
    return version("scikit-image")


def visual_similarity(left: bytes, right: bytes, rate: float) -> float:
    """The similarity of two renderings, from about 0 (SSIM may be below) to 1.

    Args:
        left: the sampled frames of a verdict.
        right: those of another one.
        rate: samples a second that both were asked for.

    Raises:
        BuilderError: scikit-image is not installed.
    """
    if left == right:
        return 1.0
    release()
    return round(along(_pairwise(frames_of(left, rate), frames_of(right, rate))), 6)


@lru_cache(maxsize=256)
def frames_of(animation: bytes, rate: float, size: tuple[int, int] = SIZE) -> FrameArray:
    """The frames of a sampled rendering, each as often as it stands, at most `MOST_FRAMES`."""
    pictures, counts = [], []
    with Image.open(io.BytesIO(animation)) as opened:
        for number in range(getattr(opened, "n_frames", 1)):
            opened.seek(number)
            opened.load()
            pictures.append(np.asarray(opened.convert("RGB").resize(size, Image.Resampling.BOX)))
            counts.append(max(1, round(opened.info.get("duration", 0) * rate / 1000)))
    order = np.repeat(np.arange(len(pictures)), np.minimum(counts, 10 * MOST_FRAMES))
    if order.size > MOST_FRAMES:
        order = order[np.linspace(0, order.size - 1, MOST_FRAMES).round().astype(np.int64)]
    return np.stack(pictures)[order]


def ink(animation: bytes, rate: float) -> int:
    """Pixels that clearly differ from the commonest colour of a frame, in the frame that has most of them.

    Of 128 by 72 pixels; one of them is some 45 of Manim's frame.
    """
    most = 0
    for frame in frames_of(animation, rate):
        packed = frame.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
        colours, counts = np.unique(packed, return_counts=True)
        background = np.frombuffer(int(colours[counts.argmax()]).to_bytes(3, "big"), np.uint8).astype(np.int16)
        apart = abs(frame.astype(np.int16) - background).max(axis=2)
        most = max(most, int((apart >= _FAINT).sum()))
    return most


def _pairwise(left: FrameArray, right: FrameArray) -> NDArray[np.float64]:
    """SSIM of each frame of one rendering with each of the other; equal pairs are compared once."""
    from skimage.metrics import structural_similarity

    known: dict[tuple[bytes, bytes], float] = {}
    keys = [[frame.tobytes() for frame in side] for side in (left, right)]
    table = np.empty((len(left), len(right)))
    for row, one in enumerate(left):
        for column, other in enumerate(right):
            pair = keys[0][row], keys[1][column]
            if pair not in known:
                same = pair[0] == pair[1]
                compared: Any = 1.0 if same else structural_similarity(one, other, channel_axis=2, data_range=255)
                known[pair] = float(compared)
            table[row, column] = known[pair]
    return table


def along(table: NDArray[np.float64]) -> float:
    """The mean of a table along the path of dynamic time warping (steps right, down and both)."""
    rows, columns = table.shape
    cost = np.full((rows + 1, columns + 1), np.inf)
    length = np.zeros((rows + 1, columns + 1), dtype=np.int64)
    total = np.zeros((rows + 1, columns + 1))
    cost[0, 0] = 0
    for row in range(1, rows + 1):
        for column in range(1, columns + 1):
            before = ((row - 1, column - 1), (row - 1, column), (row, column - 1))
            best = min(before, key=lambda at: cost[at])
            value = table[row - 1, column - 1]
            cost[row, column] = cost[best] + 1 - value
            length[row, column] = length[best] + 1
            total[row, column] = total[best] + value
    return float(total[-1, -1] / length[-1, -1])


def code_bleu() -> Callable[[str, str], float]:
    """CodeBLEU (Ren et al. 2020) of a program to its reference, by the package `codebleu`.

    Raises:
        BuilderError: the package is not installed, or not with the grammar that it works with.
    """
    try:
        from codebleu import calc_codebleu

        calc_codebleu(["x = 1"], ["x = 1"], lang="python")
    except (ImportError, TypeError) as error:
        raise BuilderError(
            f"--code-similarity: needs codebleu ({error}); pip install codebleu 'tree-sitter-python==0.21.*'"
        ) from error
    return lambda code, reference: float(calc_codebleu([reference], [code], lang="python")["codebleu"])


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
