use crate::port::{Entropy, MachineError};

/// Random bytes of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), MachineError> {
        getrandom::fill(bytes).map_err(|_| MachineError::Entropy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let (mut a, mut b) = ([0; 32], [0; 32]);
        OsEntropy.fill(&mut a).expect("entropy");
        OsEntropy.fill(&mut b).expect("entropy");
        assert_ne!(a, b);
    }
}
