//! One intention each: decides what happens next.
