//! The prompt: queries of several lines until a `;`, a history that outlives it, names completed. An error ends a query, not the prompt.

use std::path::PathBuf;

use kaframe_sql::blocking::Database;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use super::completion::Names;
use crate::exit::Failure;
use crate::flag::output::Format;
use crate::render::print_line;
use crate::{Context, messages};

/// Queries that the history keeps.
const HISTORY: usize = 1000;

const HELP: &str = "a query, ended by ;    topics are tables, as they are written\n\\d  topics    \\d NAME  columns of a topic    \\q  quit    Ctrl-C  stop a query    Tab  complete a name";

/// Asks until `\q` or the end of the input.
pub fn run(database: &Database, context: &Context, format: Format) -> Result<(), Failure> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .auto_add_history(false)
        .max_history_size(HISTORY)
        .map_err(not_a_terminal)?
        .build();
    let mut editor: Editor<Names<'_>, FileHistory> = Editor::with_config(config).map_err(not_a_terminal)?;
    editor.set_helper(Some(Names::new(database)));
    // The editor takes the signal for itself when it is made, for as long as it lives: a query could not be stopped.
    context.interrupt.watch().map_err(Failure::no_watch)?;
    let history = history_file();
    if let Some(file) = &history {
        // The first time there is none.
        let _ = editor.load_history(file);
    }
    if !context.output.quiet {
        messages::note(HELP);
    }
    loop {
        let line = match editor.readline("kaframe> ") {
            Ok(line) => line,
            // Ctrl-C gives up what was typed.
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(failed) => return Err(not_a_terminal(failed)),
        };
        let text = line.trim();
        if text.is_empty() || text == ";" {
            continue;
        }
        let _ = editor.add_history_entry(text);
        if matches!(text.trim_end_matches(';'), "\\q" | "exit" | "quit") {
            break;
        }
        let done = match text.strip_prefix("\\d") {
            Some(name) => describe(database, name.trim().trim_end_matches(';')),
            None if text.starts_with('\\') => print_line(HELP),
            None => super::answer(database, text, format, context.interrupt.catch(), context),
        };
        context.interrupt.release();
        match done {
            Ok(()) => {}
            Err(Failure::ClosedPipe) => return Err(Failure::ClosedPipe),
            Err(Failure::Error(error)) if error.kind() == kaframe::ErrorKind::Cancelled => messages::note("stopped"),
            Err(failure) => messages::failure(&failure),
        }
    }
    if let Some(file) = &history {
        let kept = file.parent().map(std::fs::create_dir_all).transpose().is_ok() && editor.save_history(file).is_ok();
        if !kept {
            messages::warning(&format!("the history could not be kept in {}", file.display()));
        }
    }
    Ok(())
}

/// `\d`: the topics, or the columns of one.
fn describe(database: &Database, name: &str) -> Result<(), Failure> {
    if name.is_empty() {
        return print_line(&database.tables()?.join("\n"));
    }
    let schema = database.columns(name)?;
    let width = schema
        .fields()
        .iter()
        .map(|field| field.name().chars().count())
        .max()
        .unwrap_or(0);
    let lines = schema
        .fields()
        .iter()
        .map(|field| format!("{:width$}  {}", field.name(), field.data_type()));
    print_line(&lines.collect::<Vec<_>>().join("\n"))
}

fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    Some(
        state
            .filter(|path| path.is_absolute())
            .or_else(home)?
            .join("kaframe/sql_history"),
    )
}

fn not_a_terminal(failed: ReadlineError) -> Failure {
    Failure::Io("the prompt".to_owned(), std::io::Error::other(failed.to_string()))
}
