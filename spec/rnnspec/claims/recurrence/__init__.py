"""Claims on plain recurrent networks and back-propagation through time."""
