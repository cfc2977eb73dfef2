//! Reads a topic from its start to its present end by batch headers alone and says how many records it holds:
//! `cargo run -p kaframe-client --example count -- localhost:9092 orders [BYTES_PER_FETCH]`.
//!
//! What a reader has to do itself is all here: resolve the end, move the position by whole batches, and tell the fetcher when it has moved.

use std::time::{Duration, Instant};

use kaframe_client::{Client, ClientConfig, FetchOptions, Isolation, OffsetQuery, PartitionFetcher};
use kaframe_wire::batch::Walk;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (servers, name) = (
        arguments.next().ok_or("which servers?")?,
        arguments.next().ok_or("which topic?")?,
    );
    let max_bytes = arguments.next().map_or(Ok(4 << 20), |bytes| bytes.parse())?;
    let options = FetchOptions {
        isolation: Isolation::ReadCommitted,
        max_wait: Duration::from_millis(500),
        max_bytes,
    };

    let started = Instant::now();
    let client = Client::connect(ClientConfig::new(&servers)).await?;
    let topic = client.topic(&name).await?;
    for partition in &topic.partitions {
        let queries = [
            (partition.id, OffsetQuery::Earliest),
            (partition.id, OffsetQuery::Latest),
        ];
        let bounds = client.list_offsets(&topic, &queries, options.isolation).await?;
        let (Some(start), Some(end)) = (bounds[0].offset, bounds[1].offset) else {
            continue;
        };
        let mut fetcher = PartitionFetcher::open(&client, &topic, partition.id, options).await?;
        let (mut position, mut records, mut bytes) = (start, 0_i64, 0);
        while position < end {
            fetcher.request(position, options.max_bytes, options.max_wait).await?;
            let fetched = fetcher.response().await?;
            bytes += fetched.records.len();
            for batch in Walk::new(&fetched.records) {
                let header = batch?.header;
                if header.next_offset() > position {
                    records += i64::from(header.record_count);
                    position = header.next_offset();
                    fetcher.progressed();
                }
            }
        }
        println!(
            "{name}-{}: [{start}, {end}) {records} records, {bytes} bytes",
            partition.id
        );
    }
    println!("{:.3} s", started.elapsed().as_secs_f64());
    Ok(())
}
