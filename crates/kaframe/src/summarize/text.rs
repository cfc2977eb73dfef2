//! A summary as text, fitted to a width: bars of eighths, one line a column, then its frequent values.

use std::fmt;
use std::fmt::Write;

use super::{ColumnSummary, Histogram, PartitionRecords, Summary, skew};
use crate::number::{bytes, counted, duration, grouped};

/// Where nobody says how wide.
const WIDTH: usize = 100;
/// Characters of a bar and of a spread.
const BAR: usize = 20;
const SPREAD: usize = 16;
const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Partitions of a topic that get a bar of their own, and topics that are shown.
const PARTITIONS: usize = 16;
const TOPICS: usize = 20;

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(WIDTH))
    }
}

impl Summary {
    /// The summary as text whose lines have at most so many characters.
    pub fn text(&self, width: usize) -> String {
        let mut lines = vec![self.head()];
        lines.extend(self.time.as_ref().and_then(time_line));
        lines.extend(self.key.as_ref().map(|key| self.key_line(key)));
        lines.extend(self.partition_lines());
        if !self.columns.is_empty() {
            lines.push(String::new());
            lines.extend(table(&self.columns, width));
        }
        lines.extend(self.report.warnings.iter().map(|warning| format!("warning: {warning}")));
        lines
            .iter()
            .map(|line| fitted(line, width))
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn head(&self) -> String {
        let mut text = format!(
            "{}: {} in {}",
            shown(&self.topic),
            counted(self.records, "record", "records"),
            counted(self.partitions.len() as u64, "partition", "partitions"),
        );
        if self.records > 0 {
            let mean = self.bytes_fetched as f64 / self.records as f64;
            let _ = write!(
                text,
                ", {} fetched, {mean:.0} bytes a record",
                bytes(self.bytes_fetched)
            );
        }
        let _ = write!(text, ", {}", duration(self.elapsed));
        if !self.report.complete {
            text.push_str(", INCOMPLETE");
        }
        text
    }

    fn key_line(&self, key: &ColumnSummary) -> String {
        let mut text = format!("keys        {}", distinct(key));
        if key.nulls > 0 {
            let _ = write!(text, ", {} without", counted(key.nulls, "record", "records"));
        }
        if let Some(top) = key.top.first().filter(|_| self.records > 0) {
            let share = top.count as f64 * 100.0 / self.records as f64;
            let least = if top.at_most > top.count { "at least " } else { "" };
            let _ = write!(text, "; most frequent {} with {least}{share:.1} %", shown(&top.value));
        }
        text
    }

    /// The partitions of the topic; of several topics each with its own below its name.
    fn partition_lines(&self) -> Vec<String> {
        let topics: Vec<&[PartitionRecords]> = self.partitions.chunk_by(|a, b| a.topic == b.topic).collect();
        let mut lines = Vec::new();
        if let [one] = topics.as_slice() {
            lines = of_topic(one);
        } else {
            for of_one in topics.iter().take(TOPICS) {
                let records = of_one.iter().map(|p| p.records).sum();
                let name = of_one.first().map_or("", |p| p.topic.as_str());
                lines.push(format!("{}: {}", shown(name), counted(records, "record", "records")));
                lines.extend(of_topic(of_one));
            }
            if topics.len() > TOPICS {
                lines.push(format!("… {} more topics", topics.len() - TOPICS));
            }
        }
        lines
            .into_iter()
            .enumerate()
            .map(|(index, line)| format!("{:<11} {line}", if index == 0 { "partitions" } else { "" }))
            .collect()
    }
}

/// The partitions of a topic as bars; none where there is but one, or no record.
fn of_topic(partitions: &[PartitionRecords]) -> Vec<String> {
    let fullest = partitions.iter().map(|p| p.records).max().unwrap_or(0);
    let Some(skew) = skew(partitions) else {
        return Vec::new();
    };
    let shown = partitions.iter().take(PARTITIONS);
    let mut lines: Vec<String> = shown
        .map(|one| {
            format!(
                "{:>4} {} {}",
                one.partition,
                bar(one.records, fullest),
                grouped(one.records)
            )
        })
        .collect();
    if partitions.len() > PARTITIONS {
        lines.push(format!("     … {} more", partitions.len() - PARTITIONS));
    }
    lines.push(format!("     the fullest has {skew:.2} times its share"));
    lines
}

fn bar(part: u64, whole: u64) -> String {
    let filled = (part as f64 / whole.max(1) as f64 * BAR as f64).round() as usize;
    let filled = if part > 0 { filled.max(1) } else { 0 };
    format!("{}{}", "█".repeat(filled), " ".repeat(BAR - filled.min(BAR)))
}

/// A histogram in eighths of a line; neighbours share a character where there are more bins than room. A bin with anything in it is seen.
fn spread(histogram: &Histogram, most: usize) -> String {
    let per = histogram.counts.len().div_ceil(most).max(1);
    let counts: Vec<u64> = histogram.counts.chunks(per).map(|chunk| chunk.iter().sum()).collect();
    let highest = counts.iter().copied().max().unwrap_or(0).max(1);
    counts
        .iter()
        .map(|count| match count {
            0 => ' ',
            count => EIGHTHS[((count * 8).div_ceil(highest) as usize).clamp(1, 8) - 1],
        })
        .collect()
}

fn time_line(time: &ColumnSummary) -> Option<String> {
    let histogram = time.histogram.as_ref()?;
    let step = histogram.counts.len().div_ceil(40).max(1) as f64 * histogram.width;
    Some(format!(
        "time        {} |{}| {}, {} a bar",
        time.min.as_deref()?,
        spread(histogram, 40),
        time.max.as_deref()?,
        duration(std::time::Duration::from_millis(step as u64))
    ))
}

fn distinct(column: &ColumnSummary) -> String {
    match column.distinct {
        Some(count) if column.distinct_exact => format!("{} different", grouped(count)),
        Some(count) => format!("about {} different", grouped(count)),
        None => String::new(),
    }
}

/// One line a column, in aligned cells; the last cell takes what room there is.
fn table(columns: &[ColumnSummary], width: usize) -> Vec<String> {
    let mut rows = vec![
        [
            "column",
            "type",
            "nulls",
            "different",
            "from",
            "to",
            "spread",
            "most frequent",
        ]
        .map(str::to_owned),
    ];
    rows.extend(columns.iter().map(cells));
    let narrow = [28, 18, 8, 14, 23, 23, SPREAD];
    let mut widths: Vec<usize> = narrow
        .iter()
        .enumerate()
        .map(|(cell, most)| rows.iter().map(|row| count(&row[cell])).max().unwrap_or(0).min(*most))
        .collect();
    // A narrow terminal takes from the widest first, and leaves some room for the frequent values.
    let last = rows.iter().map(|row| count(&row[7])).max().unwrap_or(0).min(24);
    while widths.iter().sum::<usize>() + 2 * widths.len() + last > width && widths.iter().any(|w| *w > 6) {
        let widest = (0..widths.len()).max_by_key(|i| widths[*i]).unwrap_or(0);
        widths[widest] -= 1;
    }
    rows.iter()
        .map(|row| {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let text = fitted(cell, *width);
                let pad = width - count(&text);
                let _ = write!(line, "{text}{}  ", " ".repeat(pad));
            }
            format!("{line}{}", row[7]).trim_end().to_owned()
        })
        .collect()
}

