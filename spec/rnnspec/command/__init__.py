"""The command line: `rnnspec verify`, `rnnspec check` and `rnnspec claims`."""
