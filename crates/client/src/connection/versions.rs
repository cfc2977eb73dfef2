//! Which version of each API to speak on a connection: the newest that both sides know.
//!
//! Asked per connection, not per cluster: while a cluster is being upgraded its brokers differ. A broker that does not know our version of ApiVersions itself
//! answers in the format of version 0, and since Kafka 2.4 says there which versions it knows.
//!
//! Truth: KIP-511, and `ApiVersionsResponse.json` in Apache Kafka.

use std::collections::BTreeMap;

use kaframe_wire::message::{ApiKey, ApiVersionsRequest, ApiVersionsResponse, Request, StrBytes};
use kaframe_wire::{ErrorCode, frame};
use tokio::time::Instant;

use super::{Connection, Peer};
use crate::Result;
use crate::error::ClientError;

/// The version of ApiVersions that is asked first: the first that names the client software.
const FIRST_TRY: i16 = 3;

/// What this client speaks of each API. Fetch 18 and later fields are for brokers among themselves. Metadata below 4 would let the broker create topics.
const OURS: &[(ApiKey, i16, i16)] = &[
    (ApiKey::Produce, 3, 13),
    (ApiKey::Fetch, 4, 17),
    (ApiKey::ListOffsets, 1, 10),
    (ApiKey::Metadata, 4, 13),
    (ApiKey::OffsetFetch, 1, 9),
    (ApiKey::FindCoordinator, 0, 6),
    (ApiKey::ApiVersions, 0, FIRST_TRY),
    (ApiKey::CreateTopics, 2, 7),
    (ApiKey::DeleteTopics, 1, 6),
    (ApiKey::DeleteRecords, 0, 2),
    (ApiKey::InitProducerId, 0, 5),
    (ApiKey::OffsetForLeaderEpoch, 2, 4),
    (ApiKey::DescribeConfigs, 1, 4),
];

/// The versions a broker speaks, by API.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    theirs: BTreeMap<i16, (i16, i16)>,
}

/// "Fetch v17".
pub(crate) fn api_name(api: i16, version: i16) -> String {
    format!("{} v{version}", bare_name(api))
}

fn bare_name(api: i16) -> String {
    ApiKey::try_from(api).map_or_else(|_| format!("API {api}"), |key| format!("{key:?}"))
}

