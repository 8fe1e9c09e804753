//! Calls that are tried again while that may help, with pauses that grow and differ.

use std::time::Duration;

use rand::Rng as _;
use rpc::status::is_retryable;
use tokio_util::sync::CancellationToken;
use tonic::{Response, Status};

const FIRST: Duration = Duration::from_millis(200);
const LAST: Duration = Duration::from_secs(10);

/// Pauses that double, each somewhere between its half and its whole, so that institutions do not come back together.
#[derive(Debug)]
pub(super) struct Pauses(Duration);

impl Pauses {
    pub(super) fn new() -> Self {
        Self(FIRST)
    }

    pub(super) fn next(&mut self) -> Duration {
        let pause = self.0.mul_f64(rand::rng().random_range(0.5..=1.0));
        self.0 = (self.0 * 2).min(LAST);
        pause
    }
}

/// Makes a call until it is answered for good, and tells of each failure that is tried again. The request keeps its
/// id, so that a repeat is no second act.
pub(super) async fn persist<T, F>(
    shutdown: &CancellationToken,
    tell: impl Fn(&Status),
    mut call: impl FnMut() -> F,
) -> Result<T, Status>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    let mut pauses = Pauses::new();
    loop {
        let answer = tokio::select! {
            answer = call() => answer,
            () = shutdown.cancelled() => return Err(Status::cancelled("stopped")),
        };
        match answer {
            Ok(response) => return Ok(response.into_inner()),
            Err(status) if is_retryable(&status) || broke_off(&status) => {
                tell(&status);
                pause(shutdown, pauses.next()).await?;
            }
            Err(status) => return Err(status),
        }
    }
}

/// Waits, unless the simulation ends.
pub(super) async fn pause(shutdown: &CancellationToken, time: Duration) -> Result<(), Status> {
    tokio::select! {
        () = tokio::time::sleep(time) => Ok(()),
        () = shutdown.cancelled() => Err(Status::cancelled("stopped")),
    }
}

/// What a refusal says, for people.
pub(super) fn words(status: &Status) -> String {
    let reason = rpc::status::reason(status).unwrap_or_else(|| format!("{:?}", status.code()));
    match rpc::status::localized(status) {
        Some(text) => format!("{reason} {text}"),
        None => format!("{reason} {}", status.message()),
    }
}

/// A connection that broke off within an answer has no reason of ours: whether the call was carried out is not known, and its
/// `request_id` keeps it from being carried out twice.
fn broke_off(status: &tonic::Status) -> bool {
    status.code() == tonic::Code::Unknown && rpc::status::reason(status).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit() {
        let mut pauses = Pauses::new();
        let drawn: Vec<Duration> = (0..12).map(|_| pauses.next()).collect();
        assert!(drawn.iter().all(|pause| (FIRST / 2..=LAST).contains(pause)));
        assert!(drawn[11] >= LAST / 2);
    }

    #[tokio::test]
    async fn a_final_answer_ends_the_attempts_and_so_does_the_end() {
        let shutdown = CancellationToken::new();
        let refused =
            persist(&shutdown, |_| {}, || async { Err::<Response<()>, _>(Status::not_found("no")) }).await;
        assert_eq!(refused.unwrap_err().code(), tonic::Code::NotFound);
        shutdown.cancel();
        let ended =
            persist(&shutdown, |_| {}, || async { Err::<Response<()>, _>(Status::unavailable("away")) })
                .await;
        assert_eq!(ended.unwrap_err().code(), tonic::Code::Cancelled);
    }
}
