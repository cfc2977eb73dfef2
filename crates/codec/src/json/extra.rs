//! The text of `_extra`: the members of a value that did not fit its columns, as one JSON object.
//!
//! Members are noted in document order as ranges of the value's bytes, so that keys and values keep their spelling. What
//! did not fit inside a nested object is wrapped in that object's key.

use std::ops::Range;

use crate::VALUE;

/// A piece of the object to be written.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    /// A value whose key is not known yet: that of the object around it.
    Value(Range<usize>),
    /// A key (in quotes) and its value.
    Member(Range<usize>, Range<usize>),
    /// A key whose object's pieces follow.
    Open(Range<usize>),
    Close,
}

/// The members of one value that did not fit.
#[derive(Debug, Default)]
pub(super) struct Extra {
    pieces: Vec<Piece>,
}

impl Extra {
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// How many pieces there are; what [`wrap`](Self::wrap) takes.
    #[inline]
    pub(super) fn mark(&self) -> usize {
        self.pieces.len()
    }

    /// The value in `value` did not fit its column.
    pub(super) fn misfit(&mut self, value: Range<usize>) {
        self.pieces.push(Piece::Value(value));
    }

    /// There is no column for `key` (its range includes the quotes).
    pub(super) fn member(&mut self, key: Range<usize>, value: Range<usize>) {
        self.pieces.push(Piece::Member(key, value));
    }

    /// All pieces since `mark` stand under `key`.
    pub(super) fn wrap(&mut self, mark: usize, key: Range<usize>) {
        if let Some(Piece::Value(value)) = self.pieces.get(mark) {
            let value = value.clone();
            self.pieces[mark] = Piece::Member(key, value);
        } else {
            self.pieces.insert(mark, Piece::Open(key));
            self.pieces.push(Piece::Close);
        }
    }

    /// Drops the pieces since `mark`.
    pub(super) fn truncate(&mut self, mark: usize) {
        self.pieces.truncate(mark);
    }

    /// Appends the object to `out`.
    pub(super) fn write(&self, data: &[u8], out: &mut Vec<u8>) {
        out.push(b'{');
        let mut first = true;
        for piece in &self.pieces {
            if !first && *piece != Piece::Close {
                out.extend_from_slice(b", ");
            }
            first = false;
            match piece {
                Piece::Value(value) => {
                    out.extend_from_slice(format!("\"{VALUE}\": ").as_bytes());
                    out.extend_from_slice(&data[value.clone()]);
                }
                Piece::Member(key, value) => {
                    out.extend_from_slice(&data[key.clone()]);
                    out.extend_from_slice(b": ");
                    out.extend_from_slice(&data[value.clone()]);
                }
                Piece::Open(key) => {
                    out.extend_from_slice(&data[key.clone()]);
                    out.extend_from_slice(b": {");
                    first = true;
                }
                Piece::Close => out.push(b'}'),
            }
        }
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_nest_under_their_objects() {
        let data = br#""a" 1 "b" [2] "c""#;
        let mut extra = Extra::default();
        extra.member(0..3, 4..5);
        let outer = extra.mark();
        extra.misfit(10..13);
        extra.wrap(outer, 6..9);
        extra.member(0..3, 4..5);
        extra.wrap(outer, 14..17);
        extra.member(6..9, 4..5);
        let mut out = Vec::new();
        extra.write(data, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"a": 1, "c": {"b": [2], "a": 1}, "b": 1}"#
        );
    }

    #[test]
    fn a_value_that_is_no_object_stands_under_value() {
        let mut extra = Extra::default();
        extra.misfit(0..2);
        let mut out = Vec::new();
        extra.write(b"17", &mut out);
        assert_eq!(out, b"{\"value\": 17}");
    }
}
