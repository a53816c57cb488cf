//! Remembers what is up between commands.
