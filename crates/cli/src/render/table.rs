//! A table for people: names, types under them, rows, and how many there are. It fits the terminal: long cells are cut, and where that is not
//! enough, columns in the middle are left out.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use kaframe::number::counted;

use super::Renderer;
use super::cell::{Cells, Reader, is_number, type_name};
use crate::exit::Failure;
use crate::terminal::{self, Style};

/// A cell is never cut to less than this.
const NARROWEST: usize = 10;
/// How wide a cell may be where there is no terminal to fit.
const WIDEST: usize = 200;

/// Prints a table.
pub struct Table<W> {
    out: W,
    width: Option<usize>,
    frame: Frame,
    columns: Vec<Column>,
    rows: usize,
}

struct Column {
    name: String,
    kind: String,
    right: bool,
    /// Cut, it would say something else, as numbers do, or nothing, as times do.
    whole: bool,
    cells: Vec<Option<String>>,
}

/// The characters of the frame.
#[derive(Clone, Copy)]
pub struct Frame {
    top: [&'static str; 4],
    middle: [&'static str; 4],
    bottom: [&'static str; 4],
    side: &'static str,
    gap: &'static str,
}

/// Left end, line, crossing, right end.
const UNICODE: Frame = Frame {
    top: ["┌", "─", "┬", "┐"],
    middle: ["├", "─", "┼", "┤"],
    bottom: ["└", "─", "┴", "┘"],
    side: "│",
    gap: "…",
};
const PLAIN: Frame = Frame {
    top: ["+", "-", "+", "+"],
    middle: ["+", "-", "+", "+"],
    bottom: ["+", "-", "+", "+"],
    side: "|",
    gap: "...",
};

impl Frame {
    /// Plain characters where the environment names a character set other than UTF-8.
    fn of_environment() -> Frame {
        let set = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty());
        match set {
            Some(locale) if !locale.to_ascii_lowercase().replace('-', "").contains("utf8") => PLAIN,
            _ => UNICODE,
        }
    }
}

impl<W: Write> Table<W> {
    /// To `out`; `width` is that of the terminal, where it is one.
    pub fn new(out: W, width: Option<usize>) -> Self {
        Table {
            out,
            width,
            frame: Frame::of_environment(),
            columns: Vec::new(),
            rows: 0,
        }
    }

    fn line(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.out, "{}", text.trim_end()).map_err(Failure::stdout)
    }

    fn rule(&mut self, layout: &Layout, [left, line, cross, right]: [&str; 4]) -> Result<(), Failure> {
        let parts: Vec<String> = layout.widths().map(|width| line.repeat(width + 2)).collect();
        let rule = format!("{left}{}{right}", parts.join(cross));
        let rule = terminal::styled_stdout(&rule, Style::Dim).into_owned();
        self.line(&rule)
    }

    fn row(&mut self, layout: &Layout, cell: impl Fn(&Column) -> (String, Option<Style>)) -> Result<(), Failure> {
        let side = terminal::styled_stdout(self.frame.side, Style::Dim).into_owned();
        let mut line = side.clone();
        for slot in &layout.slots {
            let (text, style, width, right) = match slot {
                Slot::Gap(width) => (self.frame.gap.to_owned(), Some(Style::Dim), *width, false),
                Slot::Column { index, width } => {
                    let column = &self.columns[*index];
                    let (text, style) = cell(column);
                    (terminal::cut(&text, *width).into_owned(), style, *width, column.right)
                }
            };
            let pad = width.saturating_sub(terminal::text_width(&text));
            let pad = " ".repeat(pad);
            let (before, after) = if right { (pad.as_str(), "") } else { ("", pad.as_str()) };
            let text = style.map_or_else(|| text.as_str().into(), |style| terminal::styled_stdout(&text, style));
            line.extend([" ", before, &text, after, " ", &side]);
        }
        self.line(&line)
    }

    fn print(&mut self) -> Result<(), Failure> {
        let layout = Layout::new(&self.columns, self.width, terminal::text_width(self.frame.gap));
        if !self.columns.is_empty() {
            self.rule(&layout, self.frame.top)?;
            self.row(&layout, |column| (column.name.clone(), Some(Style::Bold)))?;
            self.row(&layout, |column| (column.kind.clone(), Some(Style::Dim)))?;
            self.rule(&layout, self.frame.middle)?;
            for row in 0..self.rows {
                self.row(&layout, |column| match &column.cells[row] {
                    Some(text) => (text.clone(), None),
                    None => ("null".to_owned(), Some(Style::Dim)),
                })?;
            }
            self.rule(&layout, self.frame.bottom)?;
        }
        let shape = shape(self.rows, self.columns.len(), layout.shown());
        self.line(&shape)?;
        self.out.flush().map_err(Failure::stdout)
    }
}

fn shape(rows: usize, columns: usize, shown: usize) -> String {
    let hidden = if shown < columns {
        format!(" ({shown} shown; -f vertical shows all)")
    } else {
        String::new()
    };
    let (rows, columns) = (
        counted(rows as u64, "row", "rows"),
        counted(columns as u64, "column", "columns"),
    );
    format!("{rows} × {columns}{hidden}")
}

impl<W: Write> Renderer for Table<W> {
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), Failure> {
        let column = |field: &arrow_schema::FieldRef| Column {
            name: terminal::escape(field.name()).into_owned(),
            kind: type_name(field),
            right: is_number(field.data_type()),
            whole: is_number(field.data_type()) || field.data_type().is_temporal(),
            cells: Vec::new(),
        };
        self.columns = schema.fields().iter().map(column).collect();
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let schema = batch.schema();
        for (index, column) in self.columns.iter_mut().enumerate() {
            let cells = Cells::new(schema.field(index), batch.column(index), Reader::Person)?;
            for row in 0..batch.num_rows() {
                let text = cells.get(row)?;
                // A megabyte of text in a cell is cut before it is escaped and measured.
                column.cells.push(text.map(|text| {
                    terminal::cut(&terminal::escape(&terminal::cut(&text, WIDEST + 1)), WIDEST).into_owned()
                }));
            }
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.print()
    }
}

/// Which columns are shown, and how wide.
struct Layout {
    slots: Vec<Slot>,
}

enum Slot {
    Column {
        index: usize,
        width: usize,
    },
    /// Columns left out, and how wide the sign for it is.
    Gap(usize),
}

impl Layout {
    fn new(columns: &[Column], width: Option<usize>, gap: usize) -> Layout {
        let natural: Vec<usize> = columns.iter().map(Column::width).collect();
        let all = || {
            natural
                .iter()
                .enumerate()
                .map(|(index, width)| Slot::Column { index, width: *width })
                .collect()
        };
        let Some(width) = width else {
            return Layout { slots: all() };
        };
        // A column takes its text, a space on both sides and a line.
        let frame = |columns: usize| columns * 3 + 1;
        let narrow: Vec<usize> = columns
            .iter()
            .zip(&natural)
            .map(|(column, natural)| column.narrowest().min(*natural))
            .collect();
        let mut kept: Vec<usize> = (0..columns.len()).collect();
        // Columns in the middle go first: those in front are the value's, those at the end say where it is.
        while kept.len() > 2 {
            let hidden = kept.len() < columns.len();
            let needed = kept.iter().map(|index| narrow[*index]).sum::<usize>()
                + frame(kept.len())
                + if hidden { gap + 3 } else { 0 };
            if needed <= width {
                break;
            }
            kept.remove(kept.len() / 2);
        }
        let hidden = kept.len() < columns.len();
        let room = width.saturating_sub(frame(kept.len()) + if hidden { gap + 3 } else { 0 });
        let widths = fit(
            &kept.iter().map(|i| (narrow[*i], natural[*i])).collect::<Vec<_>>(),
            room,
        );
        let mut slots = Vec::new();
        for (place, (index, width)) in kept.iter().zip(widths).enumerate() {
            if place > 0 && kept[place - 1] + 1 != *index {
                slots.push(Slot::Gap(gap));
            }
            slots.push(Slot::Column { index: *index, width });
        }
        Layout { slots }
    }

