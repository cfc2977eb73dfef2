//! What the tests of the command share: the built binary, and a broker that it runs itself.

#![allow(dead_code, reason = "every test binary uses its own part")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};

/// The command, without what the environment might say about brokers and colours.
pub fn kaframe() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaframe"));
    command
        .env_remove("KAFKA_BOOTSTRAP_SERVERS")
        .env_remove("NO_COLOR")
        .env_remove("LC_ALL")
        .stdin(Stdio::null());
    command
}

/// `kaframe broker`, until it is dropped.
pub struct Broker {
    child: Child,
    pub servers: String,
}

impl Broker {
    /// Starts it with `--topic` for each of these.
    pub fn start(topics: &[&str]) -> Broker {
        let mut command = kaframe();
        command.args(["-q", "broker", "--port", "0"]);
        topics.iter().for_each(|topic| {
            command.args(["--topic", topic]);
        });
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the broker starts");
        let mut servers = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout)
            .read_line(&mut servers)
            .expect("it prints its address first");
        Broker {
            child,
            servers: servers.trim().to_owned(),
        }
    }

    /// Runs the command against it.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with_input(args, "")
    }

    /// Runs the command against it with this standard input.
    pub fn run_with_input(&self, args: &[&str], input: &str) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_owned();
        let writer = std::thread::spawn(move || {
            // A command that has seen enough closes its end.
            let _ = stdin.write_all(input.as_bytes());
        });
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("no panic");
        output.into()
    }

    /// The command with all its ends on pipes, not started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = kaframe();
        command
            .args(["-b", &self.servers])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Writes lines of JSON and expects that to work.
    pub fn fill(&self, topic: &str, lines: &str) {
        let ran = self.run_with_input(&["write", topic], lines);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Rows of lines of JSON.
    pub fn rows(&self) -> Vec<serde_json::Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code().expect("an exit code"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}
