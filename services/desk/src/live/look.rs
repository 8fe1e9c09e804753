//! One look at a case, as the fragments that its page shows.

use askama::Template;
use proto::insurance::v1 as insurance;
use proto::intake::v1 as intake;
use rpc::Actor;
use serde::Serialize;
use tonic::Status;

use crate::pages::board::{Board, Timeline};
use crate::pages::tasks;
use crate::peers::{Directory, Peers};

/// Stands for the state of a case that has a task.
const TASK: &str = "TASK";

/// What a page is told: nothing in it is of one session, so every watcher may have the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Update {
    pub(crate) case: String,
    /// The state's code: another state has other buttons, so the page loads itself anew. Likewise when a task for a
    /// person has come up, which leaves the state what it was.
    pub(crate) state: &'static str,
    pub(crate) version: i64,
    pub(crate) board: String,
    pub(crate) timeline: String,
}

/// A case with what its page needs beside the fragments.
pub(crate) struct Looked {
    pub(crate) view: intake::CaseView,
    pub(crate) update: Update,
}

/// Reads case, cover and timeline and renders them.
///
/// # Errors
/// Intake's answer, if the case cannot be read. Cover and timeline that cannot be read now are left out.
pub(crate) async fn look(
    peers: &Peers,
    directory: &Directory,
    actor: &Actor,
    case_id: &str,
) -> Result<Looked, Status> {
    let mut client = peers.intake(actor);
    let key = intake::get_case_request::Key::CaseId(case_id.to_owned());
    let view = client.get_case(intake::GetCaseRequest { key: Some(key) }).await?.into_inner();
    let names = directory.names(actor).await;
    let entries =
        match client.list_timeline(intake::ListTimelineRequest { case_id: case_id.to_owned() }).await {
            Ok(answer) => Some(answer.into_inner().entries),
            Err(_) => None,
        };
    let header = view.header.clone().unwrap_or_default();
    let asks_cover = header.wave >= 2
        || header.selection.as_ref().is_some_and(|selection| !selection.cover_leg_id.is_empty())
        || view.application.as_ref().is_some_and(|application| application.cover_at_once);
    let cover = if asks_cover { cover(peers, actor, case_id).await } else { Vec::new() };
    let board = Board::of(&view, &cover, &names).render().unwrap_or_default();
    let timeline = Timeline::of(&view, entries.as_deref(), &names).render().unwrap_or_default();
    let update = Update {
        case: case_id.to_owned(),
        state: tasks::of(&header).map_or(header.state().as_str_name(), |_| TASK),
        version: header.version,
        board,
        timeline,
    };
    Ok(Looked { view, update })
}

async fn cover(peers: &Peers, actor: &Actor, case_id: &str) -> Vec<insurance::CoverRound> {
    let request = insurance::ListCoverRequest { case_id: case_id.to_owned() };
    match peers.insurance(actor).list_cover(request).await {
        Ok(answer) => answer.into_inner().rounds,
        Err(status) => {
            tracing::debug!(code = ?status.code(), "cover could not be read");
            Vec::new()
        }
    }
}
