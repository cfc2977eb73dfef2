//! Goes over the batches of a byte slice by their headers: 17 ns a batch, nothing decompressed, no checksum.
//!
//! The records of a Fetch response are a raw piece of the log, cut at the byte limit of the request: the last batch may be
//! cut anywhere. It ends the walk quietly, since the next fetch begins with it, unless nothing whole came before it: then
//! the same fetch would bring the same bytes for ever, and since KIP-74 (Fetch v3) no broker sends that.

use super::entry::Batch;
use super::header::{Header, LEGACY_LENGTHS, MAGIC_AT, PREFIX, V0_HEADER};
use crate::WireError;

/// Iterates the batches of a slice. Ends after the first error.
#[derive(Debug, Clone)]
pub struct Walk<'a> {
    records: &'a [u8],
    /// Of the next batch.
    position: usize,
    done: bool,
    cut_tail: usize,
}

impl<'a> Walk<'a> {
    /// Begins at the front of `records`: the bytes of a Fetch response, a Produce request or a log segment.
    pub fn new(records: &'a [u8]) -> Walk<'a> {
        Walk {
            records,
            position: 0,
            done: false,
            cut_tail: 0,
        }
    }

    /// How many bytes belong to a last batch that the fetch limit cut; right once the walk has ended.
    pub fn cut_tail(&self) -> usize {
        self.cut_tail
    }

    #[inline]
    fn step(&mut self) -> Result<Option<Batch<'a>>, WireError> {
        let Some(rest) = self.records.get(self.position..).filter(|rest| !rest.is_empty()) else {
            return Ok(None);
        };
        let Some(length) = whole_length(rest)? else {
            self.cut_tail = rest.len();
            if self.position == 0 {
                let had = rest.len();
                return Err(WireError::protocol(format!(
                    "{had} bytes of records hold no whole batch"
                )));
            }
            return Ok(None);
        };
        let bytes = &rest[..length];
        let header = Header::parse(bytes, length)?;
        if header.base_offset < 0 {
            return Err(WireError::corrupt(format!("base offset {}", header.base_offset)));
        }
        let position = self.position;
        self.position += length;
        Ok(Some(Batch {
            header,
            bytes,
            position,
        }))
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Batch<'a>, WireError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let step = self.step().map_err(|e| at_position(e, self.position)).transpose();
        self.done = !matches!(step, Some(Ok(_)));
        step
    }
}

/// The length of the batch that `rest` begins with, or `None` if it is cut. What can be seen of a cut batch is checked.
#[inline]
pub(super) fn whole_length(rest: &[u8]) -> Result<Option<usize>, WireError> {
    /// The smallest entry of the oldest format.
    const SMALLEST: i32 = (V0_HEADER + LEGACY_LENGTHS - PREFIX) as i32;
    if let Some(&magic) = rest.get(MAGIC_AT)
        && magic > 2
    {
        return Err(WireError::corrupt(format!("unknown magic {}", magic as i8)));
    }
    let Some([a, b, c, d]) = rest.get(8..).and_then(|rest| rest.first_chunk::<4>()).copied() else {
        return Ok(None);
    };
    let declared = i32::from_be_bytes([a, b, c, d]);
    if declared < SMALLEST {
        return Err(WireError::corrupt(format!("a batch length of {declared}")));
    }
    let length = (declared as usize).saturating_add(PREFIX);
    Ok(Some(length).filter(|&length| length <= rest.len()))
}

#[cold]
fn at_position(error: WireError, position: usize) -> WireError {
    match error {
        WireError::Corrupt { detail } => WireError::corrupt(format!("{detail} (batch at byte {position})")),
        other => other,
    }
}
