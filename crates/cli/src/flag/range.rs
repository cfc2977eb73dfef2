//! Which records: bounds, partitions, isolation level.

use std::collections::BTreeMap;

use clap::Args;
use kaframe::{Bound, Bounds, IsolationLevel, Late, ScanOptions};

use crate::exit::Failure;
use crate::o_range::{ORange, Point};

/// Flags that say which records a read takes.
#[derive(Args, Debug, Clone)]
pub struct Range {
    /// First record: earliest, latest, an offset, -N (before the end), -1h, a time in ISO 8601, @MILLISECONDS; or PARTITION=BOUND,…
    #[arg(
        long,
        alias = "since",
        value_name = "BOUND",
        allow_hyphen_values = true,
        help_heading = "Which records"
    )]
    pub start: Option<String>,
    /// Where to stop, not included; the same forms
    #[arg(
        long,
        alias = "until",
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

/// One bound for all partitions, or `PARTITION=BOUND,PARTITION=BOUND`.
fn parse_bounds(flag: &str, text: &str) -> Result<Bounds, Failure> {
    let parse = |text: &str| {
        text.parse::<Bound>()
            .map_err(|error| Failure::usage(format!("{flag}: {}", error.message()), error.hint().unwrap_or_default()))
    };
    if !text.contains('=') {
        return Ok(Bounds::One(parse(text)?));
    }
    let mut bounds = BTreeMap::new();
    for part in text.split(',') {
        let usage = || {
            Failure::usage(
                format!("{flag}: {part:?} in {text:?} is not PARTITION=BOUND"),
                "as in 0=500,1=latest",
            )
        };
        let (partition, bound) = part.split_once('=').ok_or_else(usage)?;
        let partition = partition.trim().parse::<i32>().map_err(|_| usage())?;
        if bounds.insert(partition, parse(bound)?).is_some() {
            return Err(Failure::usage(
                format!("{flag}: partition {partition} is named twice in {text:?}"),
                "name each partition once",
            ));
        }
    }
    Ok(Bounds::PerPartition(bounds))
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
        assert!(parse_bounds("--start", "x=1").is_err());
        let Err(Failure::Usage(message, hint)) = parse_bounds("--end", "0=abc") else {
            panic!("no mistake of the command line");
        };
        assert_eq!(message, "--end: \"abc\" is no bound");
        assert!(hint.contains("-1h"));
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
