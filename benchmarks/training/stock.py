"""transformers' own image-classification example on our backbone: what its README's command
does, in fp32.

Source of the recipe: examples/pytorch/image-classification (README.md,
run_image_classification.py): RandomResizedCrop and a mirror half of the time, normalised; the
whole network learns by AdamW at 2e-5, falling linearly, 5 epochs in batches of 8, photos decoded
anew each time; the epoch with the smallest validation loss is kept. The transforms are
torchvision's (no build for this machine), written with PIL. The script would look at the
preprocessor's shorter side, 256 pixels; here it looks at 224, the backbone's own size and the
cheaper one.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset
from transformers import (
    AutoModelForImageClassification,
    PrinterCallback,
    TrainingArguments,
    set_seed,
)
from transformers.utils import logging

from train.finetune.fit import last_checkpoint
from train.finetune.trainer import ClockedTrainer
from train.images.preprocessing import Preprocessing
from train.models.backbone import Backbone
from train.splits.training_set import Example
from train.statistics.metrics import top_k

LR = 2e-5
EPOCHS = 5
BATCH = 8
# RandomResizedCrop's defaults
SMALLEST = 0.08
ASPECT = (3 / 4, 4 / 3)


class Photos(Dataset[dict[str, Any]]):
    """Decoded whenever they are asked for."""

    def __init__(
        self,
        photos: Mapping[str, bytes],
        examples: Sequence[Example],
        framing: Preprocessing,
        learned: bool,
    ) -> None:
        self.photos = photos
        self.examples = examples
        self.framing = framing
        self.learned = learned

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, number: int) -> dict[str, Any]:
        image_id, label = self.examples[number]
        photo = Image.open(io.BytesIO(self.photos[image_id])).convert("RGB")
        seen = (
            random_view(photo, self.framing.size)
            if self.learned
            else central_view(photo, self.framing.size)
        )
        return {"pixel_values": self.framing.tensor(seen), "labels": label}


def random_view(photo: Image.Image, size: int) -> Image.Image:
    """RandomResizedCrop(size), RandomHorizontalFlip()."""
    view = photo.resize((size, size), Image.Resampling.BILINEAR, box=_random_box(*photo.size))
    return view.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if torch.rand(1) < 0.5 else view


def central_view(photo: Image.Image, size: int) -> Image.Image:
    """Resize(size), CenterCrop(size)."""
    scale = size / min(photo.size)
    photo = photo.resize(
        (round(photo.width * scale), round(photo.height * scale)), Image.Resampling.BILINEAR
    )
    left = (photo.width - size) // 2
    top = (photo.height - size) // 2
    return photo.crop((left, top, left + size, top + size))


def _random_box(width: int, height: int) -> tuple[float, float, float, float]:
    for _ in range(10):
        area = width * height * float(torch.empty(1).uniform_(SMALLEST, 1.0))
        aspect = float(torch.exp(torch.empty(1).uniform_(*np.log(ASPECT))))
        w = round((area * aspect) ** 0.5)
        h = round((area / aspect) ** 0.5)
        if 0 < w <= width and 0 < h <= height:
            left = int(torch.randint(width - w + 1, (1,)))
            top = int(torch.randint(height - h + 1, (1,)))
            return left, top, left + w, top + h
    side = min(width, height)  # torchvision's way out would keep the aspect; few photos come here
    return (width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2


def train_stock(
    backbone: Backbone,
    photos: Mapping[str, bytes],
    train: Sequence[Example],
    validation: Sequence[Example],
    run: Path,
    seed: int,
    lr: float = LR,
    epochs: int = EPOCHS,
) -> tuple[Any, list[dict[str, float]]]:
    """The model with the weights of its best epoch, and {seconds, accuracy, loss} on validation
    by epoch."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    set_seed(seed)
    framing = Preprocessing.from_folder(backbone.path)
    model = AutoModelForImageClassification.from_pretrained(
        backbone.path,
        num_labels=1 + max(label for _, label in train),
        dtype=torch.float32,
        local_files_only=True,
        ignore_mismatched_sizes=True,
    )
    trainer = ClockedTrainer(
        model=model,
        args=_arguments(run, seed, lr, epochs),
        compute_metrics=_accuracy,
        train_dataset=Photos(photos, train, framing, learned=True),
        eval_dataset=Photos(photos, validation, framing, learned=False),
    )
    trainer.remove_callback(PrinterCallback)  # its lines would stand between the bench's
    checkpoint = last_checkpoint(run)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    log = [
        {"seconds": row["seconds"], "accuracy": row["eval_accuracy"], "loss": row["eval_loss"]}
        for row in trainer.state.log_history
        if "eval_accuracy" in row
    ]
    return model, log


def best_of(log: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    """The epoch that is kept."""
    return min(log, key=lambda epoch: epoch["loss"])


def _accuracy(prediction: Any) -> dict[str, float]:
    return {
        "accuracy": top_k(np.asarray(prediction.predictions, np.float64), prediction.label_ids, 1)
    }


def _arguments(run: Path, seed: int, lr: float, epochs: int) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(run),
        learning_rate=lr,
        num_train_epochs=epochs,
        per_device_train_batch_size=BATCH,
        per_device_eval_batch_size=BATCH,
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="steps",
        logging_steps=10,
        load_best_model_at_end=True,
        save_total_limit=3,
        seed=seed,
        remove_unused_columns=False,
        disable_tqdm=True,
        report_to="none",
        dataloader_pin_memory=torch.cuda.is_available(),
        use_cpu=not torch.cuda.is_available(),
    )