fn cells(column: &ColumnSummary) -> [String; 8] {
    let all = column.values + column.nulls;
    let nulls = match column.nulls {
        0 => "-".to_owned(),
        nulls if nulls == all => "all".to_owned(),
        nulls => format!("{:.1} %", nulls as f64 * 100.0 / all as f64),
    };
    let different = match column.distinct {
        Some(count) if column.distinct_exact => grouped(count),
        Some(count) => format!("~{}", grouped(count)),
        None => "-".to_owned(),
    };
    let top = column.top.iter().take(3).map(|top| {
        let more = if top.at_most > top.count { "+" } else { "" };
        format!("{} ({}{more})", shown(&top.value), grouped(top.count))
    });
    [
        shown(&column.name),
        type_name(&column.data_type),
        nulls,
        different,
        column.min.as_deref().map(shown).unwrap_or_default(),
        column.max.as_deref().map(shown).unwrap_or_default(),
        column.histogram.as_ref().map(|h| spread(h, SPREAD)).unwrap_or_default(),
        top.collect::<Vec<_>>().join(", "),
    ]
}

/// An Arrow type in short: `string`, `timestamp`, `list`.
fn type_name(arrow: &str) -> String {
    let outer = arrow.split(['(', '<']).next().unwrap_or(arrow);
    match outer {
        "Utf8" | "LargeUtf8" | "Utf8View" => "string".to_owned(),
        "Binary" | "LargeBinary" | "BinaryView" | "FixedSizeBinary" => "bytes".to_owned(),
        "List" | "LargeList" => "list".to_owned(),
        "Boolean" => "bool".to_owned(),
        "Timestamp" | "Map" | "Null" => outer.to_lowercase(),
        _ => arrow.to_lowercase(),
    }
}

/// Text of strangers: no character that a terminal acts on, none that hides.
fn shown(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if hides(c) {
            out.extend(c.escape_default())
        } else {
            out.push(c)
        }
    }
    out
}

fn count(text: &str) -> usize {
    text.chars().count()
}

fn fitted(text: &str, width: usize) -> String {
    if count(text) <= width {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_show_every_bin_with_anything_in_it() {
        let histogram = |counts: &[u64]| Histogram {
            start: 0.0,
            width: 1.0,
            counts: counts.to_vec(),
        };
        assert_eq!(spread(&histogram(&[0, 1, 8000, 4000]), 16), " ▁█▄");
        assert_eq!(spread(&histogram(&[1, 1, 2, 2]), 2), "▄█");
        assert_eq!(spread(&histogram(&[5]), 16), "█");
    }

    #[test]
    fn types_are_short() {
        assert_eq!(type_name("LargeUtf8"), "string");
        assert_eq!(type_name("LargeList(LargeUtf8)"), "list");
        assert_eq!(type_name("Timestamp(ms, \"UTC\")"), "timestamp");
        assert_eq!(type_name("Decimal128(20, 2)"), "decimal128(20, 2)");
    }

    #[test]
    fn what_is_cut_says_so_and_nothing_hides() {
        assert_eq!(fitted("abcdef", 4), "abc…");
        assert_eq!(shown("a\x1b[2J\u{202e}"), "a\\u{1b}[2J\\u{202e}");
        assert_eq!(bar(0, 10).trim(), "");
        assert_eq!(bar(1, 1000).trim(), "█");
    }
}
