"""Claims on what an LSTM is: its equations, its gates, its two states, and what it keeps."""
