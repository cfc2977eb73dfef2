//! `kaframe topics`: list, create, describe, delete.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray};
use clap::{Args, Subcommand};
use kaframe::{Error, ErrorKind, NewTopic, TopicDescription};

use crate::Context;
use crate::exit::Failure;
use crate::flag::connection::Connection;
use crate::flag::output::{Format, Rows};
use crate::render;
use crate::{glob, messages};

/// List, create, describe and delete topics.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Topics {
    #[command(flatten)]
    list: List,
    #[command(subcommand)]
    command: Option<TopicsCommand>,
}

#[derive(Subcommand, Debug)]
enum TopicsCommand {
    /// All topics
    #[command(alias = "ls")]
    List(List),
    /// Create a topic
    Create(Create),
    /// Partitions of a topic, their leaders and offsets
    Describe(Describe),
    /// Delete a topic and all its records
    Delete(Delete),
}

#[derive(Args, Debug)]
struct List {
    /// Only topics of these names or patterns, as 'ord*'; all topics without
    #[arg(value_name = "PATTERN", add = crate::completion::topics())]
    patterns: Vec<String>,
    /// Kafka's own topics too
    #[arg(long)]
    internal: bool,
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Args, Debug)]
struct Create {
    /// Topic
    topic: String,
    /// Partitions; without it the broker's default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Copies of each partition; without it the broker's default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i16).range(1..))]
    replication_factor: Option<i16>,
    /// A configuration of the topic, such as cleanup.policy=compact; may be repeated
    #[arg(long = "config", value_name = "KEY=VALUE", value_parser = parse_config)]
    configs: Vec<(String, String)>,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Args, Debug)]
struct Describe {
    /// Topic
    #[arg(add = crate::completion::topics())]
    topic: String,
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Args, Debug)]
struct Delete {
    /// Topic
    #[arg(add = crate::completion::topics())]
    topic: String,
    #[command(flatten)]
    connection: Connection,
}

fn parse_config(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

impl Topics {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        match self.command {
            // `kaframe topics 'ord*'` is a list too.
            None => self.list.run(context),
            Some(TopicsCommand::List(list)) => list.run(context),
            Some(TopicsCommand::Create(create)) => create.run(context),
            Some(TopicsCommand::Describe(describe)) => describe.run(context),
            Some(TopicsCommand::Delete(delete)) => delete.run(context),
        }
    }
}

impl List {
    fn run(self, context: &Context) -> Result<(), Failure> {
        let mut topics = context.cluster(&self.connection)?.topics()?;
        let all = topics.len();
        topics.retain(|topic| {
            let named = self.patterns.iter().any(|pattern| glob::matches(pattern, &topic.name));
            let wanted = self.patterns.is_empty() || named;
            wanted && (self.internal || !topic.internal || self.patterns.contains(&topic.name))
        });
        if topics.is_empty() && !self.patterns.is_empty() {
            let one = self.patterns.iter().find(|pattern| !glob::is_pattern(pattern));
            let hint = match one {
                Some(name) => format!("names are whole: '*{name}*' looks for it anywhere in them"),
                None => format!("of {all} topics none fits; --internal lists Kafka's own too"),
            };
            return Err(Error::new(
                ErrorKind::TopicNotFound,
                format!("no topic is called {}", self.patterns.join(", ")),
            )
            .with_hint(hint)
            .into());
        }
        for pattern in &self.patterns {
            if !topics.iter().any(|topic| glob::matches(pattern, &topic.name)) {
                messages::warning(&format!("no topic is called {pattern}"));
            }
        }
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(topics.iter().map(|t| &t.name)));
        let partitions: ArrayRef = Arc::new(Int32Array::from_iter_values(topics.iter().map(|t| t.partitions)));
        let mut columns = vec![("topic", names), ("partitions", partitions)];
        if self.internal {
            columns.push((
                "internal",
                Arc::new(BooleanArray::from_iter(topics.iter().map(|t| Some(t.internal)))),
            ));
        }
        print(columns, self.rows.format_of_rows()?)
    }
}

impl Create {
    fn run(self, context: &Context) -> Result<(), Failure> {
        let cluster = context.cluster(&self.connection)?;
        let topic = NewTopic {
            name: self.topic,
            partitions: self.partitions.unwrap_or(-1),
            replication_factor: self.replication_factor.unwrap_or(-1),
            configs: self.configs.into_iter().collect(),
        };
        cluster.create_topic(&topic)?;
        say(context, &format!("topic {} is created", topic.name));
        Ok(())
    }
}

impl Describe {
    fn run(self, context: &Context) -> Result<(), Failure> {
        let description = context.cluster(&self.connection)?.describe_topic(&self.topic)?;
        print(partition_columns(&description), self.rows.format_of_rows()?)?;
        let id = description
            .id
            .as_ref()
            .map_or_else(String::new, |id| format!(", id {id}"));
        say(context, &format!("topic {}{id}", description.name));
        match &description.configs {
            Some(configs) if context.output.verbose => {
                for (key, value) in configs {
                    say(context, &format!("{key}={}", value.as_deref().unwrap_or("")));
                }
            }
            Some(configs) => {
                if let Some(Some(policy)) = configs.get("cleanup.policy") {
                    say(
                        context,
                        &format!("cleanup.policy={policy}; -v shows the whole configuration"),
                    );
                }
            }
            None => say(
                context,
                "the configuration may not be read (DESCRIBE_CONFIGS on the topic)",
            ),
        }
        Ok(())
    }
}

fn partition_columns(description: &TopicDescription) -> Vec<(&'static str, ArrayRef)> {
    let partitions = &description.partitions;
    let brokers = |ids: &[i32]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let int32 = |of: &dyn Fn(&kaframe::PartitionDescription) -> Option<i32>| -> ArrayRef {
        Arc::new(partitions.iter().map(of).collect::<Int32Array>())
    };
    let int64 = |of: &dyn Fn(&kaframe::PartitionDescription) -> Option<i64>| -> ArrayRef {
        Arc::new(partitions.iter().map(of).collect::<Int64Array>())
    };
    let text = |of: &dyn Fn(&kaframe::PartitionDescription) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(partitions.iter().map(of)))
    };
    vec![
        ("partition", int32(&|p| Some(p.id))),
        ("leader", int32(&|p| p.leader)),
        ("leader_epoch", int32(&|p| Some(p.leader_epoch))),
        ("replicas", text(&|p| brokers(&p.replicas))),
        ("isr", text(&|p| brokers(&p.isr))),
        ("log_start_offset", int64(&|p| p.log_start_offset)),
        ("last_stable_offset", int64(&|p| p.last_stable_offset)),
        ("high_watermark", int64(&|p| p.high_watermark)),
    ]
}

impl Delete {
    fn run(self, context: &Context) -> Result<(), Failure> {
        context.cluster(&self.connection)?.delete_topic(&self.topic)?;
        say(context, &format!("topic {} is deleted", self.topic));
        Ok(())
    }
}

fn print(columns: Vec<(&'static str, ArrayRef)>, format: Format) -> Result<(), Failure> {
    let batch = RecordBatch::try_from_iter(columns)
        .map_err(|e| Failure::Input(format!("internal error: {e}"), String::new()))?;
    let mut out = render::to_stdout(format);
    out.begin(&batch.schema())?;
    out.batch(&batch)?;
    out.end()
}

fn say(context: &Context, message: &str) {
    if !context.output.quiet {
        messages::note(message);
    }
}
