"""Databases: what PostgreSQL, MySQL, SQL Server and Oracle write of themselves and of their users."""
