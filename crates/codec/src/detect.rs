//! The rule `auto`.

use crate::ValueFormat;

/// What a sample of values looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// The format that more than nine in ten fit; `None` when there was no value.
    pub format: Option<ValueFormat>,
    /// How many values were looked at.
    pub sampled: usize,
    /// How many of them fit each candidate, in the order in which candidates are tried.
    pub fits: Vec<(ValueFormat, usize)>,
}

/// Picks the format of values.
pub fn detect_value<'a>(samples: impl Iterator<Item = &'a [u8]>) -> Detection {
    let _ = samples;
    todo!()
}

/// Picks the format of keys.
pub fn detect_key<'a>(samples: impl Iterator<Item = &'a [u8]>) -> Detection {
    let _ = samples;
    todo!()
}
