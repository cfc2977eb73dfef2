//! The bytes of a Fetch response, written by hand so that stored batches go to the socket without being copied. The layout is that
//! of `FetchResponse.json`; a test compares it with the message crate in every version.

use bytes::{BufMut, Bytes, BytesMut};
use kaframe_wire::ErrorCode;
use uuid::Uuid;

use super::Reply;
use crate::cluster::Node;
use crate::log::Slice;

/// An answer to Fetch, before it is bytes.
#[derive(Debug)]
pub(super) struct FetchAnswer {
    pub(super) error: ErrorCode,
    pub(super) topics: Vec<TopicAnswer>,
    /// All brokers, when a partition names its current leader.
    pub(super) nodes: Vec<Node>,
}

#[derive(Debug)]
pub(super) struct TopicAnswer {
    pub(super) name: String,
    pub(super) id: Uuid,
    pub(super) partitions: Vec<PartitionAnswer>,
}

#[derive(Debug)]
pub(super) struct PartitionAnswer {
    pub(super) index: i32,
    pub(super) error: ErrorCode,
    pub(super) high_watermark: i64,
    pub(super) last_stable_offset: i64,
    pub(super) log_start_offset: i64,
    /// Epoch and end offset where the client's log parts from this one.
    pub(super) diverging: Option<(i32, i64)>,
    /// Current leader and epoch.
    pub(super) leader: Option<(i32, i32)>,
    /// Aborted transactions are listed, if only as an empty list.
    pub(super) read_committed: bool,
    pub(super) slice: Slice,
}

impl Default for FetchAnswer {
    fn default() -> Self {
        Self {
            error: ErrorCode::NONE,
            topics: Vec::new(),
            nodes: Vec::new(),
        }
    }
}

impl FetchAnswer {
    pub(super) fn names_a_leader(&self) -> bool {
        self.topics
            .iter()
            .flat_map(|topic| &topic.partitions)
            .any(|partition| partition.leader.is_some())
    }
}

impl PartitionAnswer {
    /// An answer without data; an error hides the offsets, as in Kafka.
    pub(super) fn failed(index: i32, error: ErrorCode) -> Self {
        Self {
            index,
            error,
            high_watermark: -1,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging: None,
            leader: None,
            read_committed: false,
            slice: Slice::default(),
        }
    }
}

/// Writes the whole frame.
pub(super) fn encode(version: i16, correlation_id: i32, answer: &FetchAnswer) -> Reply {
    let mut writer = Writer {
        flexible: version >= 12,
        buffer: BytesMut::with_capacity(512),
        pieces: Vec::new(),
    };
    writer.buffer.put_i32(0);
    writer.buffer.put_i32(correlation_id);
    writer.no_tags();
    writer.buffer.put_i32(0);
    if version >= 7 {
        writer.buffer.put_i16(answer.error.0);
        writer.buffer.put_i32(0);
    }
    writer.length(answer.topics.len());
    for topic in &answer.topics {
        if version >= 13 {
            writer.buffer.put_slice(topic.id.as_bytes());
        } else {
            writer.string(&topic.name);
        }
        writer.length(topic.partitions.len());
        for partition in &topic.partitions {
            writer.partition(version, partition);
        }
        writer.no_tags();
    }
    if version >= 16 && !answer.nodes.is_empty() {
        writer.tags(&[(0, nodes(&answer.nodes))]);
    } else {
        writer.no_tags();
    }
    writer.finish()
}

struct Writer {
    flexible: bool,
    buffer: BytesMut,
    pieces: Reply,
}

impl Writer {
    fn partition(&mut self, version: i16, partition: &PartitionAnswer) {
        self.buffer.put_i32(partition.index);
        self.buffer.put_i16(partition.error.0);
        self.buffer.put_i64(partition.high_watermark);
        self.buffer.put_i64(partition.last_stable_offset);
        if version >= 5 {
            self.buffer.put_i64(partition.log_start_offset);
        }
        if partition.read_committed {
            self.length(partition.slice.aborted.len());
            for aborted in &partition.slice.aborted {
                self.buffer.put_i64(aborted.producer_id);
                self.buffer.put_i64(aborted.first_offset);
                self.no_tags();
            }
        } else {
            self.null_length();
        }
        if version >= 11 {
            self.buffer.put_i32(-1);
        }
        // Never null: some clients take that for a damaged answer.
        if self.flexible {
            put_varint(&mut self.buffer, partition.slice.bytes + 1);
        } else {
            self.buffer.put_i32(partition.slice.bytes as i32);
        }
        if !partition.slice.parts.is_empty() {
            self.pieces.push(self.buffer.split().freeze());
            self.pieces.extend(partition.slice.parts.iter().cloned());
        }
        let mut tags = Vec::new();
        if let Some((epoch, end)) = partition.diverging {
            tags.push((
                0,
                struct_of(|bytes| {
                    bytes.put_i32(epoch);
                    bytes.put_i64(end);
                }),
            ));
        }
        if let Some((leader, epoch)) = partition.leader {
            tags.push((
                1,
                struct_of(|bytes| {
                    bytes.put_i32(leader);
                    bytes.put_i32(epoch);
                }),
            ));
        }
        self.tags(&tags);
    }

