//! The task that has all lines of a producer: it decides what is sent where and when, and hears what became of it.
//!
//! It never waits for a broker: couriers do, and looking up who leads what is a task of its own. So a partition in trouble holds no other one up.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::Identity;
use super::courier::{Courier, Delivered, Load, Route, Sent};
use super::line::{Line, Next, Parcel};
use crate::client::Retrying;
use crate::error::ClientError;
use crate::metadata::KnownTopic;
use crate::offsets::needs_refresh;
use crate::topic::TopicMetadata;
use crate::{Client, Result};

/// Connections to one leader: it works on one request of each at a time.
const ROUTES: usize = 4;
/// Requests on their way on one connection.
const WINDOW: usize = 5;
/// A request is filled with batches of other partitions up to this size.
const LOAD_TARGET: usize = 1 << 20;

/// What the producer asks of its task.
#[derive(Debug)]
pub(super) enum Order {
    /// A batch for a line.
    Batch(usize, Parcel),
    /// A line may go on after a failure.
    Mend(usize),
    /// Settle everything and end.
    Close(oneshot::Sender<()>),
}

enum Event {
    Order(Option<Order>),
    Delivered(Delivered),
    Refreshed(Result<()>),
    Time,
}

/// A line and how it fares.
struct Lane<'a> {
    line: Line,
    /// The attempts at its oldest batch.
    retrying: Option<Retrying<'a>>,
    not_before: Option<Instant>,
    /// Since when its leader is in question.
    stale: Option<Instant>,
    /// The way of what is on its way.
    route: Option<Route>,
}

/// A connection in use.
struct Way {
    courier: u64,
    loads: mpsc::UnboundedSender<Load>,
    on_way: usize,
}

pub(super) struct Sender<'a> {
    client: &'a Client,
    /// The topic as it was at the beginning.
    first: &'a TopicMetadata,
    identity: Identity,
    lanes: Vec<Lane<'a>>,
    /// Lanes with anything in them.
    active: BTreeSet<usize>,
    ways: HashMap<Route, Way>,
    next_load: u64,
    tasks: JoinSet<()>,
    deliveries: mpsc::UnboundedSender<Delivered>,
    refreshed: mpsc::UnboundedSender<Result<()>>,
    /// When the look-up that is under way began.
    refreshing: Option<Instant>,
}

/// Runs until the producer is dropped or closed.
pub(super) async fn run(
    client: Client,
    topic: TopicMetadata,
    identity: Identity,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let (deliveries, mut delivered) = mpsc::unbounded_channel();
    let (refreshed, mut refreshes) = mpsc::unbounded_channel();
    let mut sender = Sender::new(&client, &topic, identity, deliveries, refreshed);
    loop {
        let wake = sender.next_wake();
        let event = tokio::select! {
            Some(delivered) = delivered.recv() => Event::Delivered(delivered),
            order = orders.recv() => Event::Order(order),
            Some(result) = refreshes.recv() => Event::Refreshed(result),
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => Event::Time,
        };
        match event {
            Event::Delivered(delivered) => sender.delivered(delivered),
            Event::Order(Some(Order::Batch(lane, parcel))) => sender.take(lane, parcel),
            Event::Order(Some(Order::Mend(lane))) => sender.lanes[lane].line.mend(),
            Event::Order(Some(Order::Close(done))) => {
                sender.close().await;
                let _ = done.send(());
                return;
            }
            Event::Order(None) => return sender.close().await,
            Event::Refreshed(result) => sender.refreshed(result),
            Event::Time => {}
        }
        sender.dispatch();
    }
}

