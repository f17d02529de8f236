"""What resolvers say about questions and answers, whoever wrote it."""
