//! kcat's `-o`, with the ranges that rpk added to it.
//!
//! | text | means |
//! |---|---|
//! | `beginning` `start` `earliest` | from the log start |
//! | `end` `latest` | from the end: nothing, since a read stops at the end it found |
//! | `N` | from offset N |
//! | `-N` | from N offsets before the end of each partition |
//! | `+N` | from N offsets behind the log start of each partition |
//! | `A:B` `A:` `:B` | from A to B, B not included; A and B as above |
//! | `@T` `@T1:T2` `@T1:@T2` `@:T2` | by time: ISO 8601, `-2h` (back from now), 13 digits (milliseconds) or 10 (seconds) |
//! | `s@MS` `e@MS` | start and end by time, in milliseconds or another form of T; the option is given twice |
//!
//! The truth for kcat's part is its manual, kcat(1); for the ranges `rpk topic consume --help`.

use kaframe::Bound;

use crate::exit::Failure;

/// One end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// What the core knows.
    Bound(Bound),
    /// So many offsets behind the log start; the log start has to be asked for.
    AfterStart(i64),
}

/// What all `-o` together say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ORange {
    /// Where to start, if said.
    pub start: Option<Point>,
    /// Where to end, if said.
    pub end: Option<Bound>,
}

impl ORange {
    /// Reads every `-o` of a command line. Two that say the same end contradict each other.
    pub fn parse_all(texts: &[String]) -> Result<ORange, Failure> {
        let mut range = ORange::default();
        for text in texts {
            let next = parse(text)?;
            if (next.start.is_some() && range.start.is_some()) || (next.end.is_some() && range.end.is_some()) {
                return Err(Failure::usage(
                    format!("-o {text}: that end of the range is given twice"),
                    "give -o once, or one s@… and one e@…",
                ));
            }
            range.start = next.start.or(range.start);
            range.end = next.end.or(range.end);
        }
        Ok(range)
    }
}

fn parse(text: &str) -> Result<ORange, Failure> {
    let trimmed = text.trim();
    if trimmed == "stored" {
        return Err(Failure::usage(
            "-o stored: there are no stored offsets, since a read joins no consumer group and commits nothing",
            "give the offset or time to start from",
        ));
    }
    if let Some(time) = trimmed.strip_prefix("s@") {
        return Ok(ORange {
            start: Some(Point::Bound(parse_time(time).ok_or_else(|| unreadable(text))?)),
            end: None,
        });
    }
    if let Some(time) = trimmed.strip_prefix("e@") {
        return Ok(ORange {
            start: None,
            end: Some(parse_time(time).ok_or_else(|| unreadable(text))?),
        });
    }
    if let Some(times) = trimmed.strip_prefix('@') {
        return parse_times(times).ok_or_else(|| unreadable(text));
    }
    parse_offsets(trimmed).ok_or_else(|| unreadable(text))
}

fn unreadable(text: &str) -> Failure {
    Failure::usage(
        format!("-o {text}: no such range"),
        "beginning, end, N, -N, +N, A:B, @T1:T2, s@MS or e@MS; --start and --end take times with colons",
    )
}

fn parse_offsets(text: &str) -> Option<ORange> {
    let Some((start, end)) = text.split_once(':') else {
        return Some(ORange {
            start: Some(parse_point(text)?),
            end: None,
        });
    };
    if start.is_empty() && end.is_empty() {
        return None;
    }
    let start = if start.is_empty() {
        None
    } else {
        Some(parse_point(start)?)
    };
    let end = match end {
        "" => None,
        end => match parse_point(end)? {
            Point::Bound(bound) => Some(bound),
            // `0:+100` in rpk means a number of records; that is what -n is for.
            Point::AfterStart(_) => return None,
        },
    };
    Some(ORange { start, end })
}

fn parse_point(text: &str) -> Option<Point> {
    if let Some(bound) = parse_word(text) {
        return Some(Point::Bound(bound));
    }
    if let Some(number) = text.strip_prefix('+') {
        return parse_digits(number).map(Point::AfterStart);
    }
    match text.strip_prefix('-') {
        Some(number) => parse_digits(number).map(|number| Point::Bound(Bound::FromEnd(number))),
        None => parse_digits(text).map(|number| Point::Bound(Bound::Offset(number))),
    }
}

fn parse_word(text: &str) -> Option<Bound> {
    match text {
        "beginning" | "start" | "earliest" => Some(Bound::Earliest),
        "end" | "latest" => Some(Bound::Latest),
        _ => None,
    }
}

/// Digits alone: `i64::from_str` would take a second sign.
fn parse_digits(text: &str) -> Option<i64> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// `T`, `T1:T2`, `T1:`, `:T2`. Times have colons themselves: the whole is tried as one time first, then every colon as the one between.
fn parse_times(text: &str) -> Option<ORange> {
    if let Some(time) = parse_time(text) {
        return Some(ORange {
            start: Some(Point::Bound(time)),
            end: None,
        });
    }
    let side = |text: &str| match text {
        "" => Some(None),
        text => parse_time(text).map(Some),
    };
    // A second `@` says where the second time begins.
    if let Some((start, end)) = text.split_once(":@") {
        return Some(ORange {
            start: side(start)?.map(Point::Bound),
            end: Some(parse_time(end)?),
        });
    }
    let mut readings = text.match_indices(':').filter_map(|(at, _)| {
        let (start, end) = (side(&text[..at])?, side(&text[at + 1..])?);
        (start.is_some() || end.is_some()).then_some(ORange {
            start: start.map(Point::Bound),
            end,
        })
    });
    let first = readings.next()?;
    // Two readings are no reading.
    readings.next().is_none().then_some(first)
}

