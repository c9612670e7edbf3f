"""A package, so that one of the same name that other projects install (AgentPy does) cannot stand in its place."""
