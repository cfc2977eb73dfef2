//! A described topic as JSON, for `kaframe._topics`.

use kaframe::TopicDescription;
use serde_json::json;

/// The description as JSON.
pub(crate) fn description(topic: &TopicDescription) -> String {
    let partitions: Vec<_> = topic
        .partitions
        .iter()
        .map(|one| {
            json!({
                "id": one.id,
                "leader": one.leader,
                "leader_epoch": one.leader_epoch,
                "replicas": one.replicas,
                "isr": one.isr,
                "log_start_offset": one.log_start_offset,
                "high_watermark": one.high_watermark,
                "last_stable_offset": one.last_stable_offset,
            })
        })
        .collect();
    let topic = json!({
        "name": topic.name,
        "id": topic.id,
        "internal": topic.internal,
        "partitions": partitions,
        "configs": topic.configs,
    });
    topic.to_string()
}
