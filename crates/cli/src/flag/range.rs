//! Which records: bounds, partitions, isolation level.

use std::collections::BTreeMap;

use clap::Args;
use kaframe::{Bound, Bounds, IsolationLevel, Late, ScanOptions};

use crate::exit::Failure;
use crate::o_range::{ORange, Point};

/// Flags that say which records a read takes.
#[derive(Args, Debug, Clone)]
pub struct Range {
    /// First record: earliest, latest, an offset, -N (before the end), -1h, a time in ISO 8601, @MILLISECONDS, group:NAME (where that group stands); or PARTITION=BOUND,…, of several topics TOPIC=BOUND,…
    #[arg(
        long,
        visible_alias = "since",
        value_name = "BOUND",
        allow_hyphen_values = true,
        help_heading = "Which records"
    )]
    pub start: Option<String>,
    /// Where to stop, not included; the same forms
    #[arg(
        long,
        visible_alias = "until",
        value_name = "BOUND",
        allow_hyphen_values = true,
        help_heading = "Which records"
    )]
    pub end: Option<String>,
    /// kcat's range: beginning, end, N, -N, +N, A:B, @T1:T2, s@MS, e@MS; may be repeated
    #[arg(
        short = 'o',
        long = "offset",
        value_name = "RANGE",
        allow_hyphen_values = true,
        conflicts_with_all = ["start", "end"],
        help_heading = "Which records"
    )]
    pub offset: Vec<String>,
    /// Only these partitions
    #[arg(
        short,
        long,
        value_name = "N,N",
        value_delimiter = ',',
        value_parser = partition,
        help_heading = "Which records"
    )]
    pub partitions: Vec<i32>,
    /// One condition in SQL that records must pass: "country = 'DE' and amount > 100"
    #[arg(long = "where", value_name = "CONDITION", help_heading = "Which records")]
    pub predicate: Option<String>,
    /// How far behind an end by time to look for late records: a duration, or scan for all
    #[arg(long, value_name = "DURATION", default_value = "5m", help_heading = "Which records")]
    pub late: String,
    /// read_committed or read_uncommitted
    #[arg(
        long,
        alias = "isolation-level",
        value_name = "LEVEL",
        default_value = "read_committed",
        help_heading = "Which records"
    )]
    pub isolation: String,
}

/// A number of records.
pub fn count(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "a number of records, such as 100")
}

fn partition(text: &str) -> Result<i32, &'static str> {
    let number = text.trim().parse().ok().filter(|number| *number >= 0);
    number.ok_or("the number of a partition, from 0 up; several with commas")
}

/// Where the reads starts, if that has to be asked from the broker first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromLogStart {
    /// Nothing to ask.
    No,
    /// This many offsets behind each partition's log start.
    Start(i64),
}

impl Range {
    /// Puts the bounds into the options of a scan.
    pub fn apply(&self, options: &mut ScanOptions) -> Result<FromLogStart, Failure> {
        if let Some(text) = &self.start {
            options.start = parse_bounds("--start", text)?;
        }
        if let Some(text) = &self.end {
            options.end = parse_bounds("--end", text)?;
        }
        if !self.partitions.is_empty() {
            options.partitions = Some(self.partitions.clone());
        }
        if let Some(predicate) = &self.predicate {
            options.filter = kaframe_sql::compile(predicate)?;
        }
        options.late = self.late.parse::<Late>()?;
        options.isolation_level = parse_isolation(&self.isolation)?;
        let range = ORange::parse_all(&self.offset)?;
        let mut from_log_start = FromLogStart::No;
        match range.start {
            Some(Point::Bound(bound)) => options.start = Bounds::One(bound),
            Some(Point::AfterStart(offsets)) => from_log_start = FromLogStart::Start(offsets),
            None => {}
        }
        if let Some(bound) = range.end {
            options.end = Bounds::One(bound);
        }
        Ok(from_log_start)
    }
}

/// kcat and Java write levels with `_`; hands that type `read-committed` mean the same.
fn parse_isolation(text: &str) -> Result<IsolationLevel, Failure> {
    Ok(text.replace('-', "_").parse::<IsolationLevel>()?)
}

