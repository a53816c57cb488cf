//! Runs the steps of the plan in order and hands their values on.
