"""Storages: where volumes come from, one for each vendor."""