/// One bound for all partitions, `group:NAME`, or `PLACE=BOUND,PLACE=BOUND`, where a place is a partition, or with several topics TOPIC or TOPIC:PARTITION.
fn parse_bounds(flag: &str, text: &str) -> Result<Bounds, Failure> {
    let failed = |error: kaframe::Error| {
        Failure::usage(format!("{flag}: {}", error.message()), error.hint().unwrap_or_default())
    };
    if !text.contains('=') || text.starts_with("group:") {
        return text.parse().map_err(failed);
    }
    let mut partitions: BTreeMap<i32, Bound> = BTreeMap::new();
    let mut topics: BTreeMap<String, Bounds> = BTreeMap::new();
    for part in text.split(',') {
        let usage = || {
            Failure::usage(
                format!("{flag}: {part:?} in {text:?} is not PARTITION=BOUND"),
                "as in 0=500,1=latest, or with several topics orders=500,returns:0=latest",
            )
        };
        let (place, bound) = part.split_once('=').ok_or_else(usage)?;
        let place = place.trim();
        let fresh = match (place.parse::<i32>(), place.split_once(':')) {
            (Ok(partition), _) => partitions.insert(partition, bound.parse().map_err(failed)?).is_none(),
            (Err(_), None) => topics
                .insert(place.to_owned(), bound.parse().map_err(failed)?)
                .is_none(),
            (Err(_), Some((topic, partition))) => {
                let partition = partition.parse::<i32>().map_err(|_| usage())?;
                let of_topic = topics.entry(topic.to_owned());
                match of_topic.or_insert_with(|| Bounds::PerPartition(BTreeMap::new())) {
                    Bounds::PerPartition(map) => map.insert(partition, bound.parse().map_err(failed)?).is_none(),
                    _ => false,
                }
            }
        };
        if !fresh {
            return Err(Failure::usage(
                format!("{flag}: {place} is named twice in {text:?}"),
                "name each place once",
            ));
        }
    }
    match (topics.is_empty(), partitions.is_empty()) {
        (true, _) => Ok(Bounds::PerPartition(partitions)),
        (false, true) => Ok(Bounds::PerTopic(topics)),
        (false, false) => Err(Failure::usage(
            format!("{flag}: {text:?} names partitions without and with their topic"),
            "with several topics each place is TOPIC or TOPIC:PARTITION",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bound_is_for_all_partitions() {
        assert_eq!(
            parse_bounds("--start", "-100").unwrap(),
            Bounds::One(Bound::FromEnd(100))
        );
        assert_eq!(parse_bounds("--start", "500").unwrap(), Bounds::One(Bound::Offset(500)));
    }

    #[test]
    fn a_mapping_names_partitions() {
        let expected = BTreeMap::from([(0, Bound::Offset(500)), (2, Bound::Latest)]);
        assert_eq!(
            parse_bounds("--start", "0=500,2=latest").unwrap(),
            Bounds::PerPartition(expected)
        );
        assert!(parse_bounds("--start", "0=1,0=2").is_err());
        assert!(parse_bounds("--start", "x:y=1").is_err());
        let Err(Failure::Usage(message, hint)) = parse_bounds("--end", "0=abc") else {
            panic!("no mistake of the command line");
        };
        assert_eq!(message, "--end: \"abc\" is no bound");
        assert!(hint.contains("-1h"));
    }

    #[test]
    fn a_mapping_names_topics_and_a_group_all_of_them() {
        let of_b = Bounds::PerPartition(BTreeMap::from([(0, Bound::Latest), (2, Bound::FromEnd(1))]));
        let expected = BTreeMap::from([("a".to_owned(), Bounds::One(Bound::Offset(5))), ("b".to_owned(), of_b)]);
        assert_eq!(
            parse_bounds("--start", "a=5,b:0=latest,b:2=-1").unwrap(),
            Bounds::PerTopic(expected)
        );
        for wrong in ["a=1,0=2", "a=1,a:0=2", "a=1,a=2", "a:0=1,a:0=1"] {
            assert!(parse_bounds("--start", wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            parse_bounds("--start", "group:a=b").unwrap(),
            Bounds::Group("a=b".to_owned())
        );
    }

    #[test]
    fn numbers_that_are_none_are_told_what_they_should_be() {
        assert_eq!(count("100"), Ok(100));
        assert!(count("-1").is_err() && count("1e3").is_err());
        assert_eq!(partition(" 3"), Ok(3));
        assert!(partition("-1").is_err() && partition("zero").is_err());
    }

    #[test]
    fn isolation_levels_are_read_with_either_dash() {
        assert_eq!(
            parse_isolation("read-uncommitted").unwrap(),
            IsolationLevel::ReadUncommitted
        );
        assert!(parse_isolation("serializable").is_err());
    }
}
