//! The end of a read: what is said of it, and whether it was all that was promised.

use kaframe::Report;
use kaframe::number::counted;

use crate::exit::Failure;
use crate::{Context, messages};

/// The report, as long as was asked for: its first line, what is missing or is no record, and all of it where nothing was delivered.
pub(super) fn tell(report: &Report, context: &Context) {
    if context.output.quiet {
        return;
    }
    tell_report(report, context);
    if report.malformed > 0 {
        messages::hint("--metadata _partition,_offset,_error shows where and why; --on-error raise stops at the first");
    }
}

pub(super) fn tell_report(report: &Report, context: &Context) {
    let text = report.to_string();
    if context.output.verbose || report.delivered() == 0 {
        return messages::note(&text);
    }
    // That a limit leaves offsets behind it is no news.
    let news = report.offsets() > report.delivered() + report.partitions.iter().map(|p| p.not_read).sum::<u64>();
    let told = |line: &&str| {
        !line.starts_with(' ') || (news && line.starts_with("  the other offsets")) || line.starts_with("  missing")
    };
    messages::note(&text.lines().filter(told).collect::<Vec<_>>().join("\n"));
    report.warnings.iter().for_each(|warning| messages::warning(warning));
}

/// Rows are out; is that all there is to it?
pub(super) fn judge(report: &Report, strict: bool) -> Result<(), Failure> {
    if !report.complete {
        let lost: u64 = report.partitions.iter().map(|p| p.lost).sum();
        return Err(Failure::Incomplete(format!(
            "the read is incomplete: {} lost or not reached",
            counted(lost, "offset is", "offsets are")
        )));
    }
    if strict && report.malformed > 0 {
        return Err(Failure::Incomplete(format!(
            "{} malformed, and --strict was given",
            counted(report.malformed, "value is", "values are")
        )));
    }
    Ok(())
}
