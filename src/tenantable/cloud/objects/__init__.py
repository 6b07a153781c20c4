"""Buckets of objects: folders of the data folder, and Amazon S3."""
