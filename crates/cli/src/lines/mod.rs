//! Lines of text become rows that the crate `kaframe` writes: the value as it is, and the record's own key, headers and timestamp where a line
//! of JSON brings them.
//!
//! What `kaframe read` prints, `kaframe write` takes: `_key`, `_headers` and `_timestamp` are taken out of the object and become the record's
//! own, other metadata is dropped, and what is left of the object is the value, character for character.

mod record;
mod rows;

pub use record::{Header, LineFormat, NO_JSON};
pub use rows::RowsBuilder;
