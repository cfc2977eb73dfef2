//! Comparisons that DataFusion's simplifier would answer wrongly, rewritten to what they mean before it sees them.
//!
//! - A timestamp against a constant of a finer unit: `_timestamp < '...20.0255Z'`. The simplifier takes the widening off the column and cuts the constant
//!   down to the column's unit; text is cut even before, when types are agreed on. Here the constant is rounded to the side that keeps the comparison:
//!   up for `<` and `>=`, down for `<=` and `>`; nothing equals it.
//! - Lists: the simplifier intersects them as if they were sets of values, and forgets what a null makes unknown. Here members that may be null leave the
//!   list, `x not in (1, null)` is `x not in (1) and null`; and where lists of the same `x` may meet, what is unknown for a null `x` is said beside them:
//!   `x not in (1) or x not in (2)` became true.

use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Between, BinaryExpr, Cast, Expr, ExprSchemable, Operator, TryCast, lit};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;

use crate::instant::{Instant, per_second};
use crate::lazy;

/// Rewrites the expressions over some columns.
pub(crate) struct Exact<'s> {
    schema: &'s DFSchema,
    simplifier: ExprSimplifier,
}

impl<'s> Exact<'s> {
    pub(crate) fn new(schema: &'s DFSchema, context: SimplifyContext) -> Exact<'s> {
        Exact {
            schema,
            simplifier: ExprSimplifier::new(context),
        }
    }

    /// Before types are agreed on, which cuts text down to the unit of the column beside it.
    pub(crate) fn times(&self, expr: Expr) -> Result<Transformed<Expr>> {
        expr.transform_up(|part| Ok(self.rewritten(part, None)))
    }

    /// Once types are agreed on: members of a list have one type, so that they may be parted.
    pub(crate) fn times_and_lists(&self, expr: Expr) -> Result<Transformed<Expr>> {
        let shared = shared(&expr)?;
        expr.transform_up(|part| Ok(self.rewritten(part, Some(&shared))))
    }

    fn rewritten(&self, expr: Expr, shared: Option<&[Expr]>) -> Transformed<Expr> {
        let exact = match &expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                let kept = || shared.and_then(|_| lazy::kept(&expr, self.schema));
                self.compared(left, *op, right).or_else(kept)
            }
            Expr::Between(between) => self.between(between),
            Expr::Case(_) | Expr::ScalarFunction(_) if shared.is_some() => lazy::kept(&expr, self.schema),
            Expr::InList(list) => match shared {
                Some(shared) => self.list(list, shared.contains(&list.expr)),
                None => self.times_of_list(list),
            },
            _ => None,
        };
        exact.map_or_else(|| Transformed::no(expr), Transformed::yes)
    }

    fn compared(&self, left: &Expr, op: Operator, right: &Expr) -> Option<Expr> {
        if !is_comparison(op) {
            return None;
        }
        let this_way = self.time(left).and_then(|time| self.rounded(&time, op, right));
        this_way.or_else(|| {
            self.time(right)
                .and_then(|time| self.rounded(&time, swapped(op)?, left))
        })
    }

    fn between(&self, between: &Between) -> Option<Expr> {
        let time = self.time(&between.expr)?;
        let (from, to) = match between.negated {
            false => (Operator::GtEq, Operator::LtEq),
            true => (Operator::Lt, Operator::Gt),
        };
        let (low, high) = (
            self.rounded(&time, from, &between.low),
            self.rounded(&time, to, &between.high),
        );
        if low.is_none() && high.is_none() {
            return None;
        }
        let low = low.unwrap_or_else(|| binary(&between.expr, from, &between.low));
        let high = high.unwrap_or_else(|| binary(&between.expr, to, &between.high));
        Some(if between.negated { low.or(high) } else { low.and(high) })
    }

    /// Without the members that a timestamp cannot have.
    fn times_of_list(&self, list: &InList) -> Option<Expr> {
        let time = self.time(&list.expr)?;
        let possible = |item: &&Expr| self.finer(&time, item).is_none();
        let members: Vec<Expr> = list.list.iter().filter(possible).cloned().collect();
        if members.len() == list.list.len() {
            return None;
        }
        Some(match members.is_empty() {
            true => unequal(&list.expr, list.negated),
            false => list.expr.clone().in_list(members, list.negated),
        })
    }

    /// Without the members that may be null, too; and unknown for null whatever other lists of the same expression it is intersected with.
    fn list(&self, list: &InList, shared: bool) -> Option<Expr> {
        match self.times_of_list(list) {
            Some(Expr::InList(fewer)) => Some(self.parted(&fewer, shared).unwrap_or(Expr::InList(fewer))),
            Some(other) => Some(other),
            None => self.parted(list, shared),
        }
    }

    fn parted(&self, list: &InList, shared: bool) -> Option<Expr> {
        let (mut members, mut compared, mut null) = (Vec::new(), Vec::new(), false);
        for item in &list.list {
            match self.constant(item) {
                Some(value) if value.is_null() => null = true,
                Some(_) => members.push(item.clone()),
                None => compared.push(item),
            }
        }
        let guarded = shared && !members.is_empty() && list.expr.nullable(self.schema).unwrap_or(true);
        let once = list.expr.is_volatile() && (guarded || !compared.is_empty());
        if once || !(null || guarded || !compared.is_empty()) {
            return None;
        }
        let op = if list.negated { Operator::NotEq } else { Operator::Eq };
        let mut parts: Vec<Expr> = compared.into_iter().map(|item| binary(&list.expr, op, item)).collect();
        if !members.is_empty() {
            parts.push(list.expr.clone().in_list(members, list.negated));
        }
        if guarded {
            parts.push(unequal(&list.expr, list.negated));
        }
        if null {
            parts.push(unknown());
        }
        joined(parts, list.negated)
    }

    /// A timestamp of a coarser unit than nanoseconds, without the casts that widen it.
    fn time(&self, expr: &Expr) -> Option<Time> {
        let DataType::Timestamp(_, zone) = expr.get_type(self.schema).ok()? else {
            return None;
        };
        let mut inner = self.plain_cast(expr);
        while let Expr::Cast(Cast { expr, .. }) | Expr::TryCast(TryCast { expr, .. }) = &inner {
            if !widens(&expr.get_type(self.schema).ok()?, &inner.get_type(self.schema).ok()?) {
                break;
            }
            inner = self.plain_cast(expr);
        }
        match inner.get_type(self.schema).ok()? {
            DataType::Timestamp(TimeUnit::Nanosecond, _) => None,
            DataType::Timestamp(unit, inner_zone) => Some(Time {
                expr: inner,
                unit,
                zone: inner_zone,
                compared_in: zone,
            }),
            _ => None,
        }
    }

    /// A cast where it is written as a function: the simplifier makes it one, and takes it off in the same go.
    fn plain_cast(&self, expr: &Expr) -> Expr {
        match expr {
            Expr::ScalarFunction(function) if matches!(function.name(), "arrow_cast" | "arrow_try_cast") => {
                let cast = self.simplifier.coerce(expr.clone(), self.schema);
                let cast = cast.and_then(|cast| self.simplifier.simplify(cast));
                cast.unwrap_or_else(|_| expr.clone())
            }
            _ => expr.clone(),
        }
    }

    /// A comparison with a constant between two values that the timestamp can have.
    fn rounded(&self, time: &Time, op: Operator, constant: &Expr) -> Option<Expr> {
        let instant = self.finer(time, constant)?;
        let below = instant.floor(time.unit);
        let value = match op {
            Operator::Lt | Operator::GtEq => below.checked_add(1)?,
            Operator::LtEq | Operator::Gt => below,
            Operator::Eq => return Some(unequal(&time.expr, false)),
            Operator::NotEq => return Some(unequal(&time.expr, true)),
            Operator::IsDistinctFrom => return Some(lit(true)),
            Operator::IsNotDistinctFrom => return Some(lit(false)),
            _ => return None,
        };
        Some(binary(&time.expr, op, &time.literal(value)))
    }

    /// The instant of a constant, where the timestamp cannot have it.
    fn finer(&self, time: &Time, constant: &Expr) -> Option<Instant> {
        let kind = constant.get_type(self.schema).ok()?;
        let may = match &kind {
            DataType::Timestamp(unit, zone) => {
                per_second(*unit) > per_second(time.unit) && same_zone(zone.as_deref(), time.compared_in.as_deref())
            }
            kind => kind.is_string(),
        };
        if !may {
            return None;
        }
        let instant = Instant::of(&self.constant(constant)?, time.compared_in.as_ref())?;
        (!instant.is_whole(time.unit)).then_some(instant)
    }

    /// The value of an expression that is the same for every row.
    fn constant(&self, expr: &Expr) -> Option<ScalarValue> {
        if let Expr::Literal(value, _) = expr {
            return Some(value.clone());
        }
        if expr.any_column_refs() || expr.contains_outer() || expr.is_volatile() || expr.contains_scalar_subquery() {
            return None;
        }
        let coerced = self.simplifier.coerce(expr.clone(), self.schema).ok()?;
        match self.simplifier.simplify(coerced).ok()? {
            Expr::Literal(value, _) => Some(value),
            _ => None,
        }
    }
}

