"""The submodels of the month, one a file; none imports another. `sim.schedule` calls them in order."""
