"""LiteLLM as the program of an `IsolatedLLMProxy`: its configuration, its gate, and its pod."""
