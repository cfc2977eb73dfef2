//! Parquet files: row groups bounded by rows and by bytes, the report as key-value metadata of the footer.

use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::format::FileCompression;
use super::sink::{Encoder, Metadata, Out, Problem, Recipe};

pub(super) struct Parquet(ArrowWriter<Out>);

impl Parquet {
    pub fn new(out: Out, recipe: &Recipe) -> Result<Parquet, Problem> {
        let compression = match recipe.compression {
            FileCompression::None => Compression::UNCOMPRESSED,
            FileCompression::Snappy => Compression::SNAPPY,
            FileCompression::Gzip => Compression::GZIP(GzipLevel::default()),
            FileCompression::Lz4 => Compression::LZ4_RAW,
            FileCompression::Zstd => Compression::ZSTD(ZstdLevel::default()),
        };
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_max_row_group_row_count(Some(recipe.row_group_size))
            .set_max_row_group_bytes(Some(recipe.row_group_bytes))
            .set_created_by(format!("kaframe {}", env!("CARGO_PKG_VERSION")))
            .build();
        let mut writer = ArrowWriter::try_new(out, recipe.schema.clone(), Some(properties)).map_err(problem)?;
        add(&mut writer, &recipe.metadata);
        Ok(Parquet(writer))
    }
}

fn add(writer: &mut ArrowWriter<Out>, metadata: &Metadata) {
    for (key, value) in metadata {
        writer.append_key_value_metadata(KeyValue::new(key.clone(), value.clone()));
    }
}

impl Encoder for Parquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Problem> {
        self.0.write(batch).map_err(problem)
    }

    fn finish(mut self: Box<Self>, metadata: &Metadata) -> Result<Out, Problem> {
        add(&mut self.0, metadata);
        self.0.into_inner().map_err(problem)
    }
}

fn problem(error: ParquetError) -> Problem {
    match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(error) => Problem::Io(*error),
            Err(cause) => Problem::Data(cause.to_string()),
        },
        other => Problem::Data(other.to_string()),
    }
}
