terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "replicas" {
  type    = list(string)
  default = ["us-west-2", "eu-west-1"]
}
variable "tags" {
  type    = map(string)
  default = { team = "identity" }
}
variable "protected" {
  type    = bool
  default = true
}
variable "ttl" {
  type    = bool
  default = true
}
variable "indexes" {
  type    = set(string)
  default = ["a", "b", "c", "d", "e"]
}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
data "aws_partition" "current" {}

resource "aws_kms_key" "tables" {
  description             = "Tables"
  deletion_window_in_days = 7
  enable_key_rotation     = true
  tags                    = var.tags
}
resource "aws_kms_alias" "tables" {
  name          = "alias/harness-tables"
  target_key_id = aws_kms_key.tables.key_id
}

resource "aws_dynamodb_table" "users" {
  name                        = "harness-users"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = var.protected
  stream_enabled              = true
  stream_view_type            = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "sk"
    type = "S"
  }
  dynamic "attribute" {
    for_each = var.indexes
    content {
      name = attribute.value
      type = "S"
    }
  }
  dynamic "global_secondary_index" {
    for_each = var.indexes
    content {
      name            = "by-${global_secondary_index.value}"
      hash_key        = global_secondary_index.value
      range_key       = "sk"
      projection_type = "ALL"
    }
  }
  ttl {
    attribute_name = "expires"
    enabled        = var.ttl
  }
  point_in_time_recovery { enabled = true }
  server_side_encryption { enabled = true }
  dynamic "replica" {
    for_each = var.replicas
    content {
      region_name            = replica.value
      point_in_time_recovery = true
      propagate_tags         = true
    }
  }
  tags = var.tags
}

resource "aws_dynamodb_table" "own_key" {
  name         = "harness-own-key"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  attribute {
    name = "pk"
    type = "S"
  }
  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.tables.arn
  }
  tags = var.tags
}

resource "aws_dynamodb_table" "provisioned" {
  name           = "harness-provisioned"
  billing_mode   = "PROVISIONED"
  read_capacity  = 5
  write_capacity = 5
  hash_key       = "pk"
  attribute {
    name = "pk"
    type = "S"
  }
  lifecycle { ignore_changes = [read_capacity, write_capacity] }
}
resource "aws_dynamodb_table" "with_ceilings" {
  name         = "harness-ceilings"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "user"
  range_key    = "started"
  attribute {
    name = "user"
    type = "S"
  }
  attribute {
    name = "started"
    type = "N"
  }
  attribute {
    name = "device"
    type = "S"
  }
  global_secondary_index {
    name               = "by-device"
    hash_key           = "device"
    range_key          = "started"
    projection_type    = "INCLUDE"
    non_key_attributes = ["address"]
    on_demand_throughput { max_read_request_units = 7 }
  }
  on_demand_throughput {
    max_read_request_units  = 10
    max_write_request_units = 20
  }
  ttl {
    attribute_name = "expires"
    enabled        = true
  }
  point_in_time_recovery { enabled = false }
  tags = var.tags
}

resource "aws_appautoscaling_target" "reads" {
  min_capacity       = 5
  max_capacity       = 50
  resource_id        = "table/${aws_dynamodb_table.provisioned.name}"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits"
  service_namespace  = "dynamodb"
  tags               = var.tags
}
resource "aws_appautoscaling_policy" "reads" {
  name               = "reads"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.reads.resource_id
  scalable_dimension = aws_appautoscaling_target.reads.scalable_dimension
  service_namespace  = aws_appautoscaling_target.reads.service_namespace
  target_tracking_scaling_policy_configuration {
    predefined_metric_specification { predefined_metric_type = "DynamoDBReadCapacityUtilization" }
    target_value       = 70
    scale_in_cooldown  = 60
    scale_out_cooldown = 30
  }
}
resource "aws_dynamodb_contributor_insights" "users" {
  table_name = aws_dynamodb_table.users.name
}
resource "aws_dynamodb_contributor_insights" "by_a" {
  table_name = aws_dynamodb_table.users.name
  index_name = "by-a"
}
resource "aws_dynamodb_resource_policy" "users" {
  resource_arn = aws_dynamodb_table.users.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
      Action    = "dynamodb:GetItem"
      Resource  = aws_dynamodb_table.users.arn
    }]
  })
}

resource "aws_iam_role" "worker" {
  name        = "harness-worker"
  description = "Reads users"
  path        = "/harness/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
  permissions_boundary = aws_iam_policy.users.arn
  max_session_duration = 7200
  tags                 = var.tags
}
resource "aws_iam_policy" "users" {
  name = "harness-users"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = aws_dynamodb_table.users.arn }]
  })
  tags = var.tags
}
resource "aws_iam_role_policy_attachment" "users" {
  role       = aws_iam_role.worker.name
  policy_arn = aws_iam_policy.users.arn
}
resource "aws_iam_role_policy" "queue" {
  name = "queue"
  role = aws_iam_role.worker.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["sqs:SendMessage"], Resource = aws_sqs_queue.events.arn }]
  })
}

resource "aws_sqs_queue" "dead" {
  name                      = "harness-events-dlq"
  message_retention_seconds = 1209600
  tags                      = var.tags
}
resource "aws_sqs_queue" "events" {
  name                       = "harness-events"
  visibility_timeout_seconds = 60
  receive_wait_time_seconds  = 20
  kms_master_key_id          = aws_kms_key.tables.id
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 5 })
  tags                       = var.tags
}
resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  queue_url            = aws_sqs_queue.dead.id
  redrive_allow_policy = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [aws_sqs_queue.events.arn] })
}

resource "aws_ssm_parameter" "table" {
  name  = "/harness/table"
  type  = "String"
  value = aws_dynamodb_table.users.name
  tags  = var.tags
}
resource "aws_ssm_parameter" "secret" {
  name   = "/harness/secret"
  type   = "SecureString"
  value  = "an invented value"
  key_id = aws_kms_alias.tables.name
}
resource "aws_cloudwatch_metric_alarm" "throttled" {
  alarm_name          = "harness-throttled"
  alarm_description   = "Requests are throttled"
  namespace           = "AWS/DynamoDB"
  metric_name         = "ThrottledRequests"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  threshold           = 10.5
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  dimensions          = { TableName = aws_dynamodb_table.users.name }
  tags                = var.tags
}

output "account" { value = data.aws_caller_identity.current.account_id }
output "region" { value = data.aws_region.current.name }
output "index_names" { value = aws_dynamodb_table.with_ceilings.global_secondary_index[*].name }
output "table_arn" { value = aws_dynamodb_table.users.arn }
