"""The benchmark: what synthesis costs in CPU and memory, beside the least it could cost and what others cost."""
