"""Service: any other workload of a platform, such as a cache that an agent uses."""
