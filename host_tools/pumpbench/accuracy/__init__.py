"""The accuracy report: many windows on the real firmware, judged against what really happened."""
