//! Fields of nested columns in a planned expression: `get_field(user, 'id')` is the column `user.id` of a read, which then decodes only that.

use arrow_schema::{DataType, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::Expr;

/// The expression with columns of a read: unqualified, nested fields as one name. And those names.
pub(crate) fn flatten(expr: Expr, schema: &Schema) -> Result<(Expr, Vec<String>)> {
    let mut names: Vec<String> = Vec::new();
    let flat = expr.transform_down(|part| {
        let name = match &part {
            Expr::Column(column) => Some(column.name.clone()),
            other => path(other, schema).filter(|path| schema.field_with_name(path).is_err()),
        };
        Ok(match name {
            None => Transformed::no(part),
            Some(name) => {
                let column = Expr::Column(Column::from_name(name.clone()));
                if !names.contains(&name) {
                    names.push(name);
                }
                Transformed::new(column, true, TreeNodeRecursion::Jump)
            }
        })
    })?;
    Ok((flat.data, names))
}

/// The path of a field of a struct, where no name in it has a dot of its own.
fn path(expr: &Expr, schema: &Schema) -> Option<String> {
    let Expr::ScalarFunction(function) = expr else {
        return None;
    };
    if function.name() != "get_field" || function.args.len() < 2 {
        return None;
    }
    let (root, fields) = function.args.split_first()?;
    let mut path = match root {
        Expr::Column(column) if !column.name.contains('.') => column.name.clone(),
        other => path(other, schema)?,
    };
    let mut kind = at(&path, schema)?;
    for field in fields {
        let Expr::Literal(name, _) = field else { return None };
        let name = name.try_as_str()??;
        if name.contains('.') {
            return None;
        }
        kind = field_of(&kind, name)?;
        path.push('.');
        path.push_str(name);
    }
    // A struct inside would come with fields that only a stream's sample knows of; it is read as a whole.
    (!matches!(kind, DataType::Struct(_))).then_some(path)
}

fn at(path: &str, schema: &Schema) -> Option<DataType> {
    let mut parts = path.split('.');
    let mut kind = schema.field_with_name(parts.next()?).ok()?.data_type().clone();
    for part in parts {
        kind = field_of(&kind, part)?;
    }
    Some(kind)
}

fn field_of(kind: &DataType, name: &str) -> Option<DataType> {
    match kind {
        DataType::Struct(fields) => fields.find(name).map(|(_, field)| field.data_type().clone()),
        _ => None,
    }
}