/// Asks the broker what it speaks.
pub(super) async fn negotiate(connection: &mut Connection, deadline: Instant) -> Result<Versions> {
    let mut version = FIRST_TRY;
    loop {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("kaframe"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let asked = Instant::now();
        let flight = connection.send(version, &request, deadline).await?;
        let frame = connection
            .receive_frame(ApiVersionsRequest::KEY, version, 0, deadline)
            .await?;
        connection.answered(asked);
        // The correlation id comes first, the error code second, in every version.
        let unsupported = frame.get(4..6) == Some(&ErrorCode::UNSUPPORTED_VERSION.0.to_be_bytes()[..]);
        let decode_as = if unsupported { 0 } else { version };
        let doing = api_name(ApiVersionsRequest::KEY, version);
        let response = frame::decode_response::<ApiVersionsRequest>(decode_as, flight.correlation, frame)
            .map_err(|error| ClientError::from_wire(error, &connection.peer().to_string(), &doing))?;
        if !unsupported {
            return Versions::from_response(&response, connection.peer(), &doing);
        }
        if version == 0 {
            return Err(refused(ErrorCode::UNSUPPORTED_VERSION, connection.peer(), doing));
        }
        version = fall_back(&response, version);
    }
}

/// The version to ask after ours was refused: the broker's newest if it said so and it is older than what was tried, else the oldest there is.
fn fall_back(response: &ApiVersionsResponse, tried: i16) -> i16 {
    let theirs = response
        .api_keys
        .iter()
        .find(|entry| entry.api_key == ApiVersionsRequest::KEY);
    theirs.map_or(0, |entry| entry.max_version).clamp(0, tried - 1)
}

fn refused(code: ErrorCode, peer: &Peer, api: String) -> ClientError {
    ClientError::Broker {
        code,
        api,
        topic: None,
        partition: None,
        broker: peer.to_string(),
        message: code.meaning().to_owned(),
    }
}

impl Versions {
    fn from_response(response: &ApiVersionsResponse, peer: &Peer, doing: &str) -> Result<Self> {
        let code = ErrorCode(response.error_code);
        if !code.is_none() {
            return Err(refused(code, peer, doing.to_owned()));
        }
        let mut theirs = BTreeMap::new();
        for entry in &response.api_keys {
            // An API listed twice is only trusted for what both entries promise.
            let range = theirs
                .entry(entry.api_key)
                .or_insert((entry.min_version, entry.max_version));
            *range = (range.0.max(entry.min_version), range.1.min(entry.max_version));
        }
        Ok(Self { theirs })
    }

    /// The newest version of an API that both sides speak.
    pub fn pick<R: Request>(&self, peer: &Peer) -> Result<i16> {
        let name = bare_name(R::KEY);
        let (low, high) = ours(R::KEY);
        let Some((their_low, their_high)) = self.theirs.get(&R::KEY).copied().filter(|(low, high)| low <= high) else {
            return Err(ClientError::config(format!(
                "{peer} does not offer {name}, which is needed in v{low} to v{high}"
            )));
        };
        let (from, to) = (low.max(their_low), high.min(their_high));
        if from > to {
            let age = if their_high < low { "old" } else { "new" };
            return Err(ClientError::config(format!(
                "{peer} speaks {name} v{their_low} to v{their_high}, this client v{low} to v{high}: the broker is too {age}"
            )));
        }
        Ok(to)
    }
}

fn ours(api: i16) -> (i16, i16) {
    OURS.iter()
        .find(|(key, ..)| *key as i16 == api)
        .map_or((0, -1), |(_, low, high)| (*low, *high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use kaframe_wire::message::api_versions_response::ApiVersion;
    use kaframe_wire::message::{FetchRequest, ListOffsetsRequest, Message};

    fn peer() -> Peer {
        Peer {
            id: Some(1),
            address: Address {
                host: "b".into(),
                port: 9092,
            },
        }
    }

    fn response(ranges: &[(ApiKey, i16, i16)]) -> ApiVersionsResponse {
        let entries = ranges.iter().map(|(key, low, high)| {
            ApiVersion::default()
                .with_api_key(*key as i16)
                .with_min_version(*low)
                .with_max_version(*high)
        });
        ApiVersionsResponse::default().with_api_keys(entries.collect())
    }

    fn fetch(ranges: &[(ApiKey, i16, i16)]) -> Result<i16> {
        Versions::from_response(&response(ranges), &peer(), "ApiVersions v3")?.pick::<FetchRequest>(&peer())
    }

    #[test]
    fn picks_the_newest_that_both_speak() {
        assert_eq!(fetch(&[(ApiKey::Fetch, 0, 11)]), Ok(11));
        assert_eq!(fetch(&[(ApiKey::Fetch, 4, i16::MAX)]), Ok(17));
        assert_eq!(fetch(&[(ApiKey::Fetch, 4, 17), (ApiKey::Fetch, 4, 12)]), Ok(12));
    }

    #[test]
    fn says_which_api_does_not_meet() {
        let text = |ranges: &[(ApiKey, i16, i16)]| fetch(ranges).unwrap_err().to_string();
        assert!(
            text(&[(ApiKey::Fetch, 0, 3)]).contains("Fetch v0 to v3, this client v4 to v17: the broker is too old")
        );
        assert!(text(&[(ApiKey::Fetch, 30, 40)]).contains("too new"));
        assert!(text(&[(ApiKey::Metadata, 0, 12)]).contains("does not offer Fetch"));
        assert!(text(&[(ApiKey::Fetch, 9, 4)]).contains("does not offer Fetch"));
    }

    #[test]
    fn falls_back_to_what_the_broker_says_it_knows() {
        assert_eq!(fall_back(&response(&[(ApiKey::ApiVersions, 0, 2)]), 3), 2);
        assert_eq!(
            fall_back(&response(&[(ApiKey::ApiVersions, 0, 9)]), 3),
            2,
            "never the same again"
        );
        assert_eq!(fall_back(&response(&[]), 3), 0);
        assert_eq!(fall_back(&response(&[(ApiKey::ApiVersions, -5, -5)]), 3), 0);
    }

    #[test]
    fn speaks_nothing_that_the_message_types_do_not() {
        assert!(ours(FetchRequest::KEY).1 <= FetchRequest::VERSIONS.max);
        assert!(ours(ListOffsetsRequest::KEY).1 <= ListOffsetsRequest::VERSIONS.max);
    }
}
