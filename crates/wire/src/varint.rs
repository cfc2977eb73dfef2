//! Variable-length integers: seven bits a byte, lowest first, signed ones zigzag-encoded. The rules are those of
//! `org.apache.kafka.common.utils.ByteUtils`: at most 5 bytes for 32 bits and 10 for 64; padding with zero groups inside
//! these bounds is legal. Stricter than Java in one point: bits beyond the width are an error, not dropped.

/// Why a number could not be read. One byte, so that a `Result` of it stays in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes end inside the number or the field.
    Short,
    /// A varint is longer or larger than its type.
    Varint,
    /// A length or count is negative where that has no meaning.
    Negative,
    /// Bytes are left where none may be.
    Trailing,
    /// An offset is not above the one before it, or beyond the last one of the batch.
    Order,
}

impl Fault {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Fault::Short => "a field runs past the end",
            Fault::Varint => "a varint is longer than its type allows",
            Fault::Negative => "a length or count is negative",
            Fault::Trailing => "bytes are left over",
            Fault::Order => "an offset out of order",
        }
    }
}

/// Reads an unsigned 32-bit varint at `at`; gives it and where the next field begins.
///
/// One and two bytes are read in place: nearly all lengths and deltas of real records. Positions go in and out by value, so
/// that they stay in registers; as `&mut` they would live in memory for the sake of the long case.
#[inline(always)]
pub(crate) fn read_u32(data: &[u8], at: usize) -> Result<(u32, usize), Fault> {
    match short(data, at) {
        Some((value, at)) => Ok((value, at)),
        None => long_u32(data, at),
    }
}

/// Reads a signed (zigzag) 32-bit varint.
#[inline(always)]
pub(crate) fn read_i32(data: &[u8], at: usize) -> Result<(i32, usize), Fault> {
    let (raw, at) = read_u32(data, at)?;
    Ok(((raw >> 1) as i32 ^ -((raw & 1) as i32), at))
}

/// Reads a signed (zigzag) 64-bit varint.
#[inline(always)]
pub(crate) fn read_i64(data: &[u8], at: usize) -> Result<(i64, usize), Fault> {
    let (raw, at) = match short(data, at) {
        Some((value, at)) => (u64::from(value), at),
        None => long(data, at, 10)?,
    };
    Ok(((raw >> 1) as i64 ^ -((raw & 1) as i64), at))
}

/// A varint of one or two bytes. A position never comes near the end of `usize`: it is at most one behind a slice.
#[inline(always)]
fn short(data: &[u8], at: usize) -> Option<(u32, usize)> {
    let low = u32::from(*data.get(at)?);
    if low < 0x80 {
        return Some((low, at.wrapping_add(1)));
    }
    let high = u32::from(*data.get(at.wrapping_add(1))?);
    (high < 0x80).then(|| (low & 0x7f | high << 7, at.wrapping_add(2)))
}

#[cold]
#[inline(never)]
fn long_u32(data: &[u8], at: usize) -> Result<(u32, usize), Fault> {
    let (value, at) = long(data, at, 5)?;
    Ok((u32::try_from(value).map_err(|_| Fault::Varint)?, at))
}

#[inline(never)]
fn long(data: &[u8], at: usize, most: u32) -> Result<(u64, usize), Fault> {
    let mut rest = data.get(at..).unwrap_or_default().iter();
    let mut value = 0u64;
    for index in 0..most {
        let byte = *rest.next().ok_or(Fault::Short)?;
        let group = u64::from(byte & 0x7f);
        if index == 9 && group > 1 {
            return Err(Fault::Varint);
        }
        value |= group << (7 * index);
        if byte < 0x80 {
            return Ok((value, data.len() - rest.len()));
        }
    }
    Err(Fault::Varint)
}

/// Appends a signed (zigzag) 32-bit varint.
pub(crate) fn write_i32(out: &mut Vec<u8>, value: i32) {
    write_i64(out, i64::from(value));
}

/// Appends a signed (zigzag) 64-bit varint.
pub(crate) fn write_i64(out: &mut Vec<u8>, value: i64) {
    let mut raw = zigzag(value);
    while raw >= 0x80 {
        out.push(raw as u8 | 0x80);
        raw >>= 7;
    }
    out.push(raw as u8);
}

/// How many bytes [`write_i64`] takes.
pub(crate) fn width_i64(value: i64) -> usize {
    (70 - (zigzag(value) | 1).leading_zeros() as usize) / 7
}

fn zigzag(value: i64) -> u64 {
    (value << 1) as u64 ^ (value >> 63) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_round_trips() {
        for shift in 0..63 {
            for value in [
                1i64 << shift,
                -(1i64 << shift),
                (1i64 << shift) - 1,
                i64::MAX,
                i64::MIN,
                0,
                -1,
            ] {
                let mut bytes = Vec::new();
                write_i64(&mut bytes, value);
                assert_eq!(bytes.len(), width_i64(value), "{value}");
                assert_eq!(read_i64(&bytes, 0), Ok((value, bytes.len())));
                let narrow = read_i32(&bytes, 0).ok();
                assert_eq!(
                    narrow,
                    i32::try_from(value).ok().map(|value| (value, bytes.len())),
                    "{value}"
                );
            }
        }
    }

    /// W-11: more bytes than the type has, and more bits.
    #[test]
    fn long_varints_are_refused() {
        let read = |bytes: &[u8]| read_u32(bytes, 0).map(|(value, _)| value);
        assert_eq!(read(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]), Err(Fault::Varint));
        assert_eq!(read(&[0xff, 0xff, 0xff, 0xff, 0x1f]), Err(Fault::Varint));
        assert_eq!(read(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Ok(u32::MAX));
        assert_eq!(read(&[0x81, 0x00]), Ok(1), "padding is legal, as in Java");
        assert_eq!(read(&[0x80, 0x80]), Err(Fault::Short));
        assert_eq!(read(&[]), Err(Fault::Short));
        assert_eq!(read_i64(&[0xff; 11], 0), Err(Fault::Varint));
        let mut ten = [0xff; 10];
        ten[9] = 0x02;
        assert_eq!(read_i64(&ten, 0), Err(Fault::Varint));
        ten[9] = 0x01;
        assert_eq!(read_i64(&ten, 0), Ok((i64::MIN, 10)));
    }
}
