"""Claims on remedies: pre-training, clipping, weight decay, ReLU, batch norm, residual blocks."""
