"""Slim bindings for cdktf, one module for each provider and generation."""
