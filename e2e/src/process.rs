//! Runs a tool with a deadline, its output in a log file.
