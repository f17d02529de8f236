"""Reading logs by columns: many lines at a time, and whatever is unusual one by one."""
