//! The two errors of this crate: one malformed value, and a column that cannot be written.

/// One value that its format does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {byte}")]
pub struct ValueError {
    /// Position inside the value, counted from 0, at which it goes wrong.
    pub byte: usize,
    /// What is wrong, in words, without the position.
    pub reason: String,
}

impl ValueError {
    /// An error at `byte`.
    pub(crate) fn new(byte: usize, reason: impl Into<String>) -> Self {
        Self {
            byte,
            reason: reason.into(),
        }
    }
}

/// A row or column that cannot be written in the chosen format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column:?}{}: {reason}", row.map(|row| format!(", row {row}")).unwrap_or_default())]
pub struct EncodeError {
    /// The row, counted from 0 in the batch; `None` where the whole column is at fault.
    pub row: Option<usize>,
    /// The column's name; nested fields are joined by dots.
    pub column: String,
    /// What is wrong, naming the Arrow type.
    pub reason: String,
}
