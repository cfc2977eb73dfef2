//! The state that all SQL is planned with: DataFusion's functions, our `now()`, and names as they are written.

use std::sync::{Arc, LazyLock};

use datafusion::common::DFSchema;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionState;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::ScalarUDF;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::prelude::SessionConfig;

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

/// What the simplifier is told: the columns, and the time that `now()` stands for.
pub(crate) fn simplify_context(schema: &DFSchema, state: &SessionState) -> SimplifyContext {
    SimplifyContext::builder()
        .with_schema(Arc::new(schema.clone()))
        .with_config_options(state.config_options().clone())
        .with_query_execution_start_time(state.execution_props().query_execution_start_time)
        .build()
}
