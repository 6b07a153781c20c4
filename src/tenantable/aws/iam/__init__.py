"""IAM: roles with trust policies, boundaries and inline policies, managed policies with versions, attachments."""
