"""Claims on how gradients travel through an LSTM."""
