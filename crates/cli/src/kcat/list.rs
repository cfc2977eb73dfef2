//! `-L`: brokers, topics, partitions, leaders and replicas, as text or with `-J` as JSON.

use std::fmt::Write;

use kaframe::ClusterListing;

use super::Session;
use super::stop::Stop;
use crate::exit::Failure;
use crate::render::kcat_string;
use crate::terminal;

/// Runs it.
pub fn run(session: &Session) -> Result<(), Stop> {
    let topic = session.arguments.topic.as_deref();
    let listing = session.cluster.listing(topic)?;
    let text = if session.arguments.json {
        json(&listing, topic)
    } else {
        text(&listing, topic)
    };
    print(&text)
}

/// Prints text, which on a terminal may not act on it.
pub fn print(text: &str) -> Result<(), Stop> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let mut write = |text: &str| out.write_all(text.as_bytes());
    let result = if terminal::stdout_is_terminal() {
        text.split_inclusive('\n').try_for_each(|line| {
            let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
            write(&terminal::escape(line)).and_then(|()| write(end))
        })
    } else {
        write(text)
    };
    result.and_then(|()| out.flush()).map_err(Failure::stdout)?;
    Ok(())
}

/// How librdkafka names the broker that answered.
fn origin(listing: &ClusterListing) -> (i32, String) {
    match listing.from {
        Some(id) => (id, format!("{}/{id}", listing.from_address)),
        None => (-1, format!("{}/bootstrap", listing.from_address)),
    }
}

/// What librdkafka calls an error code of Kafka.
pub fn error_name(code: i16) -> String {
    let name = match code {
        -1 => "Unknown error",
        3 => "Unknown topic or partition",
        5 => "Leader not available",
        6 => "Not leader for partition",
        8 => "Broker not available",
        9 => "Replica not available",
        17 => "Invalid topic",
        29 => "Topic authorization failed",
        31 => "Cluster authorization failed",
        72 => "No matching listener",
        _ => return format!("Err-{code}?"),
    };
    format!("Broker: {name}")
}

fn text(listing: &ClusterListing, topic: Option<&str>) -> String {
    let (id, name) = origin(listing);
    let mut text = format!(
        "Metadata for {} (from broker {id}: {name}):\n {} brokers:\n",
        topic.unwrap_or("all topics"),
        listing.brokers.len()
    );
    for broker in &listing.brokers {
        let controller = if listing.controller == Some(broker.id) {
            " (controller)"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "  broker {} at {}:{}{controller}",
            broker.id, broker.host, broker.port
        );
    }
    let _ = writeln!(text, " {} topics:", listing.topics.len());
    for topic in &listing.topics {
        let _ = write!(
            text,
            "  topic \"{}\" with {} partitions:",
            topic.name,
            topic.partitions.len()
        );
        if topic.error != 0 {
            let again = if topic.error == 5 { " (try again)" } else { "" };
            let _ = write!(text, " {}{again}", error_name(topic.error));
        }
        text.push('\n');
        for partition in &topic.partitions {
            let brokers = |ids: &[i32]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            let _ = write!(
                text,
                "    partition {}, leader {}, replicas: {}, isrs: {}",
                partition.id,
                partition.leader,
                brokers(&partition.replicas),
                brokers(&partition.isr)
            );
            if partition.error != 0 {
                let _ = write!(text, ", {}", error_name(partition.error));
            }
            text.push('\n');
        }
    }
    text
}

/// A JSON string.
pub fn quoted(text: &str) -> String {
    let mut line = Vec::new();
    kcat_string(&mut line, text.as_bytes(), false);
    String::from_utf8_lossy(&line).into_owned()
}

fn json(listing: &ClusterListing, topic: Option<&str>) -> String {
    let (id, name) = origin(listing);
    let joined = |parts: Vec<String>| parts.join(",");
    let error = |code: i16| match code {
        0 => String::new(),
        code => format!(",\"error\":{}", quoted(&error_name(code))),
    };
    let ids = |ids: &[i32]| joined(ids.iter().map(|id| format!("{{\"id\":{id}}}")).collect());
    let brokers = listing.brokers.iter().map(|broker| {
        let name = quoted(&format!("{}:{}", broker.host, broker.port));
        format!("{{\"id\":{},\"name\":{name}}}", broker.id)
    });
    let topics = listing.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            format!(
                "{{\"partition\":{}{},\"leader\":{},\"replicas\":[{}],\"isrs\":[{}]}}",
                partition.id,
                error(partition.error),
                partition.leader,
                ids(&partition.replicas),
                ids(&partition.isr)
            )
        });
        format!(
            "{{\"topic\":{}{},\"partitions\":[{}]}}",
            quoted(&topic.name),
            error(topic.error),
            joined(partitions.collect())
        )
    });
    format!(
        "{{\"originating_broker\":{{\"id\":{id},\"name\":{}}},\"query\":{{\"topic\":{}}},\"controllerid\":{},\"brokers\":[{}],\"topics\":[{}]}}",
        quoted(&name),
        quoted(topic.unwrap_or("*")),
        listing.controller.unwrap_or(-1),
        joined(brokers.collect()),
        joined(topics.collect())
    )
}
