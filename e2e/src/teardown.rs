//! Removes what this harness made, and nothing else.
