//! SIP: messages, transactions, digest and the bodies that make a device call home.
