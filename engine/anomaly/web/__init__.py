"""How requests to e-services are built, learned per service, path and parameter."""
