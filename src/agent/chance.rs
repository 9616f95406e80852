/// Dice with a seed: the same seed gives the same falls. For faults and made-up content, never for secrets.
#[derive(Debug, Clone)]
pub(in crate::agent) struct Chance(u64);

impl Chance {
    pub(in crate::agent) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// `SplitMix64`: every seed is good, zero too.
    pub(in crate::agent) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `limit` - 1; 0 when the limit is 0.
    pub(in crate::agent) fn below(&mut self, limit: u64) -> u64 {
        let drawn = self.draw();
        if limit == 0 { 0 } else { drawn % limit }
    }

    /// True in `percent` of all cases.
    pub(in crate::agent) fn percent(&mut self, percent: u8) -> bool {
        self.below(100) < u64::from(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_stay_in_their_limits_and_repeat_with_the_seed() {
        let falls = |seed| {
            let mut chance = Chance::new(seed);
            (0..100).map(|_| chance.below(6)).collect::<Vec<_>>()
        };
        assert!(falls(0).iter().all(|f| *f < 6));
        assert!((0..6).all(|n| falls(0).contains(&n)));
        assert_eq!(falls(1), falls(1));
        assert_ne!(falls(1), falls(2));
        assert_eq!(Chance::new(3).below(0), 0);
        assert!(!Chance::new(3).percent(0) && Chance::new(3).percent(100));
    }
}
