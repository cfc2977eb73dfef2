//! A filter in plain Arrow.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, SchemaRef};
use kaframe::{Error, Filter, Implied, Mask, Result};

/// `column >= least`, whatever the type; a cast that fails is null.
#[derive(Debug, Clone)]
pub struct AtLeast {
    pub column: Vec<String>,
    pub least: f64,
    pub implied: Implied,
    pub text: String,
    /// Rows that masks were computed for, and masks.
    pub looked_at: Arc<(AtomicUsize, AtomicUsize)>,
}

pub fn at_least(column: &str, least: f64) -> AtLeast {
    AtLeast {
        column: vec![column.to_owned()],
        least,
        implied: Implied::default(),
        text: format!("{column} >= {least}"),
        looked_at: Arc::default(),
    }
}

impl Filter for AtLeast {
    fn text(&self) -> &str {
        &self.text
    }

    fn columns(&self) -> &[String] {
        &self.column
    }

    fn implies(&self) -> Implied {
        self.implied.clone()
    }

    fn bind(&self, schema: &SchemaRef) -> Result<Arc<dyn Mask>> {
        match schema.field_with_name(&self.column[0]) {
            Ok(field) if matches!(field.data_type(), DataType::Struct(_)) => {
                Err(Error::config(format!("{} is an object", self.column[0])))
            }
            Ok(_) => Ok(Arc::new(self.clone())),
            Err(error) => panic!("{error}"),
        }
    }
}

impl Mask for AtLeast {
    fn mask(&self, rows: &RecordBatch) -> Result<BooleanArray> {
        self.looked_at.0.fetch_add(rows.num_rows(), Relaxed);
        self.looked_at.1.fetch_add(1, Relaxed);
        let column = rows.column_by_name(&self.column[0]).expect("the column");
        let numbers = cast(column, &DataType::Float64).expect("numbers or text");
        let numbers = numbers.as_primitive::<Float64Type>();
        Ok(numbers.iter().map(|n| n.map(|n| n >= self.least)).collect())
    }
}