    fn widths(&self) -> impl Iterator<Item = usize> + '_ {
        self.slots.iter().map(|slot| match slot {
            Slot::Column { width, .. } | Slot::Gap(width) => *width,
        })
    }

    fn shown(&self) -> usize {
        self.slots
            .iter()
            .filter(|slot| matches!(slot, Slot::Column { .. }))
            .count()
    }
}

/// Shares the room: every column gets its narrowest width, the rest goes to the one that is smallest so far and wants more.
fn fit(columns: &[(usize, usize)], room: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|(narrow, _)| *narrow).collect();
    let mut left = room.saturating_sub(widths.iter().sum());
    while left > 0 {
        let wanting = (0..columns.len())
            .filter(|i| widths[*i] < columns[*i].1)
            .min_by_key(|i| widths[*i]);
        let Some(index) = wanting else {
            break;
        };
        widths[index] += 1;
        left -= 1;
    }
    widths
}

impl Column {
    fn width(&self) -> usize {
        self.cells_width()
            .max(terminal::text_width(&self.name))
            .max(terminal::text_width(&self.kind))
            .max(1)
    }

    fn cells_width(&self) -> usize {
        self.cells
            .iter()
            .map(|cell| cell.as_ref().map_or(4, |text| terminal::text_width(text)))
            .max()
            .unwrap_or(0)
    }

    fn narrowest(&self) -> usize {
        let name = terminal::text_width(&self.name);
        if self.whole {
            self.cells_width()
                .max(name)
                .max(terminal::text_width(&self.kind).min(NARROWEST))
        } else {
            NARROWEST.max(name.min(2 * NARROWEST))
        }
    }
}

#[cfg(test)]
mod tests;
