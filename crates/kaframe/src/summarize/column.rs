//! One column, gathered: what a value costs is one hash, one look at a register, one look-up and one bin.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal128Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMillisecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use serde::Serialize;

use super::distinct::{HyperLogLog, hash_bytes, hash_u64};
use super::frequent::{Frequent, SHOWN, Value};
use super::histogram::{Bins, Histogram, Ladder};
use super::kind::Kind;

/// Most frequent values that are given.
const TOP: usize = 10;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnSummary {
    /// Name; fields of a nested column have dots.
    pub name: String,
    /// Arrow type.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Values that are not null.
    pub values: u64,
    /// Nulls.
    pub nulls: u64,
    /// Different values; `None` where they are not counted (lists, maps).
    pub distinct: Option<u64>,
    /// Whether `distinct` is exact; else it is within a few per cent.
    pub distinct_exact: bool,
    /// Least value, as text; text by bytes.
    pub min: Option<String>,
    /// Greatest value, as text.
    pub max: Option<String>,
    /// Mean of numbers; of text, bytes and lists the mean length.
    pub mean: Option<f64>,
    /// Least and greatest length of text, bytes and lists.
    pub lengths: Option<(u64, u64)>,
    /// The most frequent values.
    pub top: Vec<TopValue>,
    /// Numbers, times and lengths by size.
    pub histogram: Option<Histogram>,
}

/// A frequent value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopValue {
    /// The value as text; long ones end in `…`.
    pub value: String,
    /// How often it comes at least.
    pub count: u64,
    /// How often it comes at most; the same where the count is exact.
    pub at_most: u64,
}

/// A value of text or bytes.
type Bytes = Box<[u8]>;

/// A column that grows.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) data_type: DataType,
    kind: Kind,
    values: u64,
    nulls: u64,
    distinct: HyperLogLog,
    frequent: Frequent,
    bins: Bins,
    int: Option<(i128, i128)>,
    float: Option<(f64, f64)>,
    bytes: Option<(Bytes, Bytes)>,
    sum: f64,
    lengths: Option<(u64, u64)>,
}

impl Column {
    pub fn new(data_type: &DataType) -> Column {
        let kind = Kind::of(data_type);
        let ladder = match kind {
            Kind::Time | Kind::Date => Ladder::Time,
            Kind::Float => Ladder::Numbers,
            _ => Ladder::Whole,
        };
        Column {
            data_type: data_type.clone(),
            kind,
            values: 0,
            nulls: 0,
            distinct: HyperLogLog::default(),
            frequent: Frequent::default(),
            bins: Bins::new(ladder),
            int: None,
            float: None,
            bytes: None,
            sum: 0.0,
            lengths: None,
        }
    }

    /// Takes the rows of an array of its type.
    pub fn add(&mut self, array: &ArrayRef) {
        let nulls = array.logical_null_count();
        self.nulls += nulls as u64;
        self.values += (array.len() - nulls) as u64;
        match self.kind {
            Kind::Int { .. } => self.add_ints(array),
            Kind::Float => self.add_floats(array),
            Kind::Time => {
                let zone = match array.data_type() {
                    DataType::Timestamp(_, zone) => zone.clone(),
                    _ => None,
                };
                if let Ok(array) = cast(array, &DataType::Timestamp(TimeUnit::Millisecond, zone)) {
                    let times = array.as_primitive::<TimestampMillisecondType>();
                    times
                        .iter()
                        .flatten()
                        .for_each(|time| self.add_int(time.into(), time as f64));
                }
            }
            Kind::Date => {
                if let Some(days) = array.as_primitive_opt::<Date32Type>() {
                    let ms = |days: i32| i64::from(days) * 86_400_000;
                    days.iter()
                        .flatten()
                        .for_each(|d| self.add_int(ms(d).into(), ms(d) as f64));
                } else if let Some(times) = array.as_primitive_opt::<Date64Type>() {
                    times
                        .iter()
                        .flatten()
                        .for_each(|time| self.add_int(time.into(), time as f64));
                }
            }
            Kind::Bool => {
                for value in array.as_boolean().iter().flatten() {
                    self.add_hashed(hash_u64(value.into()), || Value::Int(value.into()));
                }
            }
            Kind::Bytes { .. } => {
                if let Ok(array) = cast(array, &DataType::LargeBinary) {
                    array
                        .as_binary::<i64>()
                        .iter()
                        .flatten()
                        .for_each(|bytes| self.add_bytes(bytes));
                }
            }
            Kind::List => self.add_lists(array),
            Kind::Other => {}
        }
    }

    fn add_ints(&mut self, array: &ArrayRef) {
        macro_rules! each {
            ($($kind:ty),*) => {
                $(if let Some(ints) = array.as_primitive_opt::<$kind>() {
                    return ints.iter().flatten().for_each(|int| self.add_int(i128::from(int), int as f64));
                })*
            };
        }
        each!(
            Int64Type, Int32Type, Int16Type, Int8Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type
        );
        if let (Kind::Int { scale }, Some(ints)) = (self.kind, array.as_primitive_opt::<Decimal128Type>()) {
            let unit = 10f64.powi(scale.into());
            ints.iter()
                .flatten()
                .for_each(|int| self.add_int(int, int as f64 / unit));
        }
    }