fn parse_time(text: &str) -> Option<Bound> {
    if let Some(word) = parse_word(text) {
        return Some(word);
    }
    if let Some(number) = parse_digits(text).filter(|_| !text.is_empty()) {
        // Ten digits are seconds until the year 2286, thirteen are milliseconds since 2001.
        return Some(Bound::Time(if text.len() <= 10 {
            number.checked_mul(1000)?
        } else {
            number
        }));
    }
    match text.parse::<Bound>() {
        Ok(time @ Bound::Time(_)) => Some(time),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(bound: Bound) -> Option<Point> {
        Some(Point::Bound(bound))
    }

    fn read(text: &str) -> (Option<Point>, Option<Bound>) {
        let range = parse(text).unwrap_or_else(|_| panic!("{text} is not read"));
        (range.start, range.end)
    }

    #[test]
    fn kcat_offsets() {
        assert_eq!(read("beginning"), (bound(Bound::Earliest), None));
        assert_eq!(read("end"), (bound(Bound::Latest), None));
        assert_eq!(read("500"), (bound(Bound::Offset(500)), None));
        assert_eq!(read("-100"), (bound(Bound::FromEnd(100)), None));
        assert_eq!(read("+10"), (Some(Point::AfterStart(10)), None));
    }

    #[test]
    fn ranges_of_offsets() {
        assert_eq!(read("10:20"), (bound(Bound::Offset(10)), Some(Bound::Offset(20))));
        assert_eq!(read(":20"), (None, Some(Bound::Offset(20))));
        assert_eq!(read("10:"), (bound(Bound::Offset(10)), None));
        assert_eq!(read("10:end"), (bound(Bound::Offset(10)), Some(Bound::Latest)));
        assert_eq!(read("-100:-50"), (bound(Bound::FromEnd(100)), Some(Bound::FromEnd(50))));
        assert_eq!(read("+10:-5"), (Some(Point::AfterStart(10)), Some(Bound::FromEnd(5))));
    }

    #[test]
    fn times() {
        let ms = 1_732_266_000_000;
        assert_eq!(read("s@1732266000000"), (bound(Bound::Time(ms)), None));
        assert_eq!(read("e@1732266000000"), (None, Some(Bound::Time(ms))));
        assert_eq!(
            read("@1732266000000:1732266000001"),
            (bound(Bound::Time(ms)), Some(Bound::Time(ms + 1)))
        );
        assert_eq!(read("@1732266000"), (bound(Bound::Time(ms)), None));
        assert_eq!(read("@:1732266000"), (None, Some(Bound::Time(ms))));
        assert_eq!(read("@1732266000:end"), (bound(Bound::Time(ms)), Some(Bound::Latest)));
    }

    #[test]
    fn times_with_colons() {
        let day = 1_763_769_600_000; // 2025-11-22
        let hour = 3_600_000;
        assert_eq!(read("@2025-11-22"), (bound(Bound::Time(day)), None));
        assert_eq!(
            read("@2025-11-22T10:00:00Z"),
            (bound(Bound::Time(day + 10 * hour)), None)
        );
        assert_eq!(
            read("@2025-11-22T10:00:00Z:2025-11-22T11:00:00Z"),
            (bound(Bound::Time(day + 10 * hour)), Some(Bound::Time(day + 11 * hour)))
        );
        assert_eq!(
            read("@2025-11-22T10:00Z:@2025-11-22T11:00Z"),
            read("@2025-11-22T10:00:00Z:2025-11-22T11:00:00Z")
        );
        assert_eq!(
            read("@2025-11-22:2025-11-23"),
            (bound(Bound::Time(day)), Some(Bound::Time(day + 24 * hour)))
        );
    }

    #[test]
    fn times_back_from_now() {
        let (start, end) = read("@-2h:-1h");
        let (Some(Point::Bound(Bound::Time(start))), Some(Bound::Time(end))) = (start, end) else {
            panic!("two times");
        };
        assert!((end - start - 3_600_000).abs() < 1000);
    }

    #[test]
    fn start_and_end_come_together_from_two_options() {
        let texts = ["s@1000000000000".to_owned(), "e@2000000000000".to_owned()];
        let range = ORange::parse_all(&texts).unwrap();
        assert_eq!(range.start, bound(Bound::Time(1_000_000_000_000)));
        assert_eq!(range.end, Some(Bound::Time(2_000_000_000_000)));
        assert!(ORange::parse_all(&["5".to_owned(), "6".to_owned()]).is_err());
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "stored",
            "abc",
            "--5",
            "+-5",
            "-",
            "+",
            ":",
            "1:2:3",
            "10:+5",
            "@",
            "@x",
            "@-5",
            "@2025-11-22:@",
            "@2025-11-22:@x",
            "s@",
            "s@yesterday",
            "99999999999999999999",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
