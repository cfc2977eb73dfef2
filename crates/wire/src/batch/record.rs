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
    /// The value and what follows it in the same memory.
    pub(super) onwards: &'b [u8],
}

impl<'b> Record<'b> {
    /// The value's first byte and everything behind it in the memory of the batch: where a reader may load whole words
    /// without looking for the value's end. Empty for a null.
    pub fn value_onwards(&self) -> &'b [u8] {
        self.onwards
    }
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
    #[inline(always)]
    pub(super) fn cut(record: &'b [u8], at: usize) -> Result<Headers<'b>, Fault> {
        let (count, at) = read_i32(record, at)?;
        // The check gives nothing back: headers and a fault in one place of the memory would be written in bytes and read again in words.
        if count != 0 || at != record.len() {
            Headers::check(record, at, count)?;
        }
        Ok(Headers {
            bytes: record.get(at..).unwrap_or_default(),
            count: count as usize,
        })
    }

    /// That so many headers stand at `at`, then nothing.
    #[inline(never)]
    fn check(record: &[u8], mut at: usize, count: i32) -> Result<(), Fault> {
        let count = usize::try_from(count).map_err(|_| Fault::Negative)?;
        for _ in 0..count {
            // Each takes two bytes at least, so a lying count runs out of bytes at once.
            (_, at) = header(record, at)?;
        }
        if at != record.len() {
            return Err(Fault::Trailing);
        }
        Ok(())
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
        let (header, at) = header(self.bytes, self.at).ok()?;
        self.at = at;
        Some(header)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for HeadersIter<'_> {}

type Header<'b> = (&'b [u8], Option<&'b [u8]>);

/// One header, and where the next begins.
fn header(bytes: &[u8], at: usize) -> Result<(Header<'_>, usize), Fault> {
    let (key, at) = read_bytes(bytes, at)?;
    let (value, at) = read_bytes(bytes, at)?;
    Ok(((key.ok_or(Fault::Negative)?, value), at))
}

/// A varint length, -1 for null, and that many bytes; and where the next field begins.
#[inline(always)]
pub(super) fn read_bytes(bytes: &[u8], at: usize) -> Result<(Option<&[u8]>, usize), Fault> {
    let (length, at) = read_i32(bytes, at)?;
    if length < 0 {
        return if length == -1 {
            Ok((None, at))
        } else {
            Err(Fault::Negative)
        };
    }
    // Cannot overflow: a slice and an i32 together are shorter than the address space.
    let end = at.wrapping_add(length as usize);
    Ok((Some(bytes.get(at..end).ok_or(Fault::Short)?), end))
}
