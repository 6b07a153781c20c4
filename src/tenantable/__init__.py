"""One declaration of a DynamoDB table architecture drives typed access, policy, infrastructure and documents."""

__version__ = "0.1.0"

__all__ = ["__version__"]
