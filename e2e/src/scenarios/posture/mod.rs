//! What is claimed of security, shown by something that is refused.
