"""What one vendor writes, read back: a module for each, and nothing of it elsewhere."""
