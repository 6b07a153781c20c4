"""From grants to policy documents that allow exactly what was granted."""
