"""The commands that look after a data folder: `tenantable dynamodb check`, `backup`, `restore`."""
