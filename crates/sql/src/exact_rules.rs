//! The rewriting of [`crate::exact`] as rules for whole plans: before types are agreed on, and before every simplification, since the optimizer moves
//! constants into conditions.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, DFSchemaRef, Result};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{Analyzer, AnalyzerRule, Optimizer, OptimizerConfig, OptimizerRule};

use crate::exact::Exact;
use crate::lazy;

/// DataFusion's rules of analysis with ours among them.
pub(crate) fn analyzer() -> Vec<Arc<dyn AnalyzerRule + Send + Sync>> {
    let mut rules = Analyzer::new().rules;
    let place = rules.iter().position(|rule| rule.name() == "type_coercion");
    rules.insert(place.unwrap_or(0), Arc::new(ExactComparisons));
    rules
}

/// DataFusion's rules of optimization with ours among them.
pub(crate) fn optimizer() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = Vec::new();
    for rule in Optimizer::new().rules {
        if rule.name() == "simplify_expressions" {
            rules.push(Arc::new(ExactComparisons));
        }
        rules.push(rule);
    }
    rules
}

#[derive(Debug)]
struct ExactComparisons;

impl AnalyzerRule for ExactComparisons {
    fn name(&self) -> &str {
        "exact_comparisons"
    }

    fn analyze(&self, plan: LogicalPlan, config: &ConfigOptions) -> Result<LogicalPlan> {
        let config = Arc::new(config.clone());
        let context = || SimplifyContext::builder().with_config_options(config.clone());
        plan.transform_up_with_subqueries(|plan| {
            let context = |schema| context().with_schema(schema).build();
            rewritten(plan, context, |exact, expr| {
                exact.times(expr)?.transform_data(lazy::guarded)
            })
        })
        .data()
    }
}

impl OptimizerRule for ExactComparisons {
    fn name(&self) -> &str {
        "exact_comparisons"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let context = |schema| {
            SimplifyContext::builder()
                .with_schema(schema)
                .with_config_options(config.options())
                .with_query_execution_start_time(config.query_execution_start_time())
                .build()
        };
        rewritten(plan, context, |exact, expr| exact.times_and_lists(expr))
    }
}

/// One step of a plan with its expressions rewritten.
fn rewritten(
    plan: LogicalPlan,
    context: impl FnOnce(DFSchemaRef) -> SimplifyContext,
    step: fn(&Exact<'_>, Expr) -> Result<Transformed<Expr>>,
) -> Result<Transformed<LogicalPlan>> {
    let schema = Arc::new(inputs(&plan)?);
    let exact = Exact::new(&schema, context(schema.clone()));
    // The names of a step's columns are the texts of its expressions.
    let names = NamePreserver::new(&plan);
    let one = |expr: Expr| {
        let name = names.save(&expr);
        let done = step(&exact, expr)?;
        Ok(match done.transformed {
            true => done.update_data(|expr| name.restore(expr)),
            false => done,
        })
    };
    plan.map_expressions(|expr| match expr {
        Expr::GroupingSet(_) => expr.map_children(one),
        expr => one(expr),
    })
}

/// The columns that the expressions of a step may name.
fn inputs(plan: &LogicalPlan) -> Result<DFSchema> {
    match plan {
        // Conditions that were pushed into a scan may name columns which it does not give.
        LogicalPlan::TableScan(scan) => {
            DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())
        }
        plan => Ok(merge_schema(&plan.inputs())),
    }
}
