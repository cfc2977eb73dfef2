//! `kaframe info`: what is known of a topic without reading it through.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use clap::Args;
use kaframe::number::{bytes, counted, grouped};
use kaframe::{ConfigOrigin, Info};

use crate::Context;
use crate::exit::Failure;
use crate::flag::connection::Connection;
use crate::flag::output::{Format, Rows};
use crate::render::{self, print_json, print_line};

/// Partitions, leaders, offsets, settings, timestamps and sizes of a topic.
#[derive(Args, Debug)]
pub struct InfoCommand {
    /// Topic
    #[arg(add = crate::completion::topics())]
    topic: String,
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    connection: Connection,
}

impl InfoCommand {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let format = self.rows.format_of_rows()?;
        let info = context.cluster(&self.connection)?.info(&self.topic)?;
        match format {
            // As an object it is one: facts and partitions.
            Format::Json | Format::Ndjson => return print_json(&info),
            Format::Table => facts(&info).iter().try_for_each(|line| print_line(line))?,
            _ => {}
        }
        let batch = RecordBatch::try_from_iter(columns(&info))
            .map_err(|e| Failure::Input(format!("internal error: {e}"), String::new()))?;
        let mut out = render::to_stdout(format);
        out.begin(&batch.schema())?;
        out.batch(&batch)?;
        out.end()
    }
}

fn facts(info: &Info) -> Vec<String> {
    let copies = info.partitions.iter().map(|p| p.replicas.len()).max().unwrap_or(0);
    let id = info.id.as_ref().map_or_else(String::new, |id| format!(", id {id}"));
    let internal = if info.internal { ", internal" } else { "" };
    let mut lines = vec![format!(
        "{}: {}, {} of each{id}{internal}",
        info.topic,
        counted(info.partitions.len() as u64, "partition", "partitions"),
        counted(copies as u64, "copy", "copies"),
    )];
    lines.push(format!("records     at most {}", grouped(info.offsets())));
    lines.push(match (&info.first_time, &info.last_time) {
        (Some(first), Some(last)) => format!(
            "time        {first} to {last}, {}",
            match info.timestamp_type.as_deref() {
                Some("LogAppendTime") => "LogAppendTime: set by the brokers",
                Some("CreateTime") => "CreateTime: set by the writers",
                _ => "set by writers or brokers: unknown",
            }
        ),
        (Some(first), None) => format!("time        from {first}; these brokers do not tell the newest"),
        _ => "time        no records".to_owned(),
    });
    lines.push(match info.record_bytes {
        Some(mean) => format!(
            "size        about {mean} bytes a record of key and value, about {} in all before compression (from {})",
            bytes(mean.saturating_mul(info.offsets())),
            counted(info.sampled, "record", "records")
        ),
        None => "size        unknown: no record to look at".to_owned(),
    });
    match &info.configs {
        None => lines.push("settings    may not be read (DESCRIBE_CONFIGS on the topic)".to_owned()),
        Some(configs) => {
            let mut set = configs
                .iter()
                .filter(|config| config.origin != ConfigOrigin::Default)
                .peekable();
            if set.peek().is_none() {
                lines.push("settings    all by default".to_owned());
            }
            for (index, config) in set.enumerate() {
                let label = if index == 0 { "settings" } else { "" };
                let value = config.value.as_deref().unwrap_or("(secret)");
                let whose = match config.origin {
                    ConfigOrigin::Topic => "",
                    _ => "  (by the brokers)",
                };
                lines.push(format!("{label:<11} {}={value}{whose}", config.name));
            }
        }
    }
    lines
}

fn columns(info: &Info) -> Vec<(&'static str, ArrayRef)> {
    let partitions = &info.partitions;
    let brokers = |ids: &[i32]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let int = |of: &dyn Fn(&kaframe::PartitionInfo) -> Option<i64>| -> ArrayRef {
        Arc::new(partitions.iter().map(of).collect::<Int64Array>())
    };
    let text = |of: &dyn Fn(&kaframe::PartitionInfo) -> Option<String>| -> ArrayRef {
        Arc::new(StringArray::from_iter(partitions.iter().map(of)))
    };
    vec![
        (
            "partition",
            Arc::new(Int32Array::from_iter_values(partitions.iter().map(|p| p.id))),
        ),
        (
            "leader",
            Arc::new(partitions.iter().map(|p| p.leader).collect::<Int32Array>()),
        ),
        ("replicas", text(&|p| Some(brokers(&p.replicas)))),
        ("isr", text(&|p| Some(brokers(&p.isr)))),
        ("log_start_offset", int(&|p| p.log_start_offset)),
        ("last_stable_offset", int(&|p| p.last_stable_offset)),
        ("high_watermark", int(&|p| p.high_watermark)),
        ("first_time", text(&|p| p.first_time.clone())),
        ("last_time", text(&|p| p.last_time.clone())),
    ]
}
