"""Feed-forward networks: dense links, batch normalization, residual blocks, chains of them."""

from rnnref.feedforward.batch_norm import BatchNorm
from rnnref.feedforward.border import ChainPullback, ChainRun, Feedforward, Pretrained, Trained
from rnnref.feedforward.chain import Chain
from rnnref.feedforward.dense import Dense
from rnnref.feedforward.pretraining import Autoencoder, Descent
from rnnref.feedforward.residual import Link, Residual

__all__ = [
    "Autoencoder",
    "BatchNorm",
    "Chain",
    "ChainPullback",
    "ChainRun",
    "Dense",
    "Descent",
    "Feedforward",
    "Link",
    "Pretrained",
    "Residual",
    "Trained",
]
