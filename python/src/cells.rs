//! Cells: the first rows of a table as text, for display. Escaping is the display's business.

use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::ArrowError;

/// Characters of a cell, at most. A display shows fewer still.
const WIDTH: usize = 200;

/// The first rows as text, row by row; `None` is a null.
pub(crate) fn cells(batches: &[RecordBatch], rows: usize) -> Result<Vec<Vec<Option<String>>>, ArrowError> {
    // Inside a list or struct a null has no validity mark of its own on the screen.
    let options = FormatOptions::default().with_null("null");
    let mut lines = Vec::new();
    for batch in batches {
        let formatters = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows().min(rows - lines.len()) {
            let line = formatters.iter().zip(batch.columns()).map(|(formatter, column)| {
                // A column of the type Null has no validity bits, but only nulls.
                (!column.is_null(row) && !column.data_type().is_null()).then(|| cut(formatter.value(row).to_string()))
            });
            lines.push(line.collect());
        }
        if lines.len() >= rows {
            break;
        }
    }
    Ok(lines)
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(WIDTH) {
        text.truncate(end);
    }
    text
}
