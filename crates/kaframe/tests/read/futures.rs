//! Futures of this crate may be spawned: a read in a task of its own.

use kaframe::{Cluster, ScanOptions};

use crate::support::bench;

#[test]
fn a_read_may_move_between_threads() {
    let bench = bench(1);
    bench.numbers(0, 0..10);
    let servers = bench.cluster.bootstrap_servers();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rows = runtime.block_on(async {
        let task = tokio::spawn(async move {
            let cluster = Cluster::connect(&servers).await?;
            let scan = cluster.scan("t", ScanOptions::default()).await?;
            let schema = scan.schema().await?;
            let mut stream = scan.stream().await?;
            let mut rows = 0;
            while let Some(batch) = stream.next().await {
                rows += batch?.num_rows();
            }
            assert_eq!(stream.schema(), schema);
            Ok::<_, kaframe::Error>((rows, scan.read().await?.num_rows()))
        });
        task.await.unwrap().unwrap()
    });
    assert_eq!(rows, (10, 10));
}
