//! The management endpoint as a contract: what both of its ends say.
