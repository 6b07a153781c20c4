"""What a system's traffic costs: capacity units by table and index, heat of partitions, storage, dollars."""
