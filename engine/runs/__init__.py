"""Scheduled runs: leases, schedules, gaps, and what is known of the runs that were."""
