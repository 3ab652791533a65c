"""Every GGUF model that llama.cpp knows, by its own server inside the engine's process."""
