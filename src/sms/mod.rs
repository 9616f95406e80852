//! SMS: action strings, tokens, segments and the device's side of the sequence.
