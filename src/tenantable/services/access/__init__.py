"""Access management: permissions, invitations, teams, roles and their audit, in one table with five indexes."""
