"""What an account answers at the endpoint beside DynamoDB: STS, IAM, KMS, SSM, SQS, auto scaling and alarms."""
