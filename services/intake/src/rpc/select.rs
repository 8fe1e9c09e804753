//! `SelectOffer`: the enterprise's choice (选择确认书, D16) among what stands.

use host::Begun;
use kernel::{Due, LegId};
use proto::intake::v1 as wire;
use rpc::{Fault, check::Checker};
use tonic::{Request, Response};

use super::{lookup, service::Deps, submit::doer};
use crate::{
    domain::{
        Choice, Command, CoverOption, Leg, Phase,
        selection::{Named, check},
    },
    journal::Journal,
    reasons,
    store::{covers, legs, offers},
};

/// The legs that a request names.
struct Legs {
    bank: LegId,
    cover: Option<LegId>,
    evaluator: Option<LegId>,
}

impl Deps {
    pub(super) async fn select_offer(
        &self,
        request: Request<wire::SelectOfferRequest>,
    ) -> Result<Response<wire::CaseResponse>, Fault> {
        let body = request.get_ref();
        let named = read(body)?;
        let mut change =
            match self.changes.begin(&request, lookup::request_id(&body.request_id)?, "SelectOffer").await? {
                Begun::Fresh(change) => change,
                Begun::Repeat(first) => return Ok(first),
            };
        let now = change.now();
        let mut record = lookup::lock(&mut change, &body.case_id).await?;
        let Phase::OffersReady(_) = record.case.phase else {
            let fault = Fault::new(&reasons::CASE_STATE).metadata("state", record.case.phase.code());
            return Err(fault.metadata("command", "select"));
        };
        let mut roster = legs::of_cases(change.conn(), &[record.case.id]).await?;
        let options = covers::options(change.conn(), &[record.case.id]).await?;
        let bank = roster.iter().find(|leg| leg.id == named.bank).cloned();
        let reply = bank.as_ref().and_then(|leg| leg.standing_reply);
        let standing = match reply {
            Some(reply) => offers::by_replies(change.conn(), &[reply]).await?.pop(),
            None => None,
        };
        let cover = |id: LegId| -> Option<&CoverOption> {
            options.iter().find(|option| option.leg == id && option.round == record.case.round)
        };
        let evaluator = |id: LegId| -> Option<&Leg> { roster.iter().find(|leg| leg.id == id) };
        let found = Named {
            bank: bank.as_ref().zip(standing.as_ref()),
            cover: named.cover.map(cover),
            evaluator: named.evaluator.map(evaluator),
        };
        let offer = check(found, record.case.round, now)?;
        let approve_by = match self.rules.calendar.deadline(now, self.rules.policy.approval) {
            Due::At(at) => Some(at),
            Due::Pending { .. } => None,
        };
        let choice = Choice {
            bank: named.bank,
            cover: named.cover,
            evaluator: named.evaluator,
            selected_at: now,
            approve_by,
            cover_bound: false,
            cover_lost: false,
            amount: offer.amount,
            term: offer.term,
        };
        let mut journal = Journal::new(now, &self.rules);
        let command = Command::Select { choice };
        journal.carry_out(&mut record, command, &doer(change.caller()), &mut roster)?;
        self.finish(change, &mut journal, record, "SELECT_OFFER").await
    }
}

fn read(body: &wire::SelectOfferRequest) -> Result<Legs, Fault> {
    let mut check = Checker::new();
    let bank = check.id("bank_leg_id", &body.bank_leg_id);
    let mut optional = |field: &str, value: &str| match value {
        "" => Some(None),
        value => check.id(field, value).map(Some),
    };
    let cover = optional("cover_leg_id", &body.cover_leg_id);
    let evaluator = optional("evaluator_leg_id", &body.evaluator_leg_id);
    let (bank, cover, evaluator) = check.all((bank, cover, evaluator))?;
    Ok(Legs { bank, cover, evaluator })
}
