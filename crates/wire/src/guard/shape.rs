//! What the table of message bodies is made of.

use super::BodyKind;

/// No version of a message is higher.
pub(super) const LATEST: i16 = i16::MAX;

/// First and last version, both included.
pub(super) type Versions = (i16, i16);

const NEVER: Versions = (1, 0);

/// The body of one message.
pub(super) struct Message {
    pub key: i16,
    pub kind: BodyKind,
    pub versions: Versions,
    /// From here on lengths are compact and every struct ends with tagged fields.
    pub flexible: i16,
    pub fields: &'static [Field],
}

pub(super) struct Field {
    pub versions: Versions,
    pub null: Versions,
    /// From this version on the field is a tagged one.
    pub tagged_from: i16,
    pub tag: u32,
    pub kind: Kind,
}

pub(super) enum Kind {
    /// So many bytes.
    Fixed(u8),
    String,
    /// Also record batches.
    Bytes,
    Array(&'static Kind),
    Struct(&'static [Field]),
}

impl Field {
    pub(super) fn is_in(&self, version: i16) -> bool {
        contains(self.versions, version)
    }

    pub(super) fn is_nullable(&self, version: i16) -> bool {
        contains(self.null, version)
    }

    pub(super) fn is_tagged(&self, version: i16) -> bool {
        self.is_in(version) && version >= self.tagged_from
    }
}

pub(super) fn contains(versions: Versions, version: i16) -> bool {
    versions.0 <= version && version <= versions.1
}

impl Kind {
    /// What an element of an array of these takes in memory once decoded, in bytes, from above and without what hangs on it.
    pub(super) fn cost(&self) -> usize {
        /// A string, bytes or an array inside a struct: a handle of four words.
        const HANDLE: usize = 32;
        match self {
            Kind::Fixed(width) => usize::from(*width),
            Kind::String | Kind::Bytes | Kind::Array(_) => HANDLE,
            // One more for the map of unknown tagged fields that every struct has.
            Kind::Struct(fields) => (fields.len() + 1) * HANDLE,
        }
    }
}

pub(super) const fn field(versions: Versions, kind: Kind) -> Field {
    Field {
        versions,
        null: NEVER,
        tagged_from: LATEST,
        tag: 0,
        kind,
    }
}

pub(super) const fn nullable(versions: Versions, null: Versions, kind: Kind) -> Field {
    Field {
        versions,
        null,
        tagged_from: LATEST,
        tag: 0,
        kind,
    }
}

pub(super) const fn tagged(versions: Versions, null: Versions, tagged_from: i16, tag: u32, kind: Kind) -> Field {
    Field {
        versions,
        null,
        tagged_from,
        tag,
        kind,
    }
}
