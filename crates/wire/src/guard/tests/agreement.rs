//! The table of shapes against the message crate: for every API, direction and version that both know, random bodies made
//! from the table pass the guard and are decoded by the crate to their last byte. A table that is wrong in one field, or a
//! crate that reads a field differently, cannot pass: both would stop at different bytes.

use bytes::Bytes;

use crate::WireError;
use crate::guard::BodyKind;
use crate::guard::shape::{Field, Kind};
use crate::guard::{check, find};
use crate::message::*;

/// Bodies for each version.
const BODIES: u64 = 12;

/// SplitMix64: reproducible, no crate needed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

struct Maker {
    random: Random,
    version: i16,
    flexible: bool,
}

impl Maker {
    fn structure(&mut self, out: &mut Vec<u8>, fields: &[Field]) {
        let version = self.version;
        for field in fields
            .iter()
            .filter(|field| field.is_in(version) && !field.is_tagged(version))
        {
            self.value(out, &field.kind, field.is_nullable(version));
        }
        if !self.flexible {
            return;
        }
        let mut tags: Vec<(u32, Vec<u8>)> = Vec::new();
        for field in fields.iter().filter(|field| field.is_tagged(version)) {
            if self.random.below(2) == 0 {
                let mut value = Vec::new();
                self.value(&mut value, &field.kind, field.is_nullable(version));
                tags.push((field.tag, value));
            }
        }
        if self.random.below(4) == 0 {
            tags.push((
                200 + self.random.below(1000) as u32,
                vec![7; self.random.below(200) as usize],
            ));
        }
        tags.sort_by_key(|(tag, _)| *tag);
        varint(out, tags.len() as u32);
        for (tag, value) in tags {
            varint(out, tag);
            varint(out, value.len() as u32);
            out.extend(value);
        }
    }

    fn value(&mut self, out: &mut Vec<u8>, kind: &Kind, nullable: bool) {
        let null = nullable && self.random.below(3) == 0;
        let count = if self.random.below(9) == 0 {
            130
        } else {
            self.random.below(3) as usize
        };
        match kind {
            Kind::Fixed(1) => out.push(self.random.below(2) as u8),
            Kind::Fixed(width) => out.extend((0..*width).map(|_| self.random.next() as u8)),
            Kind::String | Kind::Bytes => {
                self.length(out, (!null).then_some(count), matches!(kind, Kind::String));
                out.extend(vec![b'k'; if null { 0 } else { count }]);
            }
            Kind::Array(element) => {
                let count = count.min(3);
                self.length(out, (!null).then_some(count), false);
                for _ in 0..if null { 0 } else { count } {
                    self.value(out, element, false);
                }
            }
            Kind::Struct(_) if null => out.push(0xff),
            Kind::Struct(fields) => {
                if nullable {
                    out.push(1);
                }
                self.structure(out, fields);
            }
        }
    }

    fn length(&mut self, out: &mut Vec<u8>, length: Option<usize>, short: bool) {
        match (self.flexible, short) {
            (true, _) => varint(out, length.map_or(0, |length| length as u32 + 1)),
            (false, true) => out.extend(length.map_or(-1, |length| length as i16).to_be_bytes()),
            (false, false) => out.extend(length.map_or(-1, |length| length as i32).to_be_bytes()),
        }
    }
}

fn varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn agree<M: Message + Decodable>(key: i16, kind: BodyKind) {
    let message = find(key, kind).expect("in the table");
    let first = M::VERSIONS.min.max(message.versions.0);
    let last = M::VERSIONS.max.min(message.versions.1);
    assert!(first <= last, "{kind:?} {key}: no version in common");
    for version in first..=last {
        for seed in 0..BODIES {
            let mut maker = Maker {
                random: Random(seed),
                version,
                flexible: version >= message.flexible,
            };
            let mut body = Vec::new();
            maker.structure(&mut body, message.fields);
            let what = format!("{kind:?} {key} v{version} seed {seed}");
            assert_eq!(check(key, version, kind, &body), Ok(0), "{what}");

            let mut bytes = Bytes::from(body.clone());
            if let Err(error) = M::decode(&mut bytes, version) {
                panic!("{what}: {error}");
            }
            assert!(bytes.is_empty(), "{what}: {} bytes left by the crate", bytes.len());

            for end in [body.len() / 3, body.len() / 2, body.len().saturating_sub(1)] {
                if end < body.len() {
                    let cut = check(key, version, kind, &body[..end]);
                    assert!(matches!(cut, Err(WireError::Protocol { .. })), "{what} cut at {end}");
                }
            }
        }
    }
}

