"""KMS: keys, their aliases, policies, rotation and tags. Nothing is encrypted with them."""
