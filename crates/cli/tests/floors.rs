//! The floors of the workspace, held against `cargo metadata`: an arrow between crates goes only downwards, and what a
//! floor must not know cannot be reached from it by any way, foreign crates included.
//!
//! ```text
//! 4  cli      python        entry points; only they start the embedded broker
//! 3  sql                    the only one that knows DataFusion
//! 2  kaframe
//! 1  client   broker        the only ones with sockets; they do not know each other
//! 0  wire     codec         pure bytes; they do not know each other
//! ```
//!
//! Dev-dependencies on `broker` are free from floor 1 up.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Every crate of the workspace and its floor. A new crate has to be given one here.
const FLOORS: &[(&str, u8)] = &[
    ("kaframe-wire", 0),
    ("kaframe-codec", 0),
    ("kaframe-client", 1),
    ("kaframe-broker", 1),
    ("kaframe", 2),
    ("kaframe-sql", 3),
    ("kaframe-cli", 4),
    ("kaframe-python", 4),
];

/// Who must not reach what: a name, or a prefix that ends with `*`. Ways through dev-dependencies do not count.
const CLOSED: &[(&[&str], &[&str], &str)] = &[
    (
        &["kaframe-wire", "kaframe-codec"],
        &["tokio", "tokio-*", "mio", "socket2"],
        "floor 0 is pure bytes: no async, no sockets",
    ),
    (
        &["kaframe-wire", "kaframe-client", "kaframe-broker"],
        &["arrow", "arrow-*", "parquet"],
        "Arrow begins in codec and kaframe",
    ),
    (
        &["kaframe-client"],
        &["kaframe-broker", "kaframe-codec"],
        "client and broker do not know each other",
    ),
    (
        &["kaframe-broker"],
        &["kaframe-client", "kaframe-codec"],
        "client and broker do not know each other",
    ),
    (
        &["kaframe", "kaframe-sql"],
        &["kaframe-broker"],
        "only entry points start the embedded broker",
    ),
    (
        &[
            "kaframe-wire",
            "kaframe-codec",
            "kaframe-client",
            "kaframe-broker",
            "kaframe",
        ],
        &["datafusion", "datafusion-*"],
        "only sql knows DataFusion, and entry points through it",
    ),
    (
        &[
            "kaframe-wire",
            "kaframe-codec",
            "kaframe-client",
            "kaframe-broker",
            "kaframe",
            "kaframe-sql",
            "kaframe-cli",
        ],
        &["pyo3", "pyo3-*"],
        "only python knows Python",
    ),
];

struct Workspace {
    /// Package name of every package id.
    names: BTreeMap<String, String>,
    /// Ids of the workspace's own packages.
    members: Vec<String>,
    /// What a package needs to be built and run.
    normal: BTreeMap<String, Vec<String>>,
    /// What its tests need beyond that.
    dev: BTreeMap<String, Vec<String>>,
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

impl Workspace {
    fn load() -> Workspace {
        let cargo = || Command::new(env!("CARGO"));
        let version = output(cargo().arg("-vV"));
        // Without the host's name cargo wants the manifests of every platform, which nobody has downloaded.
        let host = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .expect("cargo names its host");
        let text = output(cargo().current_dir(env!("CARGO_MANIFEST_DIR")).args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--filter-platform",
            host,
        ]));
        let metadata: Value = serde_json::from_str(&text).expect("cargo writes JSON");

        let string = |value: &Value| value.as_str().expect("a string").to_owned();
        let list = |value: &Value| value.as_array().expect("a list").clone();
        let names = list(&metadata["packages"])
            .iter()
            .map(|package| (string(&package["id"]), string(&package["name"])))
            .collect();
        let members = list(&metadata["workspace_members"]).iter().map(string).collect();
        let mut normal: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut dev: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"]) {
            let from = string(&node["id"]);
            for dependency in list(&node["deps"]) {
                for kind in list(&dependency["dep_kinds"]) {
                    let edges = if kind["kind"] == "dev" { &mut dev } else { &mut normal };
                    edges.entry(from.clone()).or_default().push(string(&dependency["pkg"]));
                }
            }
        }
        Workspace {
            names,
            members,
            normal,
            dev,
        }
    }

    fn name(&self, id: &str) -> &str {
        &self.names[id]
    }

    fn id(&self, name: &str) -> Option<&String> {
        self.members.iter().find(|id| self.name(id) == name)
    }

    fn edges<'w>(edges: &'w BTreeMap<String, Vec<String>>, from: &str) -> &'w [String] {
        edges.get(from).map_or(&[], Vec::as_slice)
    }

    /// Every package that `from` needs, however far away.
    fn reach(&self, from: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(id) = next.pop() {
            for to in Self::edges(&self.normal, id) {
                if seen.insert(to.as_str()) {
                    next.push(to);
                }
            }
        }
        seen.into_iter().map(|id| self.name(id)).collect()
    }
}

fn floor(name: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(crate_name, _)| *crate_name == name)
        .map(|(_, floor)| *floor)
}

fn matches(name: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

#[test]
fn arrows_go_downwards() {
    let workspace = Workspace::load();
    let mut wrong = Vec::new();
    for id in &workspace.members {
        let from = workspace.name(id);
        let Some(high) = floor(from) else {
            wrong.push(format!("{from} has no floor"));
            continue;
        };
        for to in Workspace::edges(&workspace.normal, id)
            .iter()
            .map(|to| workspace.name(to))
        {
            if floor(to).is_some_and(|low| low >= high) {
                wrong.push(format!("{from} -> {to}"));
            }
        }
        for to in Workspace::edges(&workspace.dev, id).iter().map(|to| workspace.name(to)) {
            let broker = to == "kaframe-broker" && high >= 1;
            if !broker && floor(to).is_some_and(|low| low >= high) {
                wrong.push(format!("{from} -> {to} (dev)"));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that do not go downwards: {wrong:#?}");
}

#[test]
fn closed_ways_are_closed() {
    let workspace = Workspace::load();
    let mut wrong = Vec::new();
    for (crates, forbidden, why) in CLOSED {
        for from in *crates {
            // `sql` does not exist from the start.
            let Some(id) = workspace.id(from) else { continue };
            for to in workspace.reach(id) {
                if forbidden.iter().any(|pattern| matches(to, pattern)) {
                    wrong.push(format!("{from} reaches {to}: {why}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The rules above are worth nothing if the graph is read wrongly: these ways must be found.
#[test]
fn open_ways_are_seen() {
    let workspace = Workspace::load();
    for (from, to) in [
        ("kaframe-wire", "kafka-protocol"),
        ("kaframe-client", "kaframe-wire"),
        ("kaframe-client", "tokio"),
        ("kaframe-codec", "arrow-schema"),
        ("kaframe-cli", "kaframe-wire"),
        ("kaframe-cli", "kaframe-broker"),
        ("kaframe-python", "pyo3"),
    ] {
        let id = workspace.id(from).unwrap_or_else(|| panic!("{from} is no member"));
        assert!(workspace.reach(id).contains(to), "{from} does not reach {to}");
    }
}
