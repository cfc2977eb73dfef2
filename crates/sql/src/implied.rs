//! What a condition says about where records lie: partitions, offsets, times.
//!
//! Only `_topic`, `_partition`, `_offset` and `_timestamp` say something about that. A part of a condition that looks at nothing else is planned with their types
//! and simplified (`now() - interval '1 day'` becomes a literal, `not` moves inwards), then its comparisons are read as intervals. Parts that look
//! at other columns say nothing, so beside an `or` they take away what the other side says, and beside an `and` they take away nothing.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr as Ast, visit_expressions};
use kaframe::{Implied, Result};
use std::ops::ControlFlow;

use crate::error::from_datafusion;
use crate::{condition, mask, session};

const TOPIC: &str = "_topic";
const PARTITION: &str = "_partition";
const OFFSET: &str = "_offset";
const TIMESTAMP: &str = "_timestamp";
/// A set of partitions is listed up to this many.
const LISTED: i128 = 10_000;

static PLACES: LazyLock<DFSchema> = LazyLock::new(|| {
    let schema = Schema::new(vec![
        Field::new(TOPIC, DataType::LargeUtf8, false),
        Field::new(PARTITION, DataType::Int32, false),
        Field::new(OFFSET, DataType::Int64, false),
        Field::new(
            TIMESTAMP,
            DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            true,
        ),
    ]);
    DFSchema::try_from(schema).unwrap_or_else(|_| DFSchema::empty())
});

/// What a parsed condition implies, whose other columns have unknown types.
pub(crate) fn of_ast(expr: &Ast, state: &SessionState) -> Result<Implied> {
    match expr {
        Ast::Nested(inner) => of_ast(inner, state),
        _ if only_places(expr) => {
            let text = expr.to_string();
            let failed = |failed| mask::makes_no_sense(&text, &from_datafusion(&failed));
            let logical = condition::logical(expr, &PLACES, state).map_err(failed)?;
            let simplified = session::simplified(logical, &PLACES, state).map_err(failed)?;
            Ok(of_logical(&simplified))
        }
        Ast::BinaryOp { left, op, right } => match op {
            BinaryOperator::And => Ok(both(of_ast(left, state)?, of_ast(right, state)?)),
            BinaryOperator::Or => Ok(either(of_ast(left, state)?, of_ast(right, state)?)),
            _ => Ok(Implied::default()),
        },
        _ => Ok(Implied::default()),
    }
}

