//! `--follow`: rows are printed as they come, until Ctrl-C. Nothing is collected, so only formats that print row by row will do.

use kaframe::blocking::Scan;
use kaframe::{Followed, LostRange};

use crate::exit::Failure;
use crate::flag::output::{Format, Rows};
use crate::{messages, render};

/// What was asked for, or lines of JSON: a table would need to know all its rows.
pub fn format(rows: &Rows) -> Result<Format, Failure> {
    match rows.format {
        None => Ok(Format::Ndjson),
        Some(_) if rows.format().collects() || rows.format() == Format::Parquet => Err(Failure::usage(
            "--follow prints each row as it comes, and this format needs all of them first",
            "use -f ndjson, csv or vertical",
        )),
        Some(_) => Ok(rows.format()),
    }
}

/// Prints rows as they come; with `--allow-partial`, what is missing is told when it is met.
pub fn print(scan: &Scan, format: Format) -> Result<(), Failure> {
    let mut out = render::to_stdout(format);
    let mut begun = false;
    let mut told = Vec::new();
    let mut follow = scan.follow()?;
    while let Some(next) = follow.step() {
        let batch = match next? {
            Followed::Batch(batch) => batch,
            Followed::CaughtUp => {
                let lost = follow.report().map(|report| report.lost_ranges).unwrap_or_default();
                for lost in lost.into_iter().filter(|lost| !told.contains(lost)).collect::<Vec<_>>() {
                    let LostRange {
                        topic,
                        partition,
                        range,
                        reason,
                    } = &lost;
                    messages::warning(&format!("missing: {topic}-{partition} {range}: {reason}"));
                    told.push(lost);
                }
                continue;
            }
        };
        if !begun {
            out.begin(&batch.schema())?;
            begun = true;
        }
        out.batch(&batch)?;
    }
    if begun { out.end() } else { Ok(()) }
}
