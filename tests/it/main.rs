//! All integration tests, built as one binary: linking once is cheaper than linking thirty times.