/// What more than one list of an expression looks at: those lists are intersected.
fn shared(expr: &Expr) -> Result<Vec<Expr>> {
    let (mut seen, mut shared): (Vec<Expr>, Vec<Expr>) = (Vec::new(), Vec::new());
    expr.apply(|part| {
        if let Expr::InList(list) = part {
            let of = if seen.contains(&list.expr) {
                &mut shared
            } else {
                &mut seen
            };
            of.push(list.expr.as_ref().clone());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(shared)
}

/// See [`Exact::time`].
struct Time {
    expr: Expr,
    unit: TimeUnit,
    zone: Option<Arc<str>>,
    /// The zone that the comparison was written in.
    compared_in: Option<Arc<str>>,
}

impl Time {
    fn literal(&self, value: i64) -> Expr {
        let (value, zone) = (Some(value), self.zone.clone());
        lit(match self.unit {
            TimeUnit::Second => ScalarValue::TimestampSecond(value, zone),
            TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(value, zone),
            TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(value, zone),
            TimeUnit::Nanosecond => ScalarValue::TimestampNanosecond(value, zone),
        })
    }
}

/// Whether a cast gives every instant as it is.
fn widens(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::Timestamp(from, zone), DataType::Timestamp(to, to_zone)) => {
            per_second(*to) >= per_second(*from) && same_zone(zone.as_deref(), to_zone.as_deref())
        }
        _ => false,
    }
}

/// Zones only matter between a time with one and a time without; without one it is UTC.
fn same_zone(one: Option<&str>, other: Option<&str>) -> bool {
    let utc = |zone: &str| matches!(zone, "UTC" | "Z" | "+00:00" | "Etc/UTC" | "+00" | "+0000");
    match (one, other) {
        (Some(zone), None) | (None, Some(zone)) => utc(zone),
        _ => true,
    }
}

fn is_comparison(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(
        op,
        Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom
    )
}

fn swapped(op: Operator) -> Option<Operator> {
    match op {
        Operator::IsDistinctFrom | Operator::IsNotDistinctFrom => Some(op),
        op => op.swap(),
    }
}

fn binary(left: &Expr, op: Operator, right: &Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left.clone()), op, Box::new(right.clone())))
}

fn unknown() -> Expr {
    lit(ScalarValue::Boolean(None))
}

/// `=` (or `<>`) with what the expression never is: false (or true), but unknown for null.
fn unequal(expr: &Expr, negated: bool) -> Expr {
    match negated {
        false => expr.clone().is_null().and(unknown()),
        true => expr.clone().is_not_null().or(unknown()),
    }
}

/// Parts joined by `and` or `or`, as a tree of little depth: a list may have very many members.
fn joined(mut parts: Vec<Expr>, by_and: bool) -> Option<Expr> {
    if parts.len() < 2 {
        return parts.pop();
    }
    let right = joined(parts.split_off(parts.len() / 2), by_and)?;
    let left = joined(parts, by_and)?;
    Some(if by_and { left.and(right) } else { left.or(right) })
}
