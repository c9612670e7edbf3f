"""Importers of public exports and survey ties."""
