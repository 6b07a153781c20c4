"""DynamoDB as it goes over the wire: values, numbers, sizes, limits, key names, ARNs, error names and messages."""
