//! Layers of settings with their provenance.
