//! Numbers, durations and sizes as people read them, alike in the core's texts and on the command line.

use std::time::Duration;

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 record`, `1,000 records`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// `12 ms`, `3.4 s`, `5 min 2 s`.
pub fn duration(time: Duration) -> String {
    let ms = time.as_millis();
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..120_000 => format!("{:.1} s", time.as_secs_f64()),
        120_000..7_200_000 => parts((ms / 60_000, "min"), (ms % 60_000 / 1000, "s")),
        7_200_000..172_800_000 => parts((ms / 3_600_000, "h"), (ms % 3_600_000 / 60_000, "min")),
        _ => format!("{} days", ms / 86_400_000),
    }
}

fn parts((large, unit): (u128, &str), (small, small_unit): (u128, &str)) -> String {
    match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {small_unit}"),
    }
}

/// `512 bytes`, `1.5 MiB`.
pub fn bytes(number: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, size) in UNITS {
        if number >= size {
            return format!("{:.1} {unit}", number as f64 / size as f64);
        }
    }
    format!("{number} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(duration(Duration::from_millis(12)), "12 ms");
        assert_eq!(duration(Duration::from_millis(3_400)), "3.4 s");
        assert_eq!(duration(Duration::from_secs(302)), "5 min 2 s");
        assert_eq!(duration(Duration::from_secs(300)), "5 min");
        assert_eq!(bytes(100), "100 bytes");
        assert_eq!(bytes(3 << 19), "1.5 MiB");
    }
}