    fn add_int(&mut self, int: i128, as_float: f64) {
        self.int = Some(self.int.map_or((int, int), |(min, max)| (min.min(int), max.max(int))));
        self.sum += as_float;
        self.bins.add(as_float);
        let folded = (int as u64) ^ ((int >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Negative numbers of 64 bits have ones above, others zeros: nothing is lost by folding them.
        self.add_hashed(hash_u64(folded), || Value::Int(int));
    }

    fn add_floats(&mut self, array: &ArrayRef) {
        let mut add = |float: f64| {
            // 0 and -0 are one value, told as 0: which of the two `min` gives is left to the compiler. Adding 0 changes no other value.
            let float = float + 0.0;
            if !float.is_nan() {
                self.float = Some(
                    self.float
                        .map_or((float, float), |(min, max)| (min.min(float), max.max(float))),
                );
            }
            self.sum += float;
            self.bins.add(float);
            // Every NaN is one value too.
            let bits = if float.is_nan() { f64::NAN } else { float }.to_bits();
            self.distinct.add(hash_u64(bits));
            self.frequent.add(hash_u64(bits), || Value::Float(float));
        };
        if let Some(floats) = array.as_primitive_opt::<Float64Type>() {
            floats.iter().flatten().for_each(add);
        } else if let Some(floats) = array.as_primitive_opt::<Float32Type>() {
            floats.iter().flatten().for_each(|float| add(float.into()));
        } else if let Some(floats) = array.as_primitive_opt::<Float16Type>() {
            floats.iter().flatten().for_each(|float| add(float.into()));
        }
    }

    fn add_bytes(&mut self, bytes: &[u8]) {
        self.add_length(bytes.len());
        match &mut self.bytes {
            None => self.bytes = Some((bytes.into(), bytes.into())),
            Some((min, _)) if bytes < &**min => *min = bytes.into(),
            Some((_, max)) if bytes > &**max => *max = bytes.into(),
            Some(_) => {}
        }
        self.add_hashed(hash_bytes(bytes), || {
            Value::Bytes(bytes[..bytes.len().min(SHOWN + 1)].into())
        });
    }

    fn add_lists(&mut self, array: &ArrayRef) {
        if let Some(lists) = array.as_list_opt::<i64>() {
            (0..lists.len())
                .filter(|row| lists.is_valid(*row))
                .for_each(|row| self.add_length(lists.value_length(row) as usize));
        } else if let Some(lists) = array.as_list_opt::<i32>() {
            (0..lists.len())
                .filter(|row| lists.is_valid(*row))
                .for_each(|row| self.add_length(lists.value_length(row) as usize));
        }
    }

    fn add_length(&mut self, length: usize) {
        let long = length as u64;
        self.lengths = Some(
            self.lengths
                .map_or((long, long), |(min, max)| (min.min(long), max.max(long))),
        );
        self.sum += length as f64;
        self.bins.add(length as f64);
    }

    fn add_hashed(&mut self, hash: u64, value: impl FnOnce() -> Value) {
        self.distinct.add(hash);
        self.frequent.add(hash, value);
    }

    /// Takes what another has seen of the same column.
    pub fn merge(&mut self, other: Column) {
        fn wider<T: PartialOrd>(a: Option<(T, T)>, b: Option<(T, T)>) -> Option<(T, T)> {
            match (a, b) {
                (Some((a, b)), Some((c, d))) => Some((if c < a { c } else { a }, if d > b { d } else { b })),
                (a, b) => a.or(b),
            }
        }
        self.values += other.values;
        self.nulls += other.nulls;
        self.distinct.merge(&other.distinct);
        self.frequent.merge(other.frequent);
        self.bins.merge(&other.bins);
        self.int = wider(self.int, other.int);
        self.float = wider(self.float, other.float);
        self.bytes = wider(self.bytes.take(), other.bytes);
        self.lengths = wider(self.lengths, other.lengths);
        self.sum += other.sum;
    }

    pub fn finish(&self, name: &str) -> ColumnSummary {
        let countable = !matches!(self.kind, Kind::List | Kind::Other);
        let exact = self.frequent.distinct();
        let estimate = || self.distinct.estimate().min(self.values);
        let mean = match self.kind {
            Kind::Int { .. } | Kind::Float | Kind::Bytes { .. } | Kind::List if self.values > 0 => {
                Some(self.sum / self.values as f64)
            }
            _ => None,
        };
        let (min, max) = self.extremes();
        // Where every value is another one, none is frequent.
        let top = if exact.is_some_and(|distinct| distinct == self.values && distinct > 1) {
            Vec::new()
        } else {
            self.frequent.top(TOP)
        };
        ColumnSummary {
            name: name.to_owned(),
            data_type: self.data_type.to_string(),
            values: self.values,
            nulls: self.nulls,
            distinct: countable.then(|| exact.unwrap_or_else(estimate)),
            distinct_exact: exact.is_some(),
            min,
            max,
            mean,
            lengths: self.lengths,
            top: top
                .into_iter()
                .map(|(count, value)| TopValue {
                    value: self.kind.show(value),
                    count,
                    at_most: count + self.frequent.short_by(),
                })
                .collect(),
            histogram: if self.kind == Kind::Bool {
                None
            } else {
                self.bins.finish()
            },
        }
    }

    fn extremes(&self) -> (Option<String>, Option<String>) {
        let both = |pair: Option<(Value, Value)>| match pair {
            Some((min, max)) => (Some(self.kind.show(&min)), Some(self.kind.show(&max))),
            None => (None, None),
        };
        if let Some((min, max)) = self.int {
            return both(Some((Value::Int(min), Value::Int(max))));
        }
        if let Some((min, max)) = self.float {
            return both(Some((Value::Float(min), Value::Float(max))));
        }
        match &self.bytes {
            Some((min, max)) => {
                let cut = |bytes: &[u8]| Value::Bytes(bytes[..bytes.len().min(SHOWN + 1)].into());
                both(Some((cut(min), cut(max))))
            }
            None => (None, None),
        }
    }
}
