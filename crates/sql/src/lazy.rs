//! What a query guards against is not computed: in `x <> 0 and 100 / x > 3` and in `case when x <> 0 then 100 / x > 3 end` no row divides by zero.
//!
//! DataFusion stops early at `and` and `or` only where few rows are left, and its simplifier turns a CASE of booleans into `and` and `or`. Here
//! - what may fail beside `and` or `or` (a division, a cast) is computed behind the rest, and only for the rows which that leaves undecided: left to right
//!   among themselves, as PostgreSQL does it;
//! - a CASE or `coalesce` of booleans of which a later part may fail is one of small integers while the simplifier looks at it.

use arrow_schema::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, cast, lit, when};
use datafusion::sql::sqlparser::ast;

/// Operands of one `and` that may fail, at most: each that follows is computed one level deeper.
const MOST: usize = 20;

/// Once, before anything parts conditions at their `and`s.
pub(crate) fn guarded(expr: Expr) -> Result<Transformed<Expr>> {
    expr.transform_down(|part| match &part {
        Expr::BinaryExpr(BinaryExpr {
            op: op @ (Operator::And | Operator::Or),
            ..
        }) => {
            let op = *op;
            let mut operands = Vec::new();
            flatten(part.clone(), op, &mut operands);
            let mut changed = false;
            for operand in &mut operands {
                let done = guarded(std::mem::take(operand))?;
                changed |= done.transformed;
                *operand = done.data;
            }
            let fails = operands.iter().filter(|operand| may_fail(operand)).count();
            let volatile = operands.iter().any(Expr::is_volatile);
            if fails == 0 || operands.len() < 2 || fails > MOST || volatile || operands.iter().any(asks) {
                let kept = if changed { join(operands, op) } else { part };
                return Ok(Transformed::new(kept, changed, TreeNodeRecursion::Jump));
            }
            let (late, early): (Vec<Expr>, Vec<Expr>) = operands.into_iter().partition(may_fail);
            Ok(Transformed::new(
                in_turn(early, late, op)?,
                true,
                TreeNodeRecursion::Jump,
            ))
        }
        _ => Ok(Transformed::no(part)),
    })
}

/// `early and case when early is false then false else late end`, where the first of `late` stands before the others in the same way.
fn in_turn(early: Vec<Expr>, late: Vec<Expr>, op: Operator) -> Result<Expr> {
    let mut late = late.into_iter().rev();
    let Some(mut behind) = late.next() else {
        return Ok(join(early, op));
    };
    let stages = late.map(|one| vec![one]).chain((!early.is_empty()).then_some(early));
    for stage in stages {
        let before = join(stage, op);
        let rest = match op {
            Operator::And => when(before.clone().is_false(), lit(false)).otherwise(behind)?,
            _ => when(before.clone().is_true(), lit(true)).otherwise(behind)?,
        };
        behind = join(vec![before, rest], op);
    }
    Ok(behind)
}

fn flatten(expr: Expr, op: Operator, operands: &mut Vec<Expr>) {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: found, right }) if found == op => {
            flatten(*left, op, operands);
            flatten(*right, op, operands);
        }
        other => operands.push(other),
    }
}

fn join(operands: Vec<Expr>, op: Operator) -> Expr {
    let joined = operands.into_iter().reduce(|left, right| match op {
        Operator::And => left.and(right),
        _ => left.or(right),
    });
    joined.unwrap_or_else(|| lit(op == Operator::And))
}

/// Whether it holds a query, which must stay where the planner finds it.
fn asks(expr: &Expr) -> bool {
    found(expr, |part| {
        matches!(
            part,
            Expr::ScalarSubquery(_)
                | Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::SetComparison(_)
                | Expr::OuterReferenceColumn(..)
        )
    })
}

/// Whether computing it for a row may be an error: a division, an explicit cast of what a row holds.
fn may_fail(expr: &Expr) -> bool {
    found(expr, |part| match part {
        Expr::BinaryExpr(BinaryExpr {
            op: Operator::Divide | Operator::Modulo,
            right,
            ..
        }) => !matches!(right.as_ref(), Expr::Literal(value, _) if !is_zero(&value.to_string())),
        Expr::Cast(cast) => cast.expr.any_column_refs(),
        Expr::ScalarFunction(call) => {
            let name = call.func.name();
            (name == "arrow_cast" || name.starts_with("to_")) && part.any_column_refs()
        }
        _ => false,
    })
}

