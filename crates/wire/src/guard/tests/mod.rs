//! Bodies by hand, W-09 to W-12 among them. The table against the message crate: [`agreement`].

mod agreement;

use super::*;

const METADATA: i16 = 3;

fn metadata(version: i16, body: &[u8]) -> Result<usize, WireError> {
    check(METADATA, version, BodyKind::Response, body)
}

#[test]
fn table_is_sorted() {
    assert!(table::MESSAGES.is_sorted_by_key(|message| (message.key, message.kind)));
}

/// W-09: a count that is negative, above what is left, or the largest.
#[test]
fn array_counts() {
    for count in [-2i32, i32::MIN, 9, i32::MAX] {
        let mut body = count.to_be_bytes().to_vec();
        body.extend_from_slice(&[0; 8]);
        let error = metadata(0, &body).expect_err("refused");
        assert!(matches!(error, WireError::Protocol { .. }), "{error}");
    }
    assert_eq!(metadata(0, &[0; 8]), Ok(0), "no brokers, no topics");
    assert_eq!(metadata(0, &[0; 11]), Ok(3), "bytes behind the body are tolerated");
}

/// W-10: a string length that is negative or above what is left; null where none is allowed.
#[test]
fn string_lengths() {
    for length in [-1i16, -2, 5, i16::MAX] {
        // One broker: node id, host, port; no topics.
        let mut body = vec![0, 0, 0, 1, 0, 0, 0, 7];
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(&[0; 4]);
        assert!(
            matches!(metadata(0, &body), Err(WireError::Protocol { .. })),
            "{length}"
        );
    }
}

/// W-11 in a body: version 9 is flexible, its counts are varints.
#[test]
fn varints() {
    let long = [0, 0, 0, 0, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00];
    assert!(metadata(9, &long).expect_err("refused").to_string().contains("varint"));
}

/// W-12: unknown tags are stepped over by their size; duplicates, lying sizes and huge counts are refused.
#[test]
fn tagged_fields() {
    // Throttle time; no brokers; null cluster id; controller; no topics; authorized operations; then tags.
    let head = [&[0; 4][..], &[1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]].concat();
    let with = |tags: &[u8]| metadata(9, &[&head[..], tags].concat());
    assert_eq!(with(&[0]), Ok(0));
    assert_eq!(with(&[2, 5, 3, 1, 2, 3, 9, 0]), Ok(0));
    for tags in [
        &[1, 5, 4, 1, 2, 3][..],
        &[2, 5, 0, 5, 0],
        &[2, 5, 0, 4, 0],
        &[0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0],
        &[1],
        &[],
    ] {
        assert!(matches!(with(tags), Err(WireError::Protocol { .. })), "{tags:?}");
    }
    // A known one: node endpoints, tag 0 of the Fetch response from version 16 on, whose size lies.
    let fetch = |size: u8| {
        let body = [&[0; 10][..], &[1, 1, 0, size, 1, 0]].concat();
        check(1, 16, BodyKind::Response, &body)
    };
    assert_eq!(fetch(1), Ok(1));
    assert!(
        fetch(2)
            .expect_err("refused")
            .to_string()
            .contains("says 2 bytes and takes 1")
    );
}

/// Many tiny elements: each takes two bytes on the wire and two hundred in memory.
#[test]
fn memory_is_bounded() {
    // Delete topics: partitions of 5 bytes (compact, version 4 of DeleteRecords) would do too; unknown tags are smallest.
    let count = 4_000_000u32;
    let mut body = vec![0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    let mut left = count;
    while left >= 0x80 {
        body.push(left as u8 | 0x80);
        left >>= 7;
    }
    body.push(left as u8);
    for tag in 0..count {
        let mut tag = tag;
        while tag >= 0x80 {
            body.push(tag as u8 | 0x80);
            tag >>= 7;
        }
        body.extend_from_slice(&[tag as u8, 0]);
    }
    assert!(matches!(
        metadata(9, &body),
        Err(WireError::Limit {
            what: "decoded message body",
            ..
        })
    ));
}

#[test]
fn unknown_apis_and_versions() {
    assert!(check(9999, 0, BodyKind::Request, &[]).is_err());
    assert!(check(METADATA, 99, BodyKind::Request, &[]).is_err());
    assert!(check(METADATA, -1, BodyKind::Request, &[]).is_err());
}
