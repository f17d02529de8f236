"""Citrix ADC (NetScaler): what its audit messages say beyond their keys."""
