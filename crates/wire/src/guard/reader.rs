//! A position in a message body. Every step is checked against what is left.

use crate::WireError;
use crate::varint::read_u32;

pub(super) struct Reader<'b> {
    body: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    pub(super) fn new(body: &'b [u8]) -> Reader<'b> {
        Reader { body, at: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.body.len() - self.at
    }

    pub(super) fn skip(&mut self, bytes: usize) -> Result<(), WireError> {
        let left = self.left();
        if bytes > left {
            return Err(WireError::protocol(format!(
                "{bytes} bytes belong here, {left} are left"
            )));
        }
        self.at += bytes;
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let start = self.at;
        self.skip(N)?;
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.body[start..self.at]);
        Ok(bytes)
    }

    pub(super) fn byte(&mut self) -> Result<u8, WireError> {
        self.take::<1>().map(|[byte]| byte)
    }

    pub(super) fn varint(&mut self) -> Result<u32, WireError> {
        let (value, at) = read_u32(self.body, self.at).map_err(|fault| WireError::protocol(fault.as_str()))?;
        self.at = at;
        Ok(value)
    }

    /// An int32 length or count; -1 is null.
    pub(super) fn length(&mut self) -> Result<Option<usize>, WireError> {
        signed(i64::from(i32::from_be_bytes(self.take()?)))
    }

    /// An int16 length; -1 is null.
    pub(super) fn short_length(&mut self) -> Result<Option<usize>, WireError> {
        signed(i64::from(i16::from_be_bytes(self.take()?)))
    }

    /// A varint of the length plus one; 0 is null.
    pub(super) fn compact(&mut self) -> Result<Option<usize>, WireError> {
        Ok(self.varint()?.checked_sub(1).map(|length| length as usize))
    }
}

fn signed(length: i64) -> Result<Option<usize>, WireError> {
    if length == -1 {
        return Ok(None);
    }
    usize::try_from(length)
        .map(Some)
        .map_err(|_| WireError::protocol(format!("a length of {length}")))
}
