//! How many different values: exact while they are few, else estimated by HyperLogLog in 4 KiB.
//!
//! Flajolet et al., "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm" (2007), with the estimator of Ertl, "New cardinality
//! estimation algorithms for HyperLogLog sketches" (2017, algorithm 6), which has no bias anywhere. Standard error with 4,096 registers: 1.04 / 64 = 1.6 %.

/// Registers; a power of two.
const REGISTERS: usize = 1 << BITS;
const BITS: u32 = 12;
/// Bits of a hash that choose no register; a rank is at most one more.
const RANKS: usize = 64 - BITS as usize;

/// Hashes seen.
#[derive(Debug, Clone)]
pub(super) struct HyperLogLog {
    registers: Box<[u8; REGISTERS]>,
}

impl Default for HyperLogLog {
    fn default() -> Self {
        HyperLogLog {
            registers: Box::new([0; REGISTERS]),
        }
    }
}

impl HyperLogLog {
    /// Takes a hash: one look at a register of a small array.
    pub fn add(&mut self, hash: u64) {
        let index = (hash >> (64 - BITS)) as usize;
        // The bit that is set bounds the rank, also where all others are zero.
        let rank = ((hash << BITS) | (1 << (BITS - 1))).leading_zeros() as u8 + 1;
        let register = &mut self.registers[index];
        *register = rank.max(*register);
    }

    /// Takes what another has seen.
    pub fn merge(&mut self, other: &HyperLogLog) {
        for (mine, theirs) in self.registers.iter_mut().zip(other.registers.iter()) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// How many different hashes there were, about.
    pub fn estimate(&self) -> u64 {
        let mut counts = [0u32; RANKS + 2];
        for rank in self.registers.iter() {
            counts[usize::from(*rank)] += 1;
        }
        let registers = REGISTERS as f64;
        let mut sum = registers * tau(1.0 - f64::from(counts[RANKS + 1]) / registers);
        for count in counts[1..=RANKS].iter().rev() {
            sum = 0.5 * (sum + f64::from(*count));
        }
        sum += registers * sigma(f64::from(counts[0]) / registers);
        // Where every register is empty the sum is infinite, and the estimate 0.
        (registers * registers / (2.0 * std::f64::consts::LN_2 * sum)).round() as u64
    }
}

/// What empty registers add.
fn sigma(share: f64) -> f64 {
    if share >= 1.0 {
        return f64::INFINITY;
    }
    let (mut power, mut weight, mut sum) = (share, 1.0, share);
    loop {
        power *= power;
        let before = sum;
        sum += power * weight;
        weight += weight;
        if sum == before {
            return sum;
        }
    }
}

/// What full registers add.
fn tau(share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return 0.0;
    }
    let (mut root, mut weight, mut sum) = (share, 1.0, 1.0 - share);
    loop {
        root = root.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - root) * (1.0 - root) * weight;
        if sum == before {
            return sum / 3.0;
        }
    }
}

/// A hash of bytes whose every bit is worth something. Not against attackers: a chosen collision makes a count wrong and nothing else.
pub(super) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        state = folded(state ^ u64::from_le_bytes(word));
    }
    let rest = chunks.remainder();
    let mut word = [0; 8];
    word[..rest.len()].copy_from_slice(rest);
    folded(folded(state ^ u64::from_le_bytes(word)))
}

/// A hash of a number.
pub(super) fn hash_u64(number: u64) -> u64 {
    folded(folded(number ^ 0x9e37_79b9_7f4a_7c15))
}

/// The two halves of a product, folded: every bit of the input moves about half of the output's.
fn folded(word: u64) -> u64 {
    let product = u128::from(word ^ 0xa076_1d64_78bd_642f) * 0xe703_7ed1_a0b4_28db;
    let folded = (product >> 64) as u64 ^ product as u64;
    (folded ^ (folded >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (folded >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_within_five_percent() {
        for count in [0u64, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000] {
            let (mut numbers, mut texts) = (HyperLogLog::default(), HyperLogLog::default());
            for number in 0..count {
                numbers.add(hash_u64(number));
                numbers.add(hash_u64(number));
                texts.add(hash_bytes(format!("key-{number}").as_bytes()));
            }
            for estimate in [numbers.estimate(), texts.estimate()] {
                let off = estimate.abs_diff(count) as f64;
                assert!(off <= (count as f64 * 0.05).max(1.0), "{count}: {estimate}");
            }
        }
    }

    #[test]
    fn merging_is_seeing_both() {
        let (mut all, mut even, mut odd) = Default::default();
        let parts: (&mut HyperLogLog, &mut HyperLogLog, &mut HyperLogLog) = (&mut all, &mut even, &mut odd);
        for number in 0..20_000u64 {
            parts.0.add(hash_u64(number));
            let part = if number % 2 == 0 { &mut *parts.1 } else { &mut *parts.2 };
            part.add(hash_u64(number));
        }
        even.merge(&odd);
        assert_eq!(even.estimate(), all.estimate());
    }
}