macro_rules! every {
    ($($request:ident $response:ident,)*) => {
        #[test]
        fn the_table_agrees_with_the_message_crate() {
            let mut messages = 0;
            $(
                agree::<$request>($request::KEY, BodyKind::Request);
                agree::<$response>($request::KEY, BodyKind::Response);
                messages += 2;
            )*
            assert_eq!(messages, crate::guard::table::MESSAGES.len(), "a message of the table is not compared here");
        }
    };
}

every! {
    ProduceRequest ProduceResponse,
    FetchRequest FetchResponse,
    ListOffsetsRequest ListOffsetsResponse,
    MetadataRequest MetadataResponse,
    OffsetCommitRequest OffsetCommitResponse,
    OffsetFetchRequest OffsetFetchResponse,
    FindCoordinatorRequest FindCoordinatorResponse,
    JoinGroupRequest JoinGroupResponse,
    HeartbeatRequest HeartbeatResponse,
    LeaveGroupRequest LeaveGroupResponse,
    SyncGroupRequest SyncGroupResponse,
    DescribeGroupsRequest DescribeGroupsResponse,
    ListGroupsRequest ListGroupsResponse,
    SaslHandshakeRequest SaslHandshakeResponse,
    ApiVersionsRequest ApiVersionsResponse,
    CreateTopicsRequest CreateTopicsResponse,
    DeleteTopicsRequest DeleteTopicsResponse,
    DeleteRecordsRequest DeleteRecordsResponse,
    InitProducerIdRequest InitProducerIdResponse,
    OffsetForLeaderEpochRequest OffsetForLeaderEpochResponse,
    AddPartitionsToTxnRequest AddPartitionsToTxnResponse,
    AddOffsetsToTxnRequest AddOffsetsToTxnResponse,
    EndTxnRequest EndTxnResponse,
    TxnOffsetCommitRequest TxnOffsetCommitResponse,
    DescribeAclsRequest DescribeAclsResponse,
    CreateAclsRequest CreateAclsResponse,
    DeleteAclsRequest DeleteAclsResponse,
    DescribeConfigsRequest DescribeConfigsResponse,
    AlterConfigsRequest AlterConfigsResponse,
    DescribeLogDirsRequest DescribeLogDirsResponse,
    SaslAuthenticateRequest SaslAuthenticateResponse,
    CreatePartitionsRequest CreatePartitionsResponse,
    DeleteGroupsRequest DeleteGroupsResponse,
    ElectLeadersRequest ElectLeadersResponse,
    IncrementalAlterConfigsRequest IncrementalAlterConfigsResponse,
    AlterPartitionReassignmentsRequest AlterPartitionReassignmentsResponse,
    ListPartitionReassignmentsRequest ListPartitionReassignmentsResponse,
    OffsetDeleteRequest OffsetDeleteResponse,
    DescribeClientQuotasRequest DescribeClientQuotasResponse,
    AlterClientQuotasRequest AlterClientQuotasResponse,
    DescribeUserScramCredentialsRequest DescribeUserScramCredentialsResponse,
    AlterUserScramCredentialsRequest AlterUserScramCredentialsResponse,
    DescribeClusterRequest DescribeClusterResponse,
    DescribeProducersRequest DescribeProducersResponse,
    DescribeTransactionsRequest DescribeTransactionsResponse,
    ListTransactionsRequest ListTransactionsResponse,
    ConsumerGroupHeartbeatRequest ConsumerGroupHeartbeatResponse,
    ConsumerGroupDescribeRequest ConsumerGroupDescribeResponse,
    GetTelemetrySubscriptionsRequest GetTelemetrySubscriptionsResponse,
    PushTelemetryRequest PushTelemetryResponse,
    ListConfigResourcesRequest ListConfigResourcesResponse,
    DescribeTopicPartitionsRequest DescribeTopicPartitionsResponse,
}
