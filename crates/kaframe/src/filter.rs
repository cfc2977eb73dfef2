//! Conditions on records, as the reader sees them: what they need, what follows from them about where records lie, and a mask.
//!
//! This is not a language. Whoever has one (the crate `kaframe-sql`) compiles its text to these traits; a `where` is a list of them, all
//! of which a row must pass.

mod conditions;
mod nulls;
mod settle;
mod sieve;
mod stage;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::SchemaRef;

use crate::error::Result;

pub(crate) use conditions::Conditions;
pub use conditions::{Answered, Condition};
pub(crate) use settle::{Settled, settle};
pub(crate) use sieve::{Between, Candidate, Sieve, SievePlan, Sifted, misfits, values};
pub(crate) use stage::{GROUP_ROWS, Verdict};

/// One condition of a `where`.
pub trait Filter: Send + Sync + fmt::Debug {
    /// The condition as people read it, for plans and errors.
    fn text(&self) -> &str;

    /// Names of the columns it needs: fields of the value (nested paths with dots) and metadata names.
    fn columns(&self) -> &[String];

    /// What follows from it about where records lie. It may say less than the condition, never more.
    fn implies(&self) -> Implied;

    /// The condition for columns of these types. `schema` has every column of [`Filter::columns`] by these names, in no order; others may
    /// stand beside them. A column of which only nulls were seen so far has the type Null. The types of the metadata: `_partition` int32,
    /// `_offset` int64, `_timestamp` timestamp(ms, UTC), `_topic` `_timestamp_type` `_error` large_utf8, `_tombstone` boolean, `_headers` a
    /// large_list of structs; that of `_key` depends on the keys.
    ///
    /// Called again whenever types have changed: a mask is only ever given rows of the schema it was bound to.
    ///
    /// # Errors
    /// `Config`, when the condition makes no sense for the types.
    fn bind(&self, schema: &SchemaRef) -> Result<Arc<dyn Mask>>;
}

/// A condition that knows the types of its columns.
pub trait Mask: Send + Sync + fmt::Debug {
    /// Which rows pass: one value a row. Null counts as false.
    ///
    /// # Errors
    /// `Decode`, when the condition cannot be computed for these values (a division by zero, a failed cast).
    fn mask(&self, rows: &RecordBatch) -> Result<BooleanArray>;
}

/// What a condition says about where records lie.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Implied {
    /// Only in these topics.
    pub topics: Option<BTreeSet<String>>,
    /// Only in these partitions.
    pub partitions: Option<BTreeSet<i32>>,
    /// Only at this offset and behind it.
    pub offset_from: Option<i64>,
    /// Only before this offset.
    pub offset_to: Option<i64>,
    /// Only at this time and after it, in ms since 1970.
    pub timestamp_from: Option<i64>,
    /// Only before this time, in ms since 1970.
    pub timestamp_to: Option<i64>,
    /// The bounds above are the whole condition: a row within them passes.
    pub exact: bool,
}

#[cfg(test)]
mod tests;
