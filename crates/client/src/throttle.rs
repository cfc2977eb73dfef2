//! How long a broker asks to be left alone: `throttle_time_ms`, which most answers carry. A broker answers first and then stops reading from the connection
//! for that long, so sending earlier gains nothing and counts against us. Truth: KIP-219.

use std::time::Duration;

use kaframe_wire::message::{
    CreateTopicsResponse, DeleteRecordsResponse, DeleteTopicsResponse, DescribeConfigsResponse, FetchResponse,
    FindCoordinatorResponse, InitProducerIdResponse, ListOffsetsResponse, MetadataResponse, OffsetFetchResponse,
    OffsetForLeaderEpochResponse, ProduceResponse,
};

/// An answer that may ask for silence.
pub(crate) trait Throttled {
    /// How long.
    fn throttle(&self) -> Duration;
}

macro_rules! throttled {
    ($($response:ty),* $(,)?) => {
        $(impl Throttled for $response {
            fn throttle(&self) -> Duration {
                Duration::from_millis(u64::try_from(self.throttle_time_ms).unwrap_or(0))
            }
        })*
    };
}

throttled!(
    CreateTopicsResponse,
    DeleteRecordsResponse,
    DeleteTopicsResponse,
    DescribeConfigsResponse,
    FetchResponse,
    FindCoordinatorResponse,
    InitProducerIdResponse,
    ListOffsetsResponse,
    MetadataResponse,
    OffsetFetchResponse,
    OffsetForLeaderEpochResponse,
    ProduceResponse,
);
