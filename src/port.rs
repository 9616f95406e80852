//! What a flow may ask of the outside world: small traits by role.
