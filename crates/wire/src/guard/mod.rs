//! Walks a message body before it is decoded: every count, length, varint and tagged field against the bytes that are left.
//!
//! Why: the decoder of the message crate reserves memory by array counts as they come from the wire (a response of 20
//! bytes may ask for 100 GiB), reads varints of five bytes without looking at the sixth, and does not compare a tagged
//! field with the size it declares. A body that has passed here holds what it says. The walk reads the frame once and
//! allocates nothing; records are stepped over, not into.
//!
//! It also bounds what decoding will reserve: a frame of 100 MB may hold 50 million elements of two bytes that become 200
//! bytes each. The sum of the sizes that elements will have is limited to [`MOST_DECODED`].
//!
//! The shape of every body is data ([`table`]), generated from Kafka's own definitions by `guard_table.py`.

mod reader;
mod shape;
mod table;

use crate::WireError;
use reader::Reader;
use shape::{Field, Kind, Message, contains};

/// Whether a body is a request or a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BodyKind {
    /// From a client to a broker.
    Request,
    /// From a broker to a client.
    Response,
}

/// What the elements of arrays of one body may take in memory, in bytes, estimated from above. Enough for the metadata of
/// half a million partitions.
const MOST_DECODED: u64 = 256 << 20;

/// What an unknown tagged field takes: an entry of a map.
const UNKNOWN_TAG: usize = 96;

/// Checks a whole body. Returns how many bytes follow it: a newer peer may append, which is tolerated.
pub(crate) fn check(key: i16, version: i16, kind: BodyKind, body: &[u8]) -> Result<usize, WireError> {
    let message = find(key, kind)?;
    if !contains(message.versions, version) {
        return Err(WireError::protocol(format!(
            "version {version} of the {kind:?} of API {key} is not known"
        )));
    }
    let flexible = version >= message.flexible;
    let mut walker = Walker {
        reader: Reader::new(body),
        version,
        flexible,
        reserved: 0,
    };
    match walker.structure(message.fields) {
        Ok(()) => Ok(walker.reader.left()),
        Err(WireError::Protocol { detail }) => {
            let at = walker.reader.position();
            Err(WireError::protocol(format!(
                "{kind:?} of API {key} version {version}, byte {at}: {detail}"
            )))
        }
        Err(other) => Err(other),
    }
}

/// Steps over the tagged fields at the end of a header of a flexible version; none is known.
pub(crate) fn header_tags(header: &[u8]) -> Result<usize, WireError> {
    let mut walker = Walker {
        reader: Reader::new(header),
        version: 0,
        flexible: true,
        reserved: 0,
    };
    walker.tags(&[])?;
    Ok(walker.reader.position())
}

fn find(key: i16, kind: BodyKind) -> Result<&'static Message, WireError> {
    let at = table::MESSAGES.binary_search_by_key(&(key, kind), |message| (message.key, message.kind));
    at.map(|at| &table::MESSAGES[at])
        .map_err(|_| WireError::protocol(format!("API {key} is not one of those that can be decoded")))
}

struct Walker<'b> {
    reader: Reader<'b>,
    version: i16,
    flexible: bool,
    /// By the elements so far.
    reserved: u64,
}

impl Walker<'_> {
    fn structure(&mut self, fields: &[Field]) -> Result<(), WireError> {
        let version = self.version;
        for field in fields {
            if field.is_in(version) && !field.is_tagged(version) {
                self.value(&field.kind, field.is_nullable(version))?;
            }
        }
        if self.flexible { self.tags(fields) } else { Ok(()) }
    }

    fn value(&mut self, kind: &Kind, nullable: bool) -> Result<(), WireError> {
        match kind {
            Kind::Fixed(width) => self.reader.skip(usize::from(*width)),
            Kind::String => {
                let length = if self.flexible {
                    self.reader.compact()?
                } else {
                    self.reader.short_length()?
                };
                self.bytes(length, nullable)
            }
            Kind::Bytes => {
                let length = self.long_length()?;
                self.bytes(length, nullable)
            }
            Kind::Array(element) => self.array(element, nullable),
            Kind::Struct(fields) if nullable => match self.reader.byte()? as i8 {
                -1 => Ok(()),
                1 => self.structure(fields),
                other => Err(WireError::protocol(format!(
                    "{other} where 1 (present) or -1 (null) belongs"
                ))),
            },
            Kind::Struct(fields) => self.structure(fields),
        }
    }

    /// `None` is null.
    fn long_length(&mut self) -> Result<Option<usize>, WireError> {
        if self.flexible {
            self.reader.compact()
        } else {
            self.reader.length()
        }
    }

    fn bytes(&mut self, length: Option<usize>, nullable: bool) -> Result<(), WireError> {
        match length {
            Some(length) => self.reader.skip(length),
            None => null(nullable),
        }
    }

    fn array(&mut self, element: &Kind, nullable: bool) -> Result<(), WireError> {
        let Some(count) = self.long_length()? else {
            return null(nullable);
        };
        // No element is smaller than a byte. This is what keeps the loop below short, whatever the count.
        if count > self.reader.left() {
            return Err(WireError::protocol(format!(
                "{count} elements in {} bytes",
                self.reader.left()
            )));
        }
        self.reserve(count as u64 * element.cost() as u64)?;
        for _ in 0..count {
            self.value(element, false)?;
        }
        Ok(())
    }

    fn tags(&mut self, fields: &[Field]) -> Result<(), WireError> {
        let count = self.reader.varint()?;
        // Tag and size, one byte each.
        if count as usize > self.reader.left() / 2 {
            return Err(WireError::protocol(format!(
                "{count} tagged fields in {} bytes",
                self.reader.left()
            )));
        }
        let mut least = 0u64;
        for _ in 0..count {
            let tag = self.reader.varint()?;
            if u64::from(tag) < least {
                return Err(WireError::protocol(format!("tag {tag} twice or out of order")));
            }
            least = u64::from(tag) + 1;
            let size = self.reader.varint()? as usize;
            let left = self.reader.left();
            if size > left {
                return Err(WireError::protocol(format!(
                    "tag {tag} of {size} bytes where {left} are left"
                )));
            }
            let Some(field) = fields
                .iter()
                .find(|field| field.tag == tag && field.is_tagged(self.version))
            else {
                self.reserve(UNKNOWN_TAG as u64)?;
                self.reader.skip(size)?;
                continue;
            };
            self.value(&field.kind, field.is_nullable(self.version))?;
            let took = left - self.reader.left();
            if took != size {
                return Err(WireError::protocol(format!(
                    "tag {tag} says {size} bytes and takes {took}"
                )));
            }
        }
        Ok(())
    }

    fn reserve(&mut self, bytes: u64) -> Result<(), WireError> {
        self.reserved = self.reserved.saturating_add(bytes);
        if self.reserved > MOST_DECODED {
            return Err(WireError::Limit {
                what: "decoded message body",
                size: self.reserved,
                limit: MOST_DECODED,
            });
        }
        Ok(())
    }
}

fn null(nullable: bool) -> Result<(), WireError> {
    if nullable {
        Ok(())
    } else {
        Err(WireError::protocol("null where the protocol allows none"))
    }
}

#[cfg(test)]
mod tests;
