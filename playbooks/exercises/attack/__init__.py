"""The storyboard of HomeLand Justice as the raw records that the real actions would leave."""
