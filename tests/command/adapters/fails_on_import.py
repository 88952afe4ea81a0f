"""An adapter that cannot be imported."""

raise RuntimeError("no licence\nfor this library")
