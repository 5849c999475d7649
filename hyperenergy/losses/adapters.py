"""Losses behind the call conventions of other libraries, so that they can take the place of theirs in a training script."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.losses import calls
from hyperenergy.losses.base import Loss
from hyperenergy.losses.families import LabeledLoss, PairLoss


class MetricLearning(torch.nn.Module):
    """As losses of pytorch-metric-learning are called: ``f(embeddings, labels)``, or with ``ref_emb`` and ``ref_labels``.

    A loss of labeled points takes them as they are.  For a loss of pairs, labels say who belongs together: each occurs twice
    among the embeddings, or once there and once among ``ref_emb``; what comes first is the anchor.  Pairs that a miner has
    picked (``indices_tuple``) are refused: these losses are of all pairs of a batch.  ArgumentError for other labels.
    """

    def __init__(self, loss: Loss) -> None:
        super().__init__()
        if not isinstance(loss, PairLoss | LabeledLoss):
            raise ArgumentError("loss", repr(loss), "must be a loss of pairs or of labeled points, such as NTXent(0.1)")
        self.loss = loss

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        indices_tuple: Any = None,
        ref_emb: Tensor | None = None,
        ref_labels: Tensor | None = None,
    ) -> Tensor:
        if indices_tuple is not None:
            raise ArgumentError(
                "indices_tuple", "pairs of a miner", "must be None: the loss is of all pairs of a batch"
            )
        x = calls.check_features(embeddings, "embeddings")
        labels = calls.check_labels(x, labels)
        value: Tensor
        if ref_emb is None or ref_labels is None:
            if isinstance(self.loss, LabeledLoss):
                value = self.loss(x, labels)
                return value
            order = labels.argsort(stable=True)
            together = labels[order]
            if (
                len(x) % 2
                or not torch.equal(together[::2], together[1::2])
                or bool((together[1:-1:2] == together[2::2]).any())
            ):
                raise ArgumentError(
                    "labels", "not each of them twice", "a loss of pairs needs two embeddings per label"
                )
            value = self.loss(x[order[::2]], x[order[1::2]])
            return value
        y = calls.check_features(ref_emb, "ref_emb")
        ref_labels = calls.check_labels(y, ref_labels)
        if isinstance(self.loss, LabeledLoss):
            value = self.loss(torch.cat([x, y]), torch.cat([labels, ref_labels]))
            return value
        first, second = labels.argsort(stable=True), ref_labels.argsort(stable=True)
        if not torch.equal(labels[first], ref_labels[second]) or len(labels.unique()) < len(labels):
            raise ArgumentError(
                "ref_labels", "others than the labels", "each label must be there once, and once in labels"
            )
        value = self.loss(x[first], y[second])
        return value


class Lightly(torch.nn.Module):
    """As the contrastive losses of lightly are called: ``criterion(out0, out1)``.

    memory_bank_size: so many of the last ``out1`` are further negatives, as in MoCo; 0 for none.  They are kept on the
    sphere, without gradients, in the buffer ``bank``, the newest first.
    """

    bank: Tensor

    def __init__(self, loss: PairLoss, memory_bank_size: int = 0) -> None:
        super().__init__()
        if not isinstance(loss, PairLoss):
            raise ArgumentError("loss", repr(loss), "must be a loss of pairs such as NTXent(0.1)")
        self.loss, self.size = loss, integer("memory_bank_size", memory_bank_size, 0)
        self.register_buffer("bank", torch.zeros(0, 0))

    def forward(self, out0: Tensor, out1: Tensor) -> Tensor:
        value: Tensor
        if not self.size:
            value = self.loss(out0, out1)
            return value
        old = self.bank.to(out1) if self.bank.numel() else out1[:0]
        value = self.loss(out0, out1, negatives=old)
        with torch.no_grad():
            self.bank = torch.cat([calls.on_sphere(out1.detach()), old])[: self.size]
        return value
