"""Who really earned it: a benchmark of credit assignment with known answers, since a simulator can be played on."""
