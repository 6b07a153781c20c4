"""What `tenantable explain` is asked about, as what request it is asked, and how it answers."""