impl<'a> Sender<'a> {
    fn new(
        client: &'a Client,
        first: &'a TopicMetadata,
        identity: Identity,
        deliveries: mpsc::UnboundedSender<Delivered>,
        refreshed: mpsc::UnboundedSender<Result<()>>,
    ) -> Sender<'a> {
        let lanes = first.partitions.iter().map(|described| Lane {
            line: Line::new(&first.name, described.id),
            retrying: None,
            not_before: None,
            stale: None,
            route: None,
        });
        Sender {
            client,
            first,
            identity,
            lanes: lanes.collect(),
            active: BTreeSet::new(),
            ways: HashMap::new(),
            next_load: 0,
            tasks: JoinSet::new(),
            deliveries,
            refreshed,
            refreshing: None,
        }
    }

    fn take(&mut self, lane: usize, parcel: Parcel) {
        self.lanes[lane].line.push(parcel);
        self.tidy(lane);
    }

    /// Notes whether a lane has anything left.
    fn tidy(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        if lane.line.is_idle() {
            (lane.retrying, lane.not_before, lane.stale) = (None, None, None);
            self.active.remove(&index);
        } else {
            self.active.insert(index);
        }
    }

    fn delivered(&mut self, delivered: Delivered) {
        // The route may have another courier by now.
        let way = self.ways.get_mut(&delivered.route);
        if let Some(way) = way.filter(|way| way.courier == delivered.courier) {
            way.on_way = way.on_way.saturating_sub(1);
            if delivered.last {
                self.ways.remove(&delivered.route);
            }
        }
        for (index, answer) in delivered.answers {
            match self.lanes[index].line.answered(delivered.load, answer) {
                Next::GoOn => {}
                Next::Progress => {
                    self.client.cluster().quota.succeeded();
                    self.lanes[index].retrying = None;
                }
                Next::Retry(error) => self.retry(index, error),
            }
            self.tidy(index);
        }
        while self.tasks.try_join_next().is_some() {}
    }

    /// The oldest batch of a lane failed in a way that may pass.
    fn retry(&mut self, index: usize, error: ClientError) {
        let lane = &mut self.lanes[index];
        let stale = needs_refresh(&error);
        let retrying = lane.retrying.get_or_insert_with(|| {
            Retrying::new(self.client, "the batch to be written").about(&self.first.name, Some(lane.line.partition))
        });
        let deadline = retrying.deadline();
        match retrying.pause(error) {
            Ok(pause) => {
                lane.not_before = Some(Instant::now() + pause);
                if stale {
                    lane.stale = Some(Instant::now());
                    self.refresh(deadline);
                }
            }
            Err(last) => lane.line.end(last),
        }
    }

    /// Looks the topic up again, unless somebody already does.
    fn refresh(&mut self, deadline: Instant) {
        if self.refreshing.is_some() {
            return;
        }
        let now = Instant::now();
        self.refreshing = Some(now);
        let (client, topic, refreshed) = (self.client.clone(), self.first.clone(), self.refreshed.clone());
        self.tasks.spawn(async move {
            let _ = refreshed.send(client.refresh(&topic, now, deadline).await);
        });
    }

    fn refreshed(&mut self, result: Result<()>) {
        let began = self.refreshing.take();
        let mut later = None;
        for index in self.active.clone() {
            let lane = &mut self.lanes[index];
            match (lane.stale, &result) {
                (Some(_), Err(error)) => lane.line.end(error.clone()),
                (Some(since), Ok(())) if began.is_some_and(|began| since <= began) => lane.stale = None,
                (Some(_), Ok(())) => later = later.max(lane.retrying.as_ref().map(Retrying::deadline)),
                (None, _) => {}
            }
            self.tidy(index);
        }
        if let Some(deadline) = later {
            self.refresh(deadline);
        }
    }

    /// When a lane that pauses wants to be looked at.
    fn next_wake(&self) -> Option<Instant> {
        self.active
            .iter()
            .filter_map(|index| self.lanes[*index].not_before)
            .min()
    }

    /// Sends whatever may be sent now.
    fn dispatch(&mut self) {
        while !self.active.is_empty() {
            let known = match self.client.current(self.first) {
                Ok(known) => known,
                Err(error) => {
                    for index in self.active.clone() {
                        self.lanes[index].line.end(error.clone());
                        self.tidy(index);
                    }
                    return;
                }
            };
            let ready = self.ready(&known);
            let mut sent = false;
            for (route, lanes) in ready {
                sent |= self.fill(route, lanes, &known);
            }
            if !sent {
                return;
            }
        }
    }

    /// The lanes that may send, by route: how many each has on its way, which, and the size of its next batch.
    fn ready(&mut self, known: &KnownTopic) -> BTreeMap<Route, Vec<(usize, usize, usize)>> {
        let now = Instant::now();
        let mut ready: BTreeMap<Route, Vec<_>> = BTreeMap::new();
        for index in self.active.clone() {
            let lane = &mut self.lanes[index];
            lane.not_before = lane.not_before.filter(|until| *until > now);
            if lane.stale.is_some() || lane.not_before.is_some() {
                continue;
            }
            let Some(size) = lane.line.ready() else { continue };
            let in_flight = lane.line.in_flight();
            let leader = self
                .client
                .partition(&known.topic, lane.line.partition)
                .map(|described| self.client.leader(&known.topic, described));
            match leader {
                Ok(Ok(leader)) => {
                    let route = (leader, index % ROUTES);
                    // What is on its way elsewhere comes first.
                    if in_flight == 0 || lane.route == Some(route) {
                        ready.entry(route).or_default().push((in_flight, index, size));
                    }
                }
                Ok(Err(_)) if in_flight > 0 => {}
                Ok(Err(leaderless)) => {
                    self.retry(index, leaderless);
                    self.tidy(index);
                }
                Err(gone) => {
                    lane.line.end(gone);
                    self.tidy(index);
                }
            }
        }
        ready
    }

    /// Sends one load on a route, if it takes one.
    fn fill(&mut self, route: Route, mut lanes: Vec<(usize, usize, usize)>, known: &KnownTopic) -> bool {
        if self.ways.get(&route).is_some_and(|way| way.on_way >= WINDOW) {
            return false;
        }
        // Those with the least on their way come first, so that none is passed over for ever.
        lanes.sort_unstable();
        let now = Instant::now();
        let id = self.next_load;
        self.next_load += 1;
        let mut load = Load {
            id,
            batches: Vec::new(),
            topic: Arc::clone(&known.topic),
            deadline: now + self.client.config().request_timeout * 2,
        };
        let mut total = 0;
        for (_, index, size) in lanes {
            if total > 0 && total + size > LOAD_TARGET {
                continue;
            }
            let lane = &mut self.lanes[index];
            let Some(bytes) = lane.line.send(id, self.identity) else {
                continue;
            };
            total += size;
            let partition = lane.line.partition;
            let retrying = lane.retrying.get_or_insert_with(|| {
                Retrying::new(self.client, "the batch to be written").about(&self.first.name, Some(partition))
            });
            load.deadline = load.deadline.min(retrying.deadline());
            lane.route = Some(route);
            load.batches.push(Sent {
                line: index,
                partition,
                bytes,
            });
        }
        if load.batches.is_empty() {
            return false;
        }
        self.hand_over(route, load);
        true
    }

    fn hand_over(&mut self, route: Route, load: Load) {
        let load = match self.ways.get_mut(&route) {
            Some(way) => match way.loads.send(load) {
                Ok(()) => {
                    way.on_way += 1;
                    return;
                }
                // Its connection failed a moment ago; the news is on its way.
                Err(mpsc::error::SendError(load)) => load,
            },
            None => load,
        };
        let (loads, received) = mpsc::unbounded_channel();
        // A load goes out once, so its number is good for the courier that it is the first of.
        let number = load.id;
        let courier = Courier {
            client: self.client.clone(),
            route,
            number,
            deliveries: self.deliveries.clone(),
        };
        self.tasks.spawn(courier.run(received));
        // The receiver is alive: it was made a line ago.
        let _ = loads.send(load);
        let way = Way {
            courier: number,
            loads,
            on_way: 1,
        };
        self.ways.insert(route, way);
    }

    /// Stops the couriers and settles what is left.
    async fn close(&mut self) {
        self.ways.clear();
        self.tasks.shutdown().await;
        for index in std::mem::take(&mut self.active) {
            self.lanes[index].line.abandon("the producer was closed");
        }
    }
}