    fn length(&mut self, length: usize) {
        if self.flexible {
            put_varint(&mut self.buffer, length + 1);
        } else {
            self.buffer.put_i32(length as i32);
        }
    }

    fn null_length(&mut self) {
        if self.flexible {
            self.buffer.put_u8(0);
        } else {
            self.buffer.put_i32(-1);
        }
    }

    fn string(&mut self, text: &str) {
        if self.flexible {
            put_varint(&mut self.buffer, text.len() + 1);
        } else {
            self.buffer.put_i16(text.len() as i16);
        }
        self.buffer.put_slice(text.as_bytes());
    }

    fn no_tags(&mut self) {
        self.tags(&[]);
    }

    fn tags(&mut self, tags: &[(usize, Bytes)]) {
        if !self.flexible {
            return;
        }
        put_varint(&mut self.buffer, tags.len());
        for (tag, bytes) in tags {
            put_varint(&mut self.buffer, *tag);
            put_varint(&mut self.buffer, bytes.len());
            self.buffer.put_slice(bytes);
        }
    }

    /// Adds the rest and sets the length prefix, which is in the first piece.
    fn finish(mut self) -> Reply {
        self.pieces.push(self.buffer.freeze());
        let total: usize = self.pieces.iter().map(Bytes::len).sum();
        let mut first = BytesMut::from(&self.pieces[0][..]);
        first[..4].copy_from_slice(&((total - 4) as i32).to_be_bytes());
        self.pieces[0] = first.freeze();
        self.pieces
    }
}

fn nodes(nodes: &[Node]) -> Bytes {
    let mut bytes = BytesMut::new();
    put_varint(&mut bytes, nodes.len() + 1);
    for node in nodes {
        bytes.put_i32(node.id);
        put_varint(&mut bytes, node.host.len() + 1);
        bytes.put_slice(node.host.as_bytes());
        bytes.put_i32(i32::from(node.port));
        bytes.put_u8(0);
        bytes.put_u8(0);
    }
    bytes.freeze()
}

fn struct_of(write: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut bytes = BytesMut::new();
    write(&mut bytes);
    bytes.put_u8(0);
    bytes.freeze()
}

fn put_varint(to: &mut BytesMut, value: usize) {
    let mut rest = value;
    while rest >= 0x80 {
        to.put_u8((rest as u8) | 0x80);
        rest >>= 7;
    }
    to.put_u8(rest as u8);
}

#[cfg(test)]
mod tests {
    use kaframe_wire::frame::{decode_response, encode_response};
    use kaframe_wire::message::FetchRequest;

    use super::*;
    use crate::log::Aborted;

    /// What the message crate reads from our bytes it writes as the same bytes.
    #[test]
    fn same_bytes_as_the_message_crate() {
        for version in 4..=18 {
            let data = PartitionAnswer {
                index: 3,
                error: ErrorCode::NONE,
                high_watermark: 40,
                last_stable_offset: 30,
                log_start_offset: 5,
                diverging: None,
                leader: None,
                read_committed: true,
                slice: Slice {
                    parts: vec![Bytes::from_static(b"first"), Bytes::from_static(&[7; 200])],
                    bytes: 205,
                    aborted: vec![Aborted {
                        producer_id: 8,
                        first_offset: 9,
                        marker_offset: 12,
                    }],
                },
            };
            let mut moved = PartitionAnswer::failed(4, ErrorCode::NOT_LEADER_OR_FOLLOWER);
            let mut diverging = PartitionAnswer::failed(5, ErrorCode::NONE);
            if version >= 12 {
                moved.leader = Some((2, 7));
                diverging.diverging = Some((6, 66));
            }
            let topic = TopicAnswer {
                name: "foo".to_owned(),
                id: Uuid::from_u128(77),
                partitions: vec![data, moved, diverging],
            };
            let node = Node {
                id: 2,
                host: "127.0.0.1".to_owned(),
                port: 9092,
            };
            let answer = FetchAnswer {
                error: ErrorCode::NONE,
                topics: vec![topic],
                nodes: vec![node],
            };
            let ours = encode(version, 11, &answer).concat();
            let decoded = decode_response::<FetchRequest>(version, 11, Bytes::from(ours[4..].to_vec())).unwrap();
            assert_eq!(decoded.responses[0].partitions[0].records.as_ref().unwrap().len(), 205);
            assert_eq!(decoded.node_endpoints.len(), usize::from(version >= 16));
            let theirs = encode_response::<FetchRequest>(version, 11, &decoded).unwrap();
            assert_eq!(ours, &theirs[..], "version {version}");
        }
    }
}
