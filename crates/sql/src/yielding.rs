//! Steps of a plan that make many rows of few give way to others after every few batches.
//!
//! DataFusion lets the steps that begin a plan give way. A join can make hours of work of what one of them gave at once, and would keep its thread for as
//! long: Ctrl-C could not end it, and whatever else runs on the same threads (the client, for one) would stand still.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;

/// See the module.
#[derive(Debug)]
pub(crate) struct Yielding;

impl PhysicalOptimizerRule for Yielding {
    fn name(&self) -> &str {
        "Yielding"
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|step| {
            Ok(match multiplies(step.name()) {
                true => Transformed::yes(Arc::new(CooperativeExec::new(step)) as Arc<dyn ExecutionPlan>),
                false => Transformed::no(step),
            })
        })
        .data()
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn multiplies(step: &str) -> bool {
    step.ends_with("JoinExec") || step == "UnnestExec"
}
