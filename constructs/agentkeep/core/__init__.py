"""What a declaration is made of and on: parts, pods, edges, facts, and the frozen model. No program and no vendor."""
