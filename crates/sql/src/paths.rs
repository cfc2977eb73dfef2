//! Columns of a predicate: `user.id` and `user['id']` are the nested column `user.id`, one name.

use std::ops::ControlFlow;

use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::Volatility;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, FunctionArguments, Ident, ObjectName, ObjectNamePart, Query, Spanned, Subscript, Value, VisitMut,
    VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::{Location, Span};
use kaframe::Error;

use crate::error::nearest;

/// Rewrites nested names to one name each and lists all names; refuses what is no condition on one record.
pub(crate) fn columns(predicate: &mut Expr, state: &SessionState) -> Result<Vec<String>, Error> {
    let mut found = Paths {
        columns: Vec::new(),
        state,
    };
    match VisitMut::visit(predicate, &mut found) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(found.columns),
    }
}

struct Paths<'s> {
    columns: Vec<String>,
    state: &'s SessionState,
}

impl VisitorMut for Paths<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        refuse(
            query.span(),
            "a query inside a condition",
            "kf.sql and `kaframe sql` take whole queries",
        )
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        words(expr);
        match expr {
            Expr::Identifier(name) => self.add(name.value.clone()),
            Expr::CompoundIdentifier(parts) => {
                let path = joined(parts);
                *expr = column(path.clone(), expr.span());
                self.add(path);
            }
            Expr::CompoundFieldAccess { .. } => self.access(expr),
            Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. } => {
                return refuse(
                    expr.span(),
                    "a query inside a condition",
                    "kf.sql and `kaframe sql` take whole queries",
                );
            }
            Expr::Lambda(_) => {
                return refuse(
                    expr.span(),
                    "a lambda",
                    "use IN, or functions of lists such as array_has",
                );
            }
            Expr::Value(value) if matches!(value.value, Value::Placeholder(_)) => {
                return refuse(value.span, "a placeholder", "write the value itself");
            }
            Expr::Function(function) => {
                if function.over.is_some() {
                    return refuse(expr.span(), "a window function", "it needs other records: use kf.sql");
                }
                let span = expr.span();
                let Expr::Function(function) = &*expr else {
                    return ControlFlow::Continue(());
                };
                return self.function(&function.name, span);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Paths<'_> {
    fn add(&mut self, name: String) {
        if !self.columns.contains(&name) {
            self.columns.push(name);
        }
    }

    /// `user['id'].name[1]` becomes the column `user.id.name` with `[1]` behind it.
    fn access(&mut self, expr: &mut Expr) {
        let span = expr.span();
        let Expr::CompoundFieldAccess { root, access_chain } = expr else {
            return;
        };
        let mut path = match root.as_ref() {
            Expr::Identifier(name) => name.value.clone(),
            Expr::CompoundIdentifier(parts) => joined(parts),
            _ => {
                access_chain.iter_mut().for_each(by_subscript);
                return;
            }
        };
        access_chain.iter_mut().for_each(by_subscript);
        let named = access_chain
            .iter()
            .take_while(|access| field_of(access).is_some())
            .count();
        for access in access_chain.drain(..named) {
            path.push('.');
            path.push_str(field_of(&access).unwrap_or_default());
        }
        if access_chain.is_empty() {
            *expr = column(path.clone(), span);
            self.add(path);
        } else {
            // The walk goes on to the root and adds it.
            **root = column(path, span);
        }
    }

    fn function(&self, name: &ObjectName, span: Span) -> ControlFlow<Error> {
        let called = name.to_string().to_lowercase();
        if let Ok(function) = self.state.udf(&called) {
            if function.signature().volatility == Volatility::Volatile {
                return refuse(
                    span,
                    &format!("{called}(), which gives something else each time"),
                    "a read of the same records must give the same rows",
                );
            }
            return ControlFlow::Continue(());
        }
        if self.state.udaf(&called).is_ok() || self.state.udwf(&called).is_ok() {
            return refuse(
                span,
                &format!("{called}(), which needs more than one record"),
                "kf.sql and `kaframe sql` take whole queries",
            );
        }
        let names = self.state.scalar_functions().keys().map(String::as_str);
        let near = nearest(&called, names);
        ControlFlow::Break(
            Error::config(format!("where: there is no function {called}(){}", at(span)))
                .with_hint(format!("the nearest are {}", near[..near.len().min(4)].join(", "))),
        )
    }
}

/// The parser takes `user` for a function without parentheses. In records it is a name like any other.
pub(crate) fn words(expr: &mut Expr) {
    match expr {
        Expr::Function(function) if matches!(function.args, FunctionArguments::None) => {
            if let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice()
                && name.value.eq_ignore_ascii_case("user")
            {
                *expr = Expr::Identifier(name.clone());
            }
        }
        Expr::CompoundFieldAccess { root, access_chain } => {
            words(root);
            // `user.id` is what any other name with a dot is.
            if let Expr::Identifier(first) = root.as_ref() {
                let parts = access_chain.iter().map_while(|access| match access {
                    AccessExpr::Dot(Expr::Identifier(part)) => Some(part.clone()),
                    _ => None,
                });
                let parts: Vec<Ident> = std::iter::once(first.clone()).chain(parts).collect();
                access_chain.drain(..parts.len() - 1);
                match (parts.len(), access_chain.is_empty()) {
                    (1, _) => {}
                    (_, true) => *expr = Expr::CompoundIdentifier(parts),
                    (_, false) => **root = Expr::CompoundIdentifier(parts),
                }
            }
        }
        _ => {}
    }
}

fn refuse(span: Span, what: &str, hint: &str) -> ControlFlow<Error> {
    ControlFlow::Break(
        Error::config(format!(
            "where: a condition looks at one record by itself, so it cannot have {what}{}",
            at(span)
        ))
        .with_hint(hint),
    )
}

/// Where in the text, if that is known.
fn at(span: Span) -> String {
    match span.start {
        Location { line: 0, .. } => String::new(),
        Location { line: 1, column } => format!(", at character {column}"),
        Location { line, column } => format!(", at line {line}, character {column}"),
    }
}

fn joined(parts: &[Ident]) -> String {
    parts
        .iter()
        .map(|part| part.value.as_str())
        .collect::<Vec<_>>()
        .join(".")
}

fn column(path: String, span: Span) -> Expr {
    let mut name = Ident::with_quote('"', path);
    name.span = span;
    Expr::Identifier(name)
}

/// `.name` as `['name']`: the name in it is no column.
fn by_subscript(access: &mut AccessExpr) {
    if let AccessExpr::Dot(Expr::Identifier(name)) = access {
        let index = Expr::Value(Value::SingleQuotedString(name.value.clone()).with_empty_span());
        *access = AccessExpr::Subscript(Subscript::Index { index });
    }
}

fn field_of(access: &AccessExpr) -> Option<&str> {
    match access {
        AccessExpr::Subscript(Subscript::Index {
            index: Expr::Value(value),
        }) => match &value.value {
            Value::SingleQuotedString(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}
