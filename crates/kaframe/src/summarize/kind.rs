//! How the values of a type are looked at, and how they are shown.

use arrow_schema::DataType;

use super::frequent::{SHOWN, Value};

/// How the values of a type are looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Int { scale: i8 },
    Float,
    Time,
    Date,
    Bool,
    Bytes { text: bool },
    List,
    Other,
}

impl Kind {
    /// That of a type.
    pub fn of(data_type: &DataType) -> Kind {
        match data_type {
            DataType::Boolean => Kind::Bool,
            DataType::Timestamp(..) => Kind::Time,
            DataType::Date32 | DataType::Date64 => Kind::Date,
            DataType::Decimal128(_, scale) => Kind::Int { scale: *scale },
            kind if kind.is_integer() => Kind::Int { scale: 0 },
            kind if kind.is_floating() => Kind::Float,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Bytes { text: true },
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                Kind::Bytes { text: false }
            }
            DataType::List(_) | DataType::LargeList(_) => Kind::List,
            _ => Kind::Other,
        }
    }

    /// A value of the type as text.
    pub fn show(self, value: &Value) -> String {
        match (value, self) {
            (Value::Int(int), Kind::Bool) => (*int != 0).to_string(),
            (Value::Int(ms), Kind::Time) => crate::time::format(i64::try_from(*ms).unwrap_or(i64::MAX)),
            (Value::Int(ms), Kind::Date) => {
                let text = crate::time::format(i64::try_from(*ms).unwrap_or(i64::MAX));
                text.get(..10).unwrap_or(&text).to_owned()
            }
            (Value::Int(int), Kind::Int { scale }) if scale > 0 => decimal(*int, scale.unsigned_abs().into()),
            (Value::Int(int), _) => int.to_string(),
            (Value::Float(float), _) => float.to_string(),
            (Value::Bytes(bytes), kind) => {
                let more = if bytes.len() > SHOWN { "…" } else { "" };
                let bytes = &bytes[..bytes.len().min(SHOWN)];
                match std::str::from_utf8(bytes) {
                    Ok(text) => format!("{text}{more}"),
                    // Cut inside a character.
                    Err(error) if error.error_len().is_none() && kind == (Kind::Bytes { text: true }) => {
                        format!("{}{more}", String::from_utf8_lossy(&bytes[..error.valid_up_to()]))
                    }
                    Err(_) => format!("{}{more}", bytes.escape_ascii()),
                }
            }
        }
    }
}

fn decimal(int: i128, scale: usize) -> String {
    let sign = if int < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", int.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{sign}{whole}.{fraction}")
}
