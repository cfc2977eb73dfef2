//! The trait behind which every format decodes, and the one place that picks the implementation.

use std::ops::Range;

use crate::bits::Ready;
use crate::integer::IntegerDecoder;
use crate::json::{JsonDecoder, Level};
use crate::raw::RawDecoder;
use crate::string::StringDecoder;
use crate::{Columns, Shape, ValueError, ValueFormat};

/// Grows columns from values, one row per value.
///
/// Widening happens in place where it is exact (null to anything, integers to wider integers, small integers to floats).
/// Where it is not, [`needs_replay`](Decoder::needs_replay) turns true and the same records must be decoded again by a
/// new decoder that starts from [`shape`](Decoder::shape).
pub trait Decoder: Send {
    /// Appends one value as one row. On an error nothing of the value is kept: no row, no key, no wider type.
    fn push(&mut self, value: &[u8]) -> Result<(), ValueError>;
    /// The same for the value that stands at `value` in `buffer`. What surrounds it means nothing, but a decoder may load
    /// the bytes behind the value, which is faster than to stop right at its end.
    ///
    /// # Panics
    /// If `value` is no range of `buffer`.
    fn push_within(&mut self, buffer: &[u8], value: Range<usize>) -> Result<(), ValueError> {
        self.push(&buffer[value])
    }
    /// Appends a row of nulls: a tombstone, or a malformed value whose row is kept.
    fn push_null(&mut self);
    /// Appends rows of nulls.
    fn push_nulls(&mut self, count: usize) {
        (0..count).for_each(|_| self.push_null());
    }
    /// Says that about `more` rows like those so far are to come: makes ready for them at once.
    fn expect(&mut self, more: usize, ready: Ready);
    /// Rows since the last `finish`.
    fn len(&self) -> usize;
    /// Whether there is no row.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Bytes of memory that the columns hold, capacity included.
    fn allocated_bytes(&self) -> usize;
    /// What was seen so far, joined with the shape it started from. It may be wider than the columns are.
    fn shape(&self) -> Shape;
    /// Whether a row held a value that its column can no longer show exactly: the columns must not be used.
    fn needs_replay(&self) -> bool;
    /// How many `NaN`, `Infinity` and `-Infinity` were accepted in JSON so far.
    fn special_floats(&self) -> u64;
    /// Gives the rows so far and starts anew with the same shape.
    fn finish(&mut self) -> Columns;
}

/// What a decoder is to do.
#[derive(Debug, Clone)]
pub struct DecoderOptions {
    /// The format of the bytes.
    pub format: ValueFormat,
    /// The shape to start from: of a sample, or joined over all splits.
    pub start: Option<Shape>,
    /// A stream: the shape never changes, what does not fit goes to the column `_extra`.
    pub fixed: bool,
    /// Columns of a JSON object wanted, in this order: keys, or paths like `user.id`. Others are checked for structure
    /// only. A value that is no object counts as an object with the one key `value`. The formats of one column have
    /// nothing to choose from and do not look at this.
    pub select: Option<Vec<String>>,
    /// A value is read no further than its first keys that are wanted: what stands behind the last of them is not looked at, neither for structure nor
    /// for a key that stands twice. Without `select` it means nothing.
    pub no_further: bool,
    /// Rows to reserve memory for.
    pub capacity_rows: usize,
    /// Whether `NaN` and the infinities are malformed, as RFC 8259 has it.
    pub strict: bool,
    /// What JSON may stand at the top of a value.
    pub top: TopLevel,
}

/// What JSON may stand at the top of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TopLevel {
    /// Anything: objects and others among each other are one column `value` of JSON text.
    #[default]
    Any,
    /// Objects, and `null` for a row of nulls. Another value is an error and changes no column.
    Objects,
}

impl DecoderOptions {
    /// Everything of `format`, from nothing, widening as it goes.
    pub fn new(format: ValueFormat) -> Self {
        Self {
            format,
            start: None,
            fixed: false,
            select: None,
            no_further: false,
            capacity_rows: 0,
            strict: false,
            top: TopLevel::Any,
        }
    }
}

/// Decoders of JSON for all the instruction sets that this machine has, each with its name, the portable one last, all with
/// the same results: for tests that compare them.
#[doc(hidden)]
pub fn json_decoders(options: &DecoderOptions) -> Vec<(&'static str, Box<dyn Decoder>)> {
    Level::all()
        .into_iter()
        .map(|level| {
            let decoder: Box<dyn Decoder> = Box::new(JsonDecoder::on(level, options));
            (level.name(), decoder)
        })
        .collect()
}

/// The decoder for `options.format`.
pub fn decoder(options: &DecoderOptions) -> Box<dyn Decoder> {
    match options.format {
        ValueFormat::Raw => Box::new(RawDecoder::new(options)),
        ValueFormat::String => Box::new(StringDecoder::new(options)),
        ValueFormat::Json => Box::new(JsonDecoder::new(options)),
        ValueFormat::Int | ValueFormat::Long => Box::new(IntegerDecoder::new(options)),
    }
}
