"""What analysts do with an incident: who has it, notes, tags, tasks and evidence, and finding it again."""
