"""The sentences in which pages answer, a file for each subject."""
