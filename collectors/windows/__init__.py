"""What the Windows sources share: event shapes, damaged EVTX chunks, and the ECS fields that an event id implies."""
