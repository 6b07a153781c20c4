"""What components use beside tables: opened, embedded or on AWS, and put into the hands of each component."""
