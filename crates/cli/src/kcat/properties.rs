//! Properties of kcat mode: `-X`, then one file (`-F`, or else `$KCAT_CONFIG`, `~/.config/kcat.conf`), `-b` above all.
//!
//! What stands on the command line counts more than what stands in a file; kcat has it the other way round for files that it finds by itself. A file that
//! nobody named and that names other brokers than the command line keeps its credentials to itself.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use kaframe::{Compression, IsolationLevel, KeyHash};

use super::arguments::{Arguments, Property};
use super::stop::Stop;

/// Where a consumer goes whose offset is not in the log: `auto.offset.reset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reset {
    /// To the log start.
    Beginning,
    /// To the end, librdkafka's default.
    #[default]
    End,
    /// Nowhere.
    Fail,
}

/// Properties that mean something to this mode and not to a connection.
#[derive(Debug, Clone)]
pub struct Known {
    pub isolation: IsolationLevel,
    pub reset: Reset,
    pub compression: Compression,
    pub key_hash: KeyHash,
}

impl Default for Known {
    fn default() -> Self {
        Known {
            isolation: IsolationLevel::default(),
            reset: Reset::default(),
            compression: Compression::default(),
            // librdkafka's, which is not that of everything else here.
            key_hash: KeyHash::Crc32,
        }
    }
}

const SERVERS: [&str; 2] = ["bootstrap.servers", "metadata.broker.list"];

type Properties = BTreeMap<String, String>;

/// Gathers the properties of the connection, those of this mode, and what is to be said about them.
pub fn gather(arguments: &Arguments) -> Result<(Properties, Known, Vec<String>), Stop> {
    let mut properties = Properties::new();
    let mut notes = Vec::new();
    let mut named_file = arguments.no_file;
    for property in &arguments.properties {
        match property {
            Property::One(key, value) => {
                properties.insert(bare(key).to_owned(), value.clone());
            }
            Property::File(path) => {
                named_file = true;
                for (key, value) in read(Path::new(path))? {
                    properties.entry(key).or_insert(value);
                }
            }
        }
    }
    if let Some(brokers) = &arguments.brokers {
        SERVERS.iter().for_each(|name| drop(properties.remove(*name)));
        properties.insert("bootstrap.servers".to_owned(), brokers.clone());
    }
    if !named_file && let Some(path) = found_file()? {
        take_found(&mut properties, read(&path)?, &path, &mut notes);
    }
    if let Some(codec) = &arguments.codec {
        properties.remove("compression.type");
        properties.insert("compression.codec".to_owned(), codec.clone());
    }
    let known = known(&mut properties)?;
    Ok((properties, known, notes))
}

/// `topic.` before a property says only that it is one of topics.
fn bare(key: &str) -> &str {
    key.strip_prefix("topic.")
        .filter(|rest| !rest.starts_with("metadata."))
        .unwrap_or(key)
}

fn known(properties: &mut Properties) -> Result<Known, Stop> {
    let mut known = Known::default();
    if let Some(level) = properties.remove("isolation.level") {
        known.isolation = level.parse()?;
    }
    if let Some(reset) = properties.remove("auto.offset.reset") {
        known.reset = match reset.as_str() {
            "smallest" | "earliest" | "beginning" => Reset::Beginning,
            "largest" | "latest" | "end" => Reset::End,
            "error" | "none" => Reset::Fail,
            other => {
                return Err(Stop::Fatal(format!(
                    "Invalid value \"{other}\" for configuration property \"auto.offset.reset\": earliest, latest or error"
                )));
            }
        };
    }
    for name in ["compression.codec", "compression.type"] {
        if let Some(codec) = properties.remove(name) {
            known.compression = codec.parse().map_err(|_| {
                Stop::Fatal(format!(
                    "Invalid value \"{codec}\" for configuration property \"{name}\": none, gzip, snappy, lz4 or zstd"
                ))
            })?;
        }
    }
    match properties.remove("partitioner").as_deref() {
        None | Some("consistent_random") => {}
        Some("murmur2_random") => known.key_hash = KeyHash::Murmur2,
        Some(other) => {
            return Err(Stop::cannot(
                &format!("-X partitioner={other}"),
                "it is consistent_random (the default) or murmur2_random (Java's)",
            ));
        }
    }
    if properties.contains_key("transactional.id") {
        return Err(Stop::cannot(
            "-X transactional.id",
            "kaframe writes no transactions; its writes are idempotent without one",
        ));
    }
    if let Some(name) = properties.keys().find(|key| key.starts_with("schema.registry.")) {
        return Err(Stop::cannot(
            &format!("-X {name}"),
            "there is no schema registry client yet",
        ));
    }
    // Set by kcat itself, and by those who copy its configuration.
    properties.remove("enable.partition.eof");
    Ok(known)
}

