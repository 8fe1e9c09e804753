//! The observed bank: everything that it calls and gets is a line of its transcript.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use prost::Message;
use proto::partner::v1::{
    AcknowledgeRequest, Assignment, Event, EventType, PullEventsRequest, PullEventsResponse,
};
use rpc::client::Channel;

use crate::line::{Answer, call};
use crate::mask::Mask;
use crate::wire;

const ACKNOWLEDGE: &str = "/zhirong.partner.v1.EventService/Acknowledge";
/// Headers that tell of the moment alone.
const OF_THE_MOMENT: [&str; 1] = ["date"];
/// How long an event may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing has to come before it is said that nothing comes.
const QUIET_SECONDS: i32 = 1;

/// What was seen.
pub(crate) struct Transcript {
    pub(crate) lines: Vec<String>,
    pub(crate) ordered_ids: Vec<String>,
    /// Paths of the methods that were called.
    pub(crate) called: BTreeSet<&'static str>,
}

/// An event as it came, and the answer to its acknowledgement.
struct Pulled {
    event: Event,
    answer: Answer,
    acknowledged: Answer,
}

pub(crate) struct Bank {
    pub(crate) channel: Channel,
    lines: Vec<String>,
    mask: Mask,
    called: BTreeSet<&'static str>,
}

impl Bank {
    pub(crate) fn new(channel: Channel) -> Self {
        Self { channel, lines: Vec::new(), mask: Mask::default(), called: BTreeSet::new() }
    }

    pub(crate) fn scene(&mut self, name: &str) {
        self.lines.push(format!("== {name}"));
    }

    pub(crate) fn note(&mut self, line: String) {
        self.lines.push(line);
    }

    /// `known`: ids of the catalogue that are the bank's own: older than any case, or made by itself.
    pub(crate) fn finish(self, known: &[String]) -> Transcript {
        Transcript { lines: self.lines, ordered_ids: self.mask.ordered(known), called: self.called }
    }

    /// Makes a call and writes everything down that comes of it; the message, if there is one.
    pub(crate) async fn call(
        &mut self,
        what: &str,
        path: &'static str,
        request: &impl Message,
    ) -> Option<Vec<u8>> {
        self.called.insert(path);
        let answer = call(&self.channel, path, request).await;
        self.lines.push(format!("== {what}: {}", path.rsplit('/').next().unwrap_or_default()));
        self.write(&answer);
        answer.messages.into_iter().next()
    }

    fn write(&mut self, answer: &Answer) {
        self.entries("header", &answer.headers);
        for message in &answer.messages {
            self.lines.push(format!("message of {} fields", wire::read(message).unwrap().len()));
            self.message(message);
        }
        if let Some(status) = &answer.status {
            self.lines.push(format!(
                "status {} {}",
                i32::from(status.code()),
                self.mask.text(status.message())
            ));
            let mut details = Vec::new();
            self.mask.lines(&wire::read(status.details()).unwrap_or_default(), 0, &mut details);
            self.lines.extend(details.into_iter().map(|line| format!("detail {line}")));
        }
        self.entries("trailer", &answer.trailers);
    }

    fn message(&mut self, message: &[u8]) {
        let mut lines = Vec::new();
        self.mask.lines(&wire::read(message).unwrap(), 0, &mut lines);
        self.lines.append(&mut lines);
    }

    fn entries(&mut self, what: &str, entries: &[(String, String)]) {
        for (name, value) in entries {
            let value = if OF_THE_MOMENT.contains(&name.as_str()) {
                "<moment>".to_owned()
            } else {
                self.mask.text(value)
            };
            self.lines.push(format!("{what} {name}: {value}"));
        }
    }

    /// The next events, until one of this type has come: their number and order are part of what is compared, how many
    /// came by one call is timing.
    pub(crate) async fn events_until(&mut self, last: EventType) -> Event {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            for event in self.pull(5).await {
                if event.r#type() == last {
                    return event;
                }
            }
        }
        panic!("no {} in {PATIENCE:?}; the last lines:\n{}", last.as_str_name(), self.tail());
    }

    /// Whatever else comes within a short time.
    pub(crate) async fn quiet(&mut self) {
        while !self.pull(QUIET_SECONDS).await.is_empty() {}
    }

    async fn pull(&mut self, wait_seconds: i32) -> Vec<Event> {
        let pulled = self.receive(wait_seconds).await;
        pulled.into_iter().inspect(|pulled| self.write_down(pulled)).map(|pulled| pulled.event).collect()
    }

    /// One event at a time, so that nothing that comes behind an awaited one is passed over; acknowledged at once.
    async fn receive(&self, wait_seconds: i32) -> Option<Pulled> {
        let request = PullEventsRequest { max_events: 1, wait_seconds, lease_seconds: 60 };
        let channel = self.channel.clone().with_deadline(Duration::from_secs(20));
        let answer = call(&channel, "/zhirong.partner.v1.EventService/PullEvents", &request).await;
        let bytes = answer.messages.first().unwrap_or_else(|| panic!("{:?}", answer.status));
        let response = PullEventsResponse::decode(bytes.as_slice()).unwrap();
        let event = response.events.into_iter().next()?;
        let request = AcknowledgeRequest { names: vec![event.name.clone()] };
        let acknowledged = call(&self.channel, ACKNOWLEDGE, &request).await;
        Some(Pulled { event, answer, acknowledged })
    }

    fn write_down(&mut self, pulled: &Pulled) {
        self.lines.push("event".to_owned());
        self.entries("header", &pulled.answer.headers);
        for message in &pulled.answer.messages {
            self.message(message);
        }
        self.entries("trailer", &pulled.answer.trailers);
        self.lines.push("== acknowledging: Acknowledge".to_owned());
        self.write(&pulled.acknowledged);
    }

    fn tail(&self) -> String {
        self.lines[self.lines.len().saturating_sub(25)..].join("\n")
    }
}

/// How long the bank has, which must not depend on others.
pub(crate) fn time_given(assignment: &Assignment) -> String {
    let millis = |at: &Option<prost_types::Timestamp>| {
        at.as_ref().map(|at| at.seconds * 1000 + i64::from(at.nanos) / 1_000_000)
    };
    match (millis(&assignment.create_time), millis(&assignment.due_time)) {
        (Some(from), Some(to)) => format!("time to answer: {} ms", to - from),
        _ => "time to answer: not fixed".to_owned(),
    }
}
