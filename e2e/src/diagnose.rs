//! Saves what is needed to understand a failure.
