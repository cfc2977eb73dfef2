//! How files are written.

use super::format::{FileCompression, FileFormat};

/// How files are written. The default goes by the name's ending and refuses a target that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOptions {
    /// Format; `None` goes by the name's ending.
    pub format: Option<FileFormat>,
    /// Compression; `None` is zstd for Parquet, and none for the others unless the name ends with `.gz` or `.zst`.
    pub compression: Option<FileCompression>,
    /// Most rows of a row group (Parquet) or of a record batch (Arrow).
    pub row_group_size: usize,
    /// Folders by columns, or by `year`, `month`, `day` or `hour` of a time: `day(_timestamp)`.
    pub partition_by: Vec<String>,
    /// Replaces what is there.
    pub overwrite: bool,
}

impl Default for FileOptions {
    fn default() -> FileOptions {
        FileOptions {
            format: None,
            compression: None,
            row_group_size: 122_880,
            partition_by: Vec::new(),
            overwrite: false,
        }
    }
}

impl FileOptions {
    /// Sets the format.
    #[must_use]
    pub fn format(mut self, format: FileFormat) -> FileOptions {
        self.format = Some(format);
        self
    }

    /// Sets the compression.
    #[must_use]
    pub fn compression(mut self, compression: FileCompression) -> FileOptions {
        self.compression = Some(compression);
        self
    }

    /// Parts the rows into folders by one more column or part of a time.
    #[must_use]
    pub fn partition_by(mut self, by: impl Into<String>) -> FileOptions {
        self.partition_by.push(by.into());
        self
    }

    /// Replaces what is there.
    #[must_use]
    pub fn overwrite(mut self) -> FileOptions {
        self.overwrite = true;
        self
    }
}
