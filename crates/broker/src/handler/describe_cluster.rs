//! DescribeCluster: v0-2
//!
//! * v1: controllers as endpoints are not served, as on brokers of Kafka. v2: nothing is fenced.

use kaframe_wire::ErrorCode;
use kaframe_wire::message::describe_cluster_response::DescribeClusterBroker;
use kaframe_wire::message::{BrokerId, DescribeClusterRequest, DescribeClusterResponse};

use super::{Context, operations, text};

pub(super) fn handle(context: &Context<'_>, request: DescribeClusterRequest) -> DescribeClusterResponse {
    let cluster = context.shared.cluster();
    if context.version >= 1 && request.endpoint_type != 1 {
        return DescribeClusterResponse::default()
            .with_error_code(ErrorCode::MISMATCHED_ENDPOINT_TYPE.0)
            .with_error_message(Some(text("this is an endpoint of a broker, not of a controller")));
    }
    let broker = |node: &crate::cluster::Node| {
        DescribeClusterBroker::default()
            .with_broker_id(BrokerId(node.id))
            .with_host(text(&node.host))
            .with_port(i32::from(node.port))
    };
    DescribeClusterResponse::default()
        .with_error_message(None)
        .with_cluster_id(text(&cluster.id))
        .with_controller_id(BrokerId(cluster.nodes[0].id))
        .with_brokers(cluster.nodes.iter().map(broker).collect())
        .with_cluster_authorized_operations(if request.include_cluster_authorized_operations {
            operations::CLUSTER
        } else {
            operations::NOT_ASKED
        })
}
