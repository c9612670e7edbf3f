"""Everything that knows the compiler: decorators, draws, struct references, the cache."""