/// Whether computing it may be an error, as far as that is not known to be impossible.
fn may_fail_at_all(expr: &Expr) -> bool {
    found(expr, |part| match part {
        Expr::BinaryExpr(binary) => !(binary.op.is_logic_operator() || binary.op.supports_propagation()),
        Expr::Column(_)
        | Expr::Literal(..)
        | Expr::Alias(_)
        | Expr::Not(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Between(_)
        | Expr::InList(_)
        | Expr::Like(_)
        | Expr::Case(_)
        | Expr::TryCast(_) => false,
        _ => true,
    })
}

fn is_zero(number: &str) -> bool {
    number.parse::<f64>().is_ok_and(|number| number == 0.0)
}

fn found(expr: &Expr, test: impl Fn(&Expr) -> bool) -> bool {
    expr.exists(|part| Ok(test(part))).unwrap_or(true)
}

/// A CASE, `coalesce` or comparison that the simplifier would compute in full; `None` where it may have it.
pub(crate) fn kept(expr: &Expr, schema: &DFSchema) -> Option<Expr> {
    match expr {
        Expr::Case(case) if later_fails(case) => small(case, schema),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: op @ (Operator::Eq | Operator::NotEq),
            right,
        }) => match (left.as_ref(), right.as_ref()) {
            // It would be drawn into the CASE, which is one of booleans then.
            (Expr::Case(case), Expr::Literal(..)) if case.expr.is_none() && later_fails(case) => {
                let compare =
                    |part: &Expr| Expr::BinaryExpr(BinaryExpr::new(Box::new(part.clone()), *op, right.clone()));
                let literal = |part: &Expr| matches!(part, Expr::Literal(..));
                let outputs = case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr);
                if !outputs.into_iter().all(|part| literal(part)) {
                    return None;
                }
                let compared = Case {
                    expr: None,
                    when_then_expr: case
                        .when_then_expr
                        .iter()
                        .map(|(when, then)| (when.clone(), Box::new(compare(then))))
                        .collect(),
                    else_expr: case.else_expr.as_ref().map(|otherwise| Box::new(compare(otherwise))),
                };
                small(&compared, schema)
            }
            _ => None,
        },
        Expr::ScalarFunction(call) if matches!(call.name(), "coalesce" | "nvl" | "ifnull" | "nvl2") => {
            let later = call.args.iter().skip(1).any(may_fail_at_all);
            if !later || !is_boolean(expr, schema) {
                return None;
            }
            let given = if call.name() == "nvl2" { 1 } else { 0 };
            let args = call.args.iter().enumerate().map(|(at, arg)| match at < given {
                true => arg.clone(),
                false => cast(arg.clone(), DataType::Int8),
            });
            let numbers = Expr::ScalarFunction(ScalarFunction::new_udf(call.func.clone(), args.collect()));
            Some(cast(numbers, DataType::Boolean))
        }
        _ => None,
    }
}

/// Whether anything but its first condition may fail.
fn later_fails(case: &Case) -> bool {
    let thens = case.when_then_expr.iter().map(|(_, then)| then);
    let whens = case.when_then_expr.iter().skip(1).map(|(when, _)| when);
    thens
        .chain(whens)
        .chain(&case.else_expr)
        .any(|part| may_fail_at_all(part))
}

fn is_boolean(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|kind| kind == DataType::Boolean)
}

/// A CASE of booleans as one of integers.
fn small(case: &Case, schema: &DFSchema) -> Option<Expr> {
    if case.expr.is_some() || !is_boolean(&Expr::Case(case.clone()), schema) {
        return None;
    }
    let number = |part: &Expr| Box::new(cast(part.clone(), DataType::Int8));
    let numbers = Case {
        expr: None,
        when_then_expr: case
            .when_then_expr
            .iter()
            .map(|(when, then)| (when.clone(), number(then)))
            .collect(),
        else_expr: case.else_expr.as_ref().map(|otherwise| number(otherwise)),
    };
    Some(cast(Expr::Case(numbers), DataType::Boolean))
}

/// Whether a part of a `where` may fail, as [`may_fail`], before it is planned.
pub(crate) fn parsed_may_fail(part: &ast::Expr) -> bool {
    use std::ops::ControlFlow;
    let walk = ast::visit_expressions(part, |expr| match expr {
        ast::Expr::BinaryOp {
            op: ast::BinaryOperator::Divide | ast::BinaryOperator::Modulo,
            right,
            ..
        } => match right.as_ref() {
            ast::Expr::Value(value) if !is_zero(&value.to_string()) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        },
        ast::Expr::Cast {
            kind: ast::CastKind::Cast | ast::CastKind::DoubleColon,
            expr,
            ..
        } => match expr.as_ref() {
            ast::Expr::Value(_) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        },
        ast::Expr::Function(function) => {
            let name = function.name.to_string();
            match name == "arrow_cast" || name.starts_with("to_") {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
        _ => ControlFlow::Continue(()),
    });
    walk.is_break()
}
