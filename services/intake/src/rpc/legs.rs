//! `AnswerInstitution`: the enterprise's answer to one institution's question.

use host::Begun;
use kernel::{
    LegId,
    leg::{LegCommand, LegStep},
};
use proto::intake::v1 as wire;
use rpc::{Fault, audit};
use tonic::{Request, Response};

use super::{lookup, service::Deps, submit::doer};
use crate::{
    domain::Command,
    journal::Journal,
    messaging::publish,
    reasons,
    store::{cases, legs},
    wire::{application, views},
};

impl Deps {
    pub(super) async fn answer_institution(
        &self,
        request: Request<wire::AnswerInstitutionRequest>,
    ) -> Result<Response<wire::AnswerInstitutionResponse>, Fault> {
        let body = request.get_ref();
        let documents = application::documents(&body.documents, &body.note)?;
        let id: LegId =
            body.leg_id.parse().map_err(|_| Fault::new(&rpc::reasons::UUID_INVALID).field("leg_id"))?;
        let mut change = match self
            .changes
            .begin(&request, lookup::request_id(&body.request_id)?, "AnswerInstitution")
            .await?
        {
            Begun::Fresh(change) => change,
            Begun::Repeat(first) => return Ok(first),
        };
        let now = change.now();
        let not_found = || Fault::new(&reasons::LEG_NOT_FOUND);
        let mut case = cases::lock_by_legs(change.conn(), &[id]).await?.pop().ok_or_else(not_found)?.case;
        let mut leg = legs::by_ids(change.conn(), &[id]).await?.pop().ok_or_else(not_found)?;
        let Ok(LegStep::Moved(state)) = leg.state.decide(LegCommand::AnswerInfo) else {
            // Nothing of the state: an answered leg is sealed.
            return Err(Fault::new(&reasons::NOTHING_ASKED));
        };
        let mut journal = Journal::new(now, &self.rules);
        leg.change(state);
        leg.asked.clear();
        leg.asked_note.clear();
        journal.changes.note_leg(&leg);
        journal.execute(&mut case, Command::AnswerQuestion { leg: id }, &doer(change.caller()), &mut [])?;
        journal.changes.outgoing.push(publish::leg_supplemented(&leg, documents.len(), now));
        legs::insert_supplement(change.conn(), id, now, &documents, &body.note).await?;
        journal.write(change.conn()).await?;
        let answer = wire::AnswerInstitutionResponse { leg: Some(views::leg(&case, &leg)) };
        let entry = audit::Entry {
            action: "ANSWER_INSTITUTION",
            object_kind: "leg",
            object_id: id.uuid(),
            purpose: lookup::PURPOSE,
            result: "DONE",
        };
        let answer = change.commit(answer, &entry, &[]).await?;
        self.after_commit();
        Ok(answer)
    }
}
