"""Claims on activation functions and their slopes."""
