//! The state that all SQL is planned with: DataFusion's functions, our `now()`, and names as they are written.

use std::sync::{Arc, LazyLock};

use datafusion::common::tree_node::TransformedResult;
use datafusion::common::{DFSchema, Result};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionState;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, ScalarUDF};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::prelude::SessionConfig;

use crate::exact::Exact;
use crate::exact_rules;
use crate::now::Now;

/// What every session has in common.
pub(crate) fn config() -> SessionConfig {
    let mut config = SessionConfig::new().with_information_schema(false);
    let parser = &mut config.options_mut().sql_parser;
    // Fields of JSON and topics are told apart by case.
    parser.enable_ident_normalization = false;
    parser.collect_spans = true;
    config
}

/// A builder's state with what it lacks by default.
pub(crate) fn finish(builder: SessionStateBuilder) -> SessionState {
    let mut state = builder
        .with_default_features()
        .with_analyzer_rules(exact_rules::analyzer())
        .with_optimizer_rules(exact_rules::optimizer())
        .with_physical_optimizer_rule(Arc::new(crate::yielding::Yielding))
        .build();
    // A registry that takes functions at all takes this one.
    let _ = state.register_udf(Arc::new(ScalarUDF::from(Now::new())));
    state
}

/// The state that predicates are planned with.
pub(crate) fn predicates() -> SessionState {
    static STATE: LazyLock<SessionState> = LazyLock::new(|| finish(SessionStateBuilder::new().with_config(config())));
    STATE.clone()
}

/// A condition with the types of its columns agreed on and its constants folded.
pub(crate) fn simplified(expr: Expr, schema: &DFSchema, state: &SessionState) -> Result<Expr> {
    let context = simplify_context(schema, state);
    let exact = Exact::new(schema, context.clone());
    let simplifier = ExprSimplifier::new(context);
    let expr = exact.times(expr).data()?;
    let coerced = simplifier.coerce(expr, schema)?;
    simplifier.simplify(exact.times_and_lists(coerced).data()?)
}

/// What the simplifier is told: the columns, and the time that `now()` stands for.
fn simplify_context(schema: &DFSchema, state: &SessionState) -> SimplifyContext {
    SimplifyContext::builder()
        .with_schema(Arc::new(schema.clone()))
        .with_config_options(state.config_options().clone())
        .with_query_execution_start_time(state.execution_props().query_execution_start_time)
        .build()
}
