"""The parent service: enrollments, their documents, and appointments with coaches."""
