"""How the simulated world moves: the schedule of a month, its processes, and what they compute with."""
