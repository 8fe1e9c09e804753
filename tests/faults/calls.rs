//! The calls about one case, tried again whatever fails for a reason that passes, as a desk would.

use std::time::{Duration, Instant};

use proto::intake::v1::{Application, CaseHeader, Channel};
use proto::whitelist::v1::{ConsentPurpose, DataCategory, GrantConsentRequest, RevokeConsentRequest};
use rand::Rng as _;
use tonic::{Code, Status};
use uuid::Uuid;
use zhirong::simulate::Clerk;

use crate::driver::Driver;
use crate::plan::{Kind, Plan};

/// A call that does not succeed for so long has found a system that did not come back.
const PATIENCE: Duration = Duration::from_secs(120);

impl Driver {
    pub(crate) async fn take_in(
        &mut self,
        plan: &Plan,
        application: Application,
    ) -> Result<CaseHeader, String> {
        let request_id = self.seed.request_id("submission", &format!("{}", plan.index));
        let channel = plan.kind.channel();
        let said = |status: Status| format!("not taken in: {status:?}");
        if plan.kind == Kind::Drafted {
            let clerk = self.clerk.clone();
            let draft = self
                .persist(|| {
                    let (mut clerk, id, form) = (clerk.clone(), request_id.clone(), application.clone());
                    async move { clerk.draft(id, channel, form).await }
                })
                .await
                .map_err(said)?;
            self.tally.saw(draft.state());
            let request_id = self.seed.request_id("submission of the draft", &format!("{}", plan.index));
            return self
                .persist(|| {
                    let (mut clerk, id, draft) = (clerk.clone(), request_id.clone(), draft.clone());
                    async move { clerk.submit_draft(id, &draft).await }
                })
                .await
                .map_err(said);
        }
        let first = self.submit(&request_id, channel, &application).await.map_err(said)?;
        if plan.kind == Kind::SubmittedTwice {
            let second = self.submit(&request_id, channel, &application).await.map_err(said)?;
            if second.case_id != first.case_id {
                return Err(format!("one request made two cases: {} and {}", first.case_id, second.case_id));
            }
        }
        Ok(first)
    }

    async fn submit(
        &self,
        request_id: &str,
        channel: Channel,
        application: &Application,
    ) -> Result<CaseHeader, Status> {
        let clerk = self.clerk.clone();
        self.persist(|| {
            let (mut clerk, id, form) = (clerk.clone(), request_id.to_owned(), application.clone());
            async move {
                clerk.submit(id, channel, form).await.map_err(|error| match error.downcast_ref::<Status>() {
                    Some(status) => status.clone(),
                    None => Status::internal(format!("{error:#}")),
                })
            }
        })
        .await
    }

    /// A consent for this case alone, to be revoked.
    pub(crate) async fn grant(&self, plan: &Plan) -> Result<String, String> {
        let categories = [DataCategory::EnterpriseProfile, DataCategory::Financials, DataCategory::IpAssets];
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let request = GrantConsentRequest {
            request_id: self.seed.request_id("consent of its own", &plan.index.to_string()),
            enterprise_id: plan.firm.id.clone(),
            purpose: ConsentPurpose::IpPledgeFinancing.into(),
            categories: categories.map(i32::from).to_vec(),
            recipient_institution_ids: Vec::new(),
            signed_at: at(1_656_633_600),
            valid_to: at(2_051_222_400),
            text_sha256: vec![1; 32],
            evidence_sha256: vec![2; 32],
            ..GrantConsentRequest::default()
        };
        let answer = self
            .persist(|| {
                let (mut whitelist, request) = (self.whitelist.clone(), request.clone());
                async move { whitelist.grant_consent(request).await }
            })
            .await
            .map_err(|status| format!("no consent: {status:?}"))?;
        Ok(answer.into_inner().consent.unwrap_or_default().consent_id)
    }

    pub(crate) async fn revoke(&self, consent_id: &str) -> Result<(), String> {
        let request = RevokeConsentRequest {
            request_id: Uuid::new_v4().to_string(),
            consent_id: consent_id.to_owned(),
        };
        self.persist(|| {
            let (mut whitelist, request) = (self.whitelist.clone(), request.clone());
            async move { whitelist.revoke_consent(request).await }
        })
        .await
        .map(drop)
        .map_err(|status| format!("the consent was not revoked: {status:?}"))
    }

    /// One act of the desk, by one request however often it has to be made. That the case has moved on meanwhile is
    /// another turn, and no fault.
    pub(crate) async fn act<F>(&self, act: F) -> Result<(), String>
    where
        F: Fn(Clerk, String) -> futures::future::BoxFuture<'static, Result<(), Status>>,
    {
        let request = Uuid::new_v4().to_string();
        match self.persist(|| act(self.clerk.clone(), request.clone())).await {
            Ok(()) => Ok(()),
            Err(status) if status.code() == Code::FailedPrecondition => Ok(()),
            Err(status) => Err(format!("an act was refused: {status:?}")),
        }
    }

    /// Makes a call until it is answered for good.
    pub(crate) async fn persist<T, F>(&self, mut call: impl FnMut() -> F) -> Result<T, Status>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let until = Instant::now() + PATIENCE;
        let mut pause = Duration::from_millis(100);
        loop {
            match call().await {
                Err(status) if may_pass(&status) && Instant::now() < until => {
                    self.tally.again();
                    tokio::time::sleep(jitter(pause)).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                answer => return answer,
            }
        }
    }
}

/// Somewhere between half and one and a half of it, so that cases do not move in step.
pub(crate) fn jitter(time: Duration) -> Duration {
    time.mul_f64(rand::rng().random_range(0.5..1.5))
}

/// Whether the same call may succeed a little later.
fn may_pass(status: &Status) -> bool {
    rpc::status::is_retryable(status)
        || matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled)
        // A connection that broke off within an answer has no reason of ours.
        || (status.code() == Code::Unknown && rpc::status::reason(status).is_none())
}
