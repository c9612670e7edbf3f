"""The submodels of the month, one a file; none imports another. `sim.dynamics.schedule` calls them in order."""
