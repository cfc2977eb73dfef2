//! Encoded rows in one buffer.

/// One byte string or null per row.
#[derive(Debug, Clone)]
pub struct Rows {
    /// Where each row starts, and at the end where the next will.
    offsets: Vec<usize>,
    data: Vec<u8>,
    /// Whether each row is null; absent while none is.
    nulls: Option<Vec<bool>>,
}

impl Default for Rows {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl Rows {
    pub(super) fn with_capacity(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self {
            offsets,
            data: Vec::new(),
            nulls: None,
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of row `i`; `None` for a null.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn get(&self, i: usize) -> Option<&[u8]> {
        let bytes = &self.data[self.offsets[i]..self.offsets[i + 1]];
        if self.nulls.as_ref().is_some_and(|nulls| nulls[i]) {
            None
        } else {
            Some(bytes)
        }
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&[u8]>> {
        (0..self.len()).map(|i| self.get(i))
    }

    /// Makes room for as many rows, as long as those so far on average.
    pub(super) fn reserve(&mut self, rows: usize) {
        let average = self.data.len() / self.len().max(1) + 1;
        self.data
            .reserve(rows.saturating_sub(self.len()).saturating_mul(average + average / 16));
    }

    /// Where the bytes of the row at hand are appended.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.data
    }

    /// Ends the row at hand.
    pub(super) fn close(&mut self) {
        self.offsets.push(self.data.len());
        if let Some(nulls) = &mut self.nulls {
            nulls.push(false);
        }
    }

    /// Makes the row at hand a null.
    pub(super) fn close_null(&mut self) {
        let rows = self.len();
        self.nulls.get_or_insert_with(|| vec![false; rows]).push(true);
        self.offsets.push(self.data.len());
    }
}