/// The file that is read when none was named.
fn found_file() -> Result<Option<PathBuf>, Stop> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = set("KCAT_CONFIG").or_else(|| set("KAFKACAT_CONFIG")) {
        return Ok(Some(path));
    }
    let Some(home) = set("HOME") else { return Ok(None) };
    let candidates = ["kcat.conf", "kafkacat.conf"].map(|name| home.join(".config").join(name));
    Ok(candidates.into_iter().find(|path| path.is_file()))
}

/// Takes what nobody asked for by name: never above the command line, and no credentials for other brokers.
fn take_found(properties: &mut Properties, found: Properties, path: &Path, notes: &mut Vec<String>) {
    let servers = |of: &Properties| SERVERS.iter().find_map(|name| of.get(*name).cloned());
    let (here, there) = (servers(properties), servers(&found));
    let others = here.is_some() && there.is_some() && here != there;
    let mut kept_back = false;
    for (key, value) in found {
        if SERVERS.contains(&key.as_str()) && here.is_some() {
            continue;
        }
        if others
            && ["sasl.", "ssl.", "security."]
                .iter()
                .any(|prefix| key.starts_with(prefix))
        {
            kept_back = true;
            continue;
        }
        properties.entry(key).or_insert(value);
    }
    if kept_back {
        notes.push(format!(
            "{} is for other brokers: its credentials are not used; name it with -F to use them",
            path.display()
        ));
    }
}

/// Lines of `key=value`; blank lines and those that begin with `#` are none. `\:` and `\=` are what Java writes for `:` and `=`.
fn read(path: &Path) -> Result<Properties, Stop> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|e| Stop::Fatal(format!("Failed to open {shown}: {e}")))?;
    let mut properties = Properties::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.replace("\\:", ":").replace("\\=", "=");
        match line.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                properties.insert(bare(key.trim_end()).to_owned(), value.trim_start().to_owned());
            }
            // The line is not shown: it may hold a secret.
            _ => return Err(Stop::Fatal(format!("{shown}:{}: expected property=value", index + 1))),
        }
    }
    Ok(properties)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Properties {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn files_have_comments_escapes_and_long_lines() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kcat.conf");
        let long = "x".repeat(2000);
        fs::write(
            &path,
            format!(
                "# comment\n\n bootstrap.servers=a\\:9092 \ntopic.auto.offset.reset=earliest\nsasl.password={long}=\n"
            ),
        )
        .unwrap();
        let read_back = read(&path).unwrap();
        assert_eq!(read_back["bootstrap.servers"], "a:9092");
        assert_eq!(read_back["auto.offset.reset"], "earliest");
        assert_eq!(read_back["sasl.password"], format!("{long}="));
        fs::write(&path, "secret\n").unwrap();
        match read(&path) {
            Err(Stop::Fatal(message)) => assert!(message.ends_with(":1: expected property=value"), "{message}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn credentials_of_other_brokers_stay_in_their_file() {
        let found = || {
            map(&[
                ("bootstrap.servers", "prod:9092"),
                ("sasl.password", "hunter2"),
                ("client.id", "me"),
            ])
        };
        let mut notes = Vec::new();
        let mut dev = map(&[("bootstrap.servers", "dev:9092")]);
        take_found(&mut dev, found(), Path::new("kcat.conf"), &mut notes);
        assert_eq!(dev, map(&[("bootstrap.servers", "dev:9092"), ("client.id", "me")]));
        assert_eq!(notes.len(), 1);
        let mut any = Properties::new();
        take_found(&mut any, found(), Path::new("kcat.conf"), &mut notes);
        assert_eq!(any, found());
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn properties_of_this_mode_are_taken_out() {
        let mut properties = map(&[
            ("isolation.level", "read_uncommitted"),
            ("auto.offset.reset", "earliest"),
            ("compression.codec", "zstd"),
            ("client.id", "me"),
        ]);
        let known = known(&mut properties).unwrap();
        assert_eq!(known.isolation, IsolationLevel::ReadUncommitted);
        assert_eq!(known.reset, Reset::Beginning);
        assert_eq!(known.compression, Compression::Zstd);
        assert_eq!(properties, map(&[("client.id", "me")]));
        assert_eq!(known.key_hash, KeyHash::Crc32);
        let java = super::known(&mut map(&[("partitioner", "murmur2_random")])).unwrap();
        assert_eq!(java.key_hash, KeyHash::Murmur2);
        assert!(super::known(&mut map(&[("partitioner", "fnv1a")])).is_err());
        assert!(super::known(&mut map(&[("transactional.id", "x")])).is_err());
        assert_eq!(bare("topic.auto.offset.reset"), "auto.offset.reset");
        assert_eq!(
            bare("topic.metadata.refresh.interval.ms"),
            "topic.metadata.refresh.interval.ms"
        );
    }
}
