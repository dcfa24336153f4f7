"""IsolatedLLMProxy: the one pod that holds the LLM provider's key, and serves inference to agents."""
