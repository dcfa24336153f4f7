"""Storages: where volumes come from, one file each."""
