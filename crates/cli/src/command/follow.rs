//! `--follow`: rows are printed as they come, until Ctrl-C. Nothing is collected, so only formats that print row by row will do.

use kaframe::blocking::Scan;

use crate::exit::Failure;
use crate::flag::output::{Format, Rows};
use crate::render;

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

/// Prints rows as they come.
pub fn print(scan: &Scan, format: Format) -> Result<(), Failure> {
    let mut out = render::to_stdout(format);
    let mut begun = false;
    for batch in scan.follow()? {
        let batch = batch?;
        if !begun {
            out.begin(&batch.schema())?;
            begun = true;
        }
        out.batch(&batch)?;
    }
    if begun { out.end() } else { Ok(()) }
}
