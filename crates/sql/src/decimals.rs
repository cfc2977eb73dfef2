//! Decimals of a negative scale, `decimal(5, -2)`, are refused where a text names one: DataFusion computes with them as if there were none, and panics.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{ArrayElemTypeDef, DataType, ExactNumberInfo, Expr, Visit, visit_expressions};
use kaframe::{Error, Result};

/// An error where any cast of a text is to such a type.
pub(crate) fn check<V: Visit>(parsed: &V, what: &str) -> Result<()> {
    let walk = visit_expressions(parsed, |expr| match expr {
        Expr::Cast { data_type, .. } if negative(data_type) => ControlFlow::Break(data_type.to_string()),
        Expr::TypedString(typed) if negative(&typed.data_type) => ControlFlow::Break(typed.data_type.to_string()),
        _ => ControlFlow::Continue(()),
    });
    match walk {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(kind) => Err(Error::config(format!(
            "{what} names the type {kind}, a decimal of a negative scale, which is not supported"
        ))
        .with_hint("round(x, -2) rounds to hundreds; decimal(10, 0) holds whole numbers")),
    }
}

fn negative(kind: &DataType) -> bool {
    match kind {
        DataType::Decimal(info)
        | DataType::Dec(info)
        | DataType::Numeric(info)
        | DataType::BigNumeric(info)
        | DataType::BigDecimal(info) => matches!(info, ExactNumberInfo::PrecisionAndScale(_, scale) if *scale < 0),
        DataType::Array(
            ArrayElemTypeDef::AngleBracket(inner)
            | ArrayElemTypeDef::SquareBracket(inner, _)
            | ArrayElemTypeDef::Parenthesis(inner),
        ) => negative(inner),
        _ => false,
    }
}
