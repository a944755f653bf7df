"""What only the pages of the book need: their parameters, tables, diagrams and execution."""
