//! `-Q`: the first offset at or after a time, for partitions.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Session;
use super::list::{error_name, print, quoted};
use super::stop::Stop;

/// Kafka's code for a topic or partition that is not there.
const UNKNOWN: i16 = 3;

struct Answer {
    partition: i32,
    offset: i64,
    error: i16,
}

/// Runs it.
pub fn run(session: &Session) -> Result<(), Stop> {
    let mut asked: BTreeMap<&str, BTreeMap<i32, i64>> = BTreeMap::new();
    for (topic, partition, time) in &session.arguments.queries {
        asked.entry(topic).or_default().insert(*partition, *time);
    }
    let mut answers: BTreeMap<&str, Vec<Answer>> = BTreeMap::new();
    for (topic, times) in &asked {
        answers.insert(topic, ask(session, topic, times)?);
    }
    print(&if session.arguments.json {
        json(&answers)
    } else {
        text(&answers)
    })
}

fn ask(session: &Session, topic: &str, times: &BTreeMap<i32, i64>) -> Result<Vec<Answer>, Stop> {
    let listing = session.cluster.listing(Some(topic))?;
    let there: Vec<i32> = listing
        .topics
        .iter()
        .flat_map(|topic| topic.partitions.iter().map(|p| p.id))
        .collect();
    let known: Vec<(i32, i64)> = times
        .iter()
        .filter(|(partition, _)| there.contains(partition))
        .map(|(partition, time)| (*partition, *time))
        .collect();
    let found: BTreeMap<i32, Option<i64>> = if known.is_empty() {
        BTreeMap::new()
    } else {
        let found = session.cluster.offsets_at(topic, &known)?;
        found.into_iter().map(|at| (at.partition, at.offset)).collect()
    };
    Ok(times
        .iter()
        .map(|(partition, time)| match found.get(partition) {
            // -1 is how kcat prints that there is none.
            Some(offset) => Answer {
                partition: *partition,
                offset: offset.unwrap_or(-1),
                error: 0,
            },
            None => Answer {
                partition: *partition,
                offset: *time,
                error: UNKNOWN,
            },
        })
        .collect())
}

fn text(answers: &BTreeMap<&str, Vec<Answer>>) -> String {
    let mut text = String::new();
    for (topic, answers) in answers {
        for answer in answers {
            let _ = write!(text, "{topic} [{}] offset {}", answer.partition, answer.offset);
            if answer.error != 0 {
                let _ = write!(text, ": {}", error_name(answer.error));
            }
            text.push('\n');
        }
    }
    text
}

fn json(answers: &BTreeMap<&str, Vec<Answer>>) -> String {
    let topics = answers.iter().map(|(topic, answers)| {
        let name = quoted(topic);
        let partitions = answers.iter().map(|answer| {
            let error = match answer.error {
                0 => String::new(),
                code => format!(",\"error\":{}", quoted(&error_name(code))),
            };
            format!(
                ",\"{0}\":{{\"partition\":{0},\"offset\":{1}{error}}}",
                answer.partition, answer.offset
            )
        });
        format!("{name}:{{\"topic\":{name}{}}}", partitions.collect::<String>())
    });
    format!("{{{}}}", topics.collect::<Vec<_>>().join(","))
}
