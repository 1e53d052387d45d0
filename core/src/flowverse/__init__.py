"""Flow modules of the Hugging Face Hub as locked, synced, shippable dependencies."""

__all__ = ["__version__"]

__version__ = "0.1.0"
