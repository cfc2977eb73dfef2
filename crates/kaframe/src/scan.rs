//! A scan: a frozen plan that can be read as a table or streamed.

use arrow_schema::SchemaRef;

use crate::error::Result;
use crate::plan::Plan;
use crate::split::Split;
use crate::stream::RecordBatchStream;
use crate::table::Table;

/// A frozen plan. Reading or streaming it twice gives the same rows.
#[derive(Clone)]
pub struct Scan {}

impl Scan {
    /// What will be read.
    pub fn plan(&self) -> &Plan {
        todo!()
    }

    /// The plan as units of parallel work.
    pub fn splits(&self) -> Vec<Split> {
        todo!()
    }

    /// Schema that a stream has. Reads a sample the first time.
    pub async fn schema(&self) -> Result<SchemaRef> {
        todo!()
    }

    /// Reads it all.
    pub async fn read(&self) -> Result<Table> {
        todo!()
    }

    /// Reads it piece by piece.
    pub async fn stream(&self) -> Result<RecordBatchStream> {
        todo!()
    }
}
