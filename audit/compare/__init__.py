"""Work on stored profiles: differences, gates, merges, mixes."""
