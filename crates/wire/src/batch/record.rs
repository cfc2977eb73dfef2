//! One record, and its headers, as slices of the batch.

use crate::varint::{Fault, read_i32};

/// One record. Borrows its bytes from the batch or from the scratch buffer that the batch was decompressed into.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record<'b> {
    /// Absolute.
    pub offset: i64,
    /// In ms since 1970; of the batch if that is on LogAppendTime; `None` if the record has none.
    pub timestamp: Option<i64>,
    /// `None` is null, which is not empty.
    pub key: Option<&'b [u8]>,
    /// `None` is null: a tombstone in a compacted topic.
    pub value: Option<&'b [u8]>,
    /// In order, duplicates kept.
    pub headers: Headers<'b>,
}

/// The headers of a record: checked when the record was cut, decoded again while iterating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Headers<'b> {
    bytes: &'b [u8],
    count: usize,
}

impl<'b> Headers<'b> {
    /// How many.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Key and value of each, in order. Keys are bytes: Kafka says UTF-8, nothing enforces it. A value may be null.
    pub fn iter(&self) -> HeadersIter<'b> {
        HeadersIter {
            bytes: self.bytes,
            left: self.count,
            at: 0,
        }
    }

    /// Takes what is left of a record: the count, then that many headers, then nothing.
    #[inline]
    pub(super) fn cut(record: &'b [u8], mut at: usize) -> Result<Headers<'b>, Fault> {
        let count = read_i32(record, &mut at)?;
        if count == 0 && at == record.len() {
            return Ok(Headers::default());
        }
        Headers::cut_some(record, at, count)
    }

    fn cut_some(record: &'b [u8], mut at: usize, count: i32) -> Result<Headers<'b>, Fault> {
        let count = usize::try_from(count).map_err(|_| Fault::Negative)?;
        let start = at;
        for _ in 0..count {
            // Each takes two bytes at least, so a lying count runs out of bytes at once.
            header(record, &mut at)?;
        }
        if at != record.len() {
            return Err(Fault::Trailing);
        }
        Ok(Headers {
            bytes: &record[start..],
            count,
        })
    }
}

impl<'b> IntoIterator for Headers<'b> {
    type Item = (&'b [u8], Option<&'b [u8]>);
    type IntoIter = HeadersIter<'b>;

    fn into_iter(self) -> HeadersIter<'b> {
        self.iter()
    }
}

/// Iterates [`Headers`].
#[derive(Debug, Clone)]
pub struct HeadersIter<'b> {
    bytes: &'b [u8],
    left: usize,
    at: usize,
}

impl<'b> Iterator for HeadersIter<'b> {
    type Item = (&'b [u8], Option<&'b [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        header(self.bytes, &mut self.at).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for HeadersIter<'_> {}

fn header<'b>(bytes: &'b [u8], at: &mut usize) -> Result<(&'b [u8], Option<&'b [u8]>), Fault> {
    let key = read_bytes(bytes, at)?.ok_or(Fault::Negative)?;
    Ok((key, read_bytes(bytes, at)?))
}

/// A varint length, -1 for null, and that many bytes.
#[inline(always)]
pub(super) fn read_bytes<'b>(bytes: &'b [u8], at: &mut usize) -> Result<Option<&'b [u8]>, Fault> {
    let length = read_i32(bytes, at)?;
    if length < 0 {
        return if length == -1 { Ok(None) } else { Err(Fault::Negative) };
    }
    let end = at.checked_add(length as usize).ok_or(Fault::Short)?;
    let slice = bytes.get(*at..end).ok_or(Fault::Short)?;
    *at = end;
    Ok(Some(slice))
}