fn only_places(expr: &Ast) -> bool {
    let walk = visit_expressions(expr, |part| match part {
        Ast::Identifier(name) if ![TOPIC, PARTITION, OFFSET, TIMESTAMP].contains(&name.value.as_str()) => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    walk.is_continue()
}

/// What a simplified condition implies.
pub(crate) fn of_logical(expr: &Expr) -> Implied {
    match expr {
        Expr::Literal(ScalarValue::Boolean(Some(true)), _) => Implied {
            exact: true,
            ..Implied::default()
        },
        // False and null: no record anywhere.
        Expr::Literal(ScalarValue::Boolean(_) | ScalarValue::Null, _) => nowhere(),
        Expr::Alias(alias) => of_logical(&alias.expr),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::And => both(of_logical(left), of_logical(right)),
            Operator::Or => either(of_logical(left), of_logical(right)),
            Operator::Eq if is_topic(left) => topic(right),
            Operator::Eq if is_topic(right) => topic(left),
            _ => match (place(left), number(right), place(right), number(left)) {
                (Some(column), Some(number), _, _) => compared(column, *op, number),
                (_, _, Some(column), Some(number)) => match op.swap() {
                    Some(op) => compared(column, op, number),
                    None => Implied::default(),
                },
                _ => Implied::default(),
            },
        },
        Expr::Between(between) if !between.negated => {
            match (place(&between.expr), number(&between.low), number(&between.high)) {
                (Some(column), Some(low), Some(high)) => both(
                    compared(column, Operator::GtEq, low),
                    compared(column, Operator::LtEq, high),
                ),
                _ => Implied::default(),
            }
        }
        Expr::InList(list) if !list.negated && is_topic(&list.expr) => {
            list.list.iter().map(topic).reduce(either).unwrap_or_default()
        }
        Expr::InList(list) if !list.negated => match place(&list.expr) {
            Some(column) => {
                let each = list
                    .list
                    .iter()
                    .map(|one| number(one).map(|number| compared(column, Operator::Eq, number)));
                let each: Option<Vec<Implied>> = each.collect();
                each.and_then(|each| each.into_iter().reduce(either))
                    .unwrap_or_default()
            }
            None => Implied::default(),
        },
        _ => Implied::default(),
    }
}

fn is_topic(expr: &Expr) -> bool {
    match expr {
        Expr::Column(column) => column.name == TOPIC,
        // Another type of text.
        Expr::Cast(cast) => is_topic(&cast.expr) && cast.field.data_type().is_string(),
        _ => false,
    }
}

fn topic(name: &Expr) -> Implied {
    match name {
        Expr::Literal(value, _) => match value.try_as_str() {
            Some(Some(name)) => Implied {
                topics: Some(BTreeSet::from([name.to_owned()])),
                exact: true,
                ..Implied::default()
            },
            _ => Implied::default(),
        },
        _ => Implied::default(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Partition,
    Offset,
    /// In units of so many parts of a millisecond.
    Time,
}

/// The column that an expression is, widened or not. Widening keeps the order of values.
fn place(expr: &Expr) -> Option<Place> {
    match expr {
        Expr::Column(column) => match column.name.as_str() {
            PARTITION => Some(Place::Partition),
            OFFSET => Some(Place::Offset),
            TIMESTAMP => Some(Place::Time),
            _ => None,
        },
        Expr::Cast(cast) => match (place(&cast.expr)?, cast.field.data_type()) {
            (Place::Time, DataType::Timestamp(TimeUnit::Second, _)) => None,
            (Place::Time, DataType::Timestamp(..)) => Some(Place::Time),
            (Place::Partition, DataType::Int64 | DataType::Float64) => Some(Place::Partition),
            (Place::Offset, DataType::Float64 | DataType::Decimal128(..)) => Some(Place::Offset),
            _ => None,
        },
        _ => None,
    }
}

/// A number with what is between it and the next whole one below: its floor, and whether it is that.
#[derive(Debug, Clone, Copy)]
struct Number {
    floor: i128,
    whole: bool,
}

/// A literal in the unit of the column that it is compared with: times in milliseconds.
fn number(expr: &Expr) -> Option<Number> {
    let Expr::Literal(value, _) = expr else { return None };
    let parts = |value: i128, parts: i128| Number {
        floor: value.div_euclid(parts),
        whole: value.rem_euclid(parts) == 0,
    };
    Some(match value {
        ScalarValue::Int8(Some(n)) => parts((*n).into(), 1),
        ScalarValue::Int16(Some(n)) => parts((*n).into(), 1),
        ScalarValue::Int32(Some(n)) => parts((*n).into(), 1),
        ScalarValue::Int64(Some(n)) => parts((*n).into(), 1),
        ScalarValue::UInt64(Some(n)) => parts((*n).into(), 1),
        ScalarValue::Decimal128(Some(n), _, scale) if (0..=38).contains(scale) => {
            parts(*n, 10_i128.pow((*scale).unsigned_abs().into()))
        }
        // Beyond this a cast of the column to a float is no longer exact.
        ScalarValue::Float64(Some(n)) if n.abs() < 9e15 => Number {
            floor: n.floor() as i128,
            whole: n.fract() == 0.0,
        },
        ScalarValue::TimestampSecond(Some(n), _) => parts(i128::from(*n) * 1000, 1),
        ScalarValue::TimestampMillisecond(Some(n), _) => parts((*n).into(), 1),
        ScalarValue::TimestampMicrosecond(Some(n), _) => parts((*n).into(), 1000),
        ScalarValue::TimestampNanosecond(Some(n), _) => parts((*n).into(), 1_000_000),
        _ => return None,
    })
}

fn compared(column: Place, op: Operator, number: Number) -> Implied {
    let Number { floor, whole } = number;
    let (from, to) = match op {
        Operator::Eq if !whole => return nowhere(),
        Operator::Eq => (Some(floor), Some(floor + 1)),
        Operator::Gt => (Some(floor + 1), None),
        Operator::GtEq => (Some(if whole { floor } else { floor + 1 }), None),
        Operator::Lt => (None, Some(if whole { floor } else { floor + 1 })),
        Operator::LtEq => (None, Some(floor + 1)),
        _ => return Implied::default(),
    };
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        return nowhere();
    }
    // A bound outside of 64 bits says everything or nothing.
    let most = i128::from(i64::MAX);
    if from.is_some_and(|from| from > most) || to.is_some_and(|to| to < -most) {
        return nowhere();
    }
    let narrow = |bound: Option<i128>| bound.and_then(|bound| i64::try_from(bound).ok());
    match column {
        Place::Partition => match to.map(|to| (from.unwrap_or(0).max(0), to)) {
            Some((from, to)) if to - from <= LISTED => Implied {
                partitions: Some((from..to).filter_map(|one| i32::try_from(one).ok()).collect()),
                exact: true,
                ..Implied::default()
            },
            _ => Implied::default(),
        },
        Place::Offset => Implied {
            offset_from: narrow(from),
            offset_to: narrow(to),
            exact: true,
            ..Implied::default()
        },
        Place::Time => Implied {
            timestamp_from: narrow(from),
            timestamp_to: narrow(to),
            // A record without a time passes no comparison, but lies before every end.
            exact: from.is_some_and(|from| from >= 0),
            ..Implied::default()
        },
    }
}

fn nowhere() -> Implied {
    Implied {
        partitions: Some(BTreeSet::new()),
        exact: true,
        ..Implied::default()
    }
}

fn is_nowhere(implied: &Implied) -> bool {
    implied.partitions.as_ref().is_some_and(BTreeSet::is_empty)
}

/// What follows from both together.
fn both(a: Implied, b: Implied) -> Implied {
    let later = |a: Option<i64>, b: Option<i64>| a.max(b);
    let earlier = |a: Option<i64>, b: Option<i64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    };
    let partitions = match (a.partitions, b.partitions) {
        (Some(a), Some(b)) => Some(&a & &b),
        (one, other) => one.or(other),
    };
    let topics = match (a.topics, b.topics) {
        (Some(a), Some(b)) => Some(&a & &b),
        (one, other) => one.or(other),
    };
    let (timestamp_from, timestamp_to) = (
        later(a.timestamp_from, b.timestamp_from),
        earlier(a.timestamp_to, b.timestamp_to),
    );
    Implied {
        topics,
        partitions,
        offset_from: later(a.offset_from, b.offset_from),
        offset_to: earlier(a.offset_to, b.offset_to),
        timestamp_from,
        timestamp_to,
        exact: a.exact && b.exact,
    }
}

/// What is left when it may be the one or the other.
fn either(a: Implied, b: Implied) -> Implied {
    if is_nowhere(&a) {
        return b;
    }
    if is_nowhere(&b) {
        return a;
    }
    let partitions = match (&a.partitions, &b.partitions) {
        (Some(a), Some(b)) => Some(a | b),
        _ => None,
    };
    let topics = match (&a.topics, &b.topics) {
        (Some(a), Some(b)) => Some(a | b),
        _ => None,
    };
    let earlier = |a: Option<i64>, b: Option<i64>| a.zip(b).map(|(a, b)| a.min(b));
    let later = |a: Option<i64>, b: Option<i64>| a.zip(b).map(|(a, b)| a.max(b));
    let no_bounds = |one: &Implied| [one.offset_from, one.offset_to, one.timestamp_from, one.timestamp_to] == [None; 4];
    let only_partitions =
        |one: &Implied| one.exact && one.topics.is_none() && one.partitions.is_some() && no_bounds(one);
    let only_topics = |one: &Implied| one.exact && one.topics.is_some() && one.partitions.is_none() && no_bounds(one);
    Implied {
        topics,
        partitions,
        offset_from: earlier(a.offset_from, b.offset_from),
        offset_to: later(a.offset_to, b.offset_to),
        timestamp_from: earlier(a.timestamp_from, b.timestamp_from),
        timestamp_to: later(a.timestamp_to, b.timestamp_to),
        // There may be holes between two intervals; between sets there are none.
        exact: (only_partitions(&a) && only_partitions(&b)) || (only_topics(&a) && only_topics(&b)),
    }
}
