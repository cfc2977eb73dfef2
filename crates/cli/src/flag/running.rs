//! How a read runs, and when it counts as failed.

use std::time::Duration;

use clap::Args;
use kaframe::ScanOptions;

use crate::exit::Failure;

/// Flags that say how a read runs.
#[derive(Args, Debug, Clone)]
pub struct Running {
    #[command(flatten)]
    pub timeout: Timeout,
    /// Go on where records are lost and list the ranges; an incomplete read still ends with exit code 3
    #[arg(long, help_heading = "Running")]
    pub allow_partial: bool,
    /// End with exit code 3 when a value was malformed
    #[arg(long, help_heading = "Running")]
    pub strict: bool,
}

/// The flag for the time without progress.
#[derive(Args, Debug, Clone)]
pub struct Timeout {
    /// Seconds without progress of any kind until the command gives up
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = parse_seconds, help_heading = "Running")]
    pub timeout: Duration,
}

impl Running {
    /// Puts them into the options of a scan.
    pub fn apply(&self, options: &mut ScanOptions) -> Result<(), Failure> {
        options.timeout = self.timeout.timeout;
        options.allow_partial = self.allow_partial;
        Ok(())
    }
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text
        .strip_suffix('s')
        .unwrap_or(text)
        .parse::<f64>()
        .map_err(|_| "a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(timeout) if !timeout.is_zero() => Ok(timeout),
        _ => Err("a number of seconds above zero".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_seconds;
    use std::time::Duration;

    #[test]
    fn seconds_may_have_fractions() {
        assert_eq!(parse_seconds("0.5").unwrap(), Duration::from_millis(500));
        assert_eq!(parse_seconds("30s").unwrap(), Duration::from_secs(30));
        for bad in ["0", "-1", "nan", "inf", "x", "1e300"] {
            assert!(parse_seconds(bad).is_err(), "{bad}");
        }
    }
}
