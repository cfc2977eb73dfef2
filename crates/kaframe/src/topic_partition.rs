//! A partition of one of the topics that a plan reads: what ranges, results, connections and counts are kept by.

/// A partition of a plan: by its topic's place in [`crate::Plan::topics`], then by number. Its order is the order of the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// Place of the topic in [`crate::Plan::topics`].
    pub topic: usize,
    /// Number of the partition.
    pub partition: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_come_in_the_order_they_were_named() {
        let at = |topic, partition| TopicPartition { topic, partition };
        let mut some = [at(1, 0), at(0, 7), at(0, -1), at(1, -3)];
        some.sort();
        assert_eq!(some, [at(0, -1), at(0, 7), at(1, -3), at(1, 0)]);
    }
}
