"""Claims on the GRU."""
