"""Claims that are matters of measurement, of opinion or of history."""
