"""Nothing that tells who is who leaves a roster."""
