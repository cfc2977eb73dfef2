//! The records of a Fetch response: walk, checksum, decompress, cut, headers, control records. What a walk gives must
//! also be what `Batch::parse` gives, and a batch that a broker stamped must still be one.
#![no_main]

use kaframe_wire::batch::{Batch, Scratch, Walk, empty_batch_like, restamp};
use libfuzzer_sys::fuzz_target;

/// Far below the memory limit of a run: going past it is a failure of the bound, not of the limit.
const LIMIT: usize = 16 << 20;

fuzz_target!(|data: &[u8]| {
    let mut scratch = Scratch::default();
    let mut walk = Walk::new(data);
    let mut position = 0;
    for batch in walk.by_ref() {
        let Ok(batch) = batch else { return };
        assert_eq!(batch.position, position);
        position += batch.bytes.len();
        let header = batch.header;
        assert!(header.last_offset() >= header.base_offset && header.next_offset() > header.last_offset());
        assert_eq!(Batch::parse(batch.bytes).expect("it was walked").header, header);
        let _ = batch.verify_crc();
        let _ = batch.control_type();

        let mut next = 0;
        if let Ok(records) = batch.records(&mut scratch, LIMIT) {
            for record in records {
                let Ok(record) = record else { break };
                assert!(record.offset >= next, "offsets grow");
                next = record.offset + 1;
                assert_eq!(record.headers.iter().count(), record.headers.len());
            }
        }
        assert!(scratch.capacity_bytes() <= LIMIT + (1 << 20));

        let mut stamped = batch.bytes.to_vec();
        if restamp(&mut stamped, 5, 7, Some(9)).is_ok() {
            let stamped = Batch::parse(&stamped).expect("still a batch");
            stamped.verify_crc().expect("a new checksum");
            assert_eq!((stamped.header.base_offset, stamped.header.max_timestamp), (5, 9));
        }
        Batch::parse(&empty_batch_like(&header))
            .expect("a batch")
            .verify_crc()
            .expect("a checksum");
    }
    assert_eq!(position + walk.cut_tail(), data.len());
});
