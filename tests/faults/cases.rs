//! The cases: each is submitted, watched and moved by a task of its own, which tries again whatever fails for a reason
//! that passes, as a desk would.

use std::time::{Duration, Instant};

use proto::intake::v1::{CaseHeader, CaseState};
use proto::whitelist::v1::whitelist_service_client::WhitelistServiceClient;
use proto::whitelist::v1::{ConsentPurpose, DataCategory, GrantConsentRequest, RevokeConsentRequest};
use rand::Rng as _;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;
use zhirong::simulate::{Choice, Clerk, Seed, StaffChannel};

use crate::ground::Ground;
use crate::plan::{self, Kind, Plan};
use crate::tally::Tally;

/// Between two looks at a case.
const LOOK: Duration = Duration::from_millis(400);
/// A call that does not succeed for so long has found a system that did not come back.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a case may take after its submission: every choice of `CHOICES` may run into its deadline, and outages hold
/// deadlines up, because silence is not an institution's fault then.
const LIFE: Duration = Duration::from_secs(420);
/// How often one case may be chosen anew.
const CHOICES: u32 = 4;

/// All cases of a run.
pub(crate) struct Running {
    pub(crate) tally: Tally,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
}

/// Sets all cases going.
pub(crate) fn start(ground: &Ground) -> Running {
    let tally = Tally::default();
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    let measure = ground.measure;
    for index in 0..measure.cases {
        let plan = Plan::of(measure.seed, index, measure.cases, measure.time, &ground.loaded);
        let driver = Driver::of(ground, &tally);
        tasks.spawn(async move {
            tokio::time::sleep_until((begun + plan.submitted_after).into()).await;
            driver.run(plan).await;
        });
    }
    Running { tally, tasks: tokio::sync::Mutex::new(tasks) }
}

/// How many cases the system has to take through when all faults have fired.
const CALM: usize = 8;

/// Takes some cases through after everything: nothing may have broken for good.
pub(crate) fn start_calm(ground: &Ground) -> Running {
    let tally = Tally::default();
    let mut tasks = JoinSet::new();
    for index in plan::CALM..plan::CALM + CALM {
        let plan = Plan::calm(ground.measure.seed, index, &ground.loaded);
        tasks.spawn(Driver::of(ground, &tally).run(plan));
    }
    Running { tally, tasks: tokio::sync::Mutex::new(tasks) }
}

impl Running {
    /// Calm cases that were not approved.
    pub(crate) fn unapproved(&self) -> Vec<String> {
        let approved = self.tally.last_states().get(CaseState::Approved.as_str_name()).copied();
        let approved = approved.unwrap_or_default();
        if approved == CALM {
            return Vec::new();
        }
        let last = self.tally.last_states();
        vec![format!("after all faults only {approved} of {CALM} cases were approved: {last:?}")]
    }

    /// Waits until every case is through.
    pub(crate) async fn finish(&self, begun: Instant) {
        let mut tasks = self.tasks.lock().await;
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
            if tasks.len().is_multiple_of(50) && !tasks.is_empty() {
                println!("{} {} cases are left", crate::ground::clock(begun), tasks.len());
            }
        }
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.tally.complaints()
    }

    /// Kinds of cases and states that a run has to have met, and has not: it would prove less than it says.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let (kinds, states) = (self.tally.kinds_done(), self.tally.states_seen());
        let lacking = Kind::all().filter(|kind| !kinds.contains_key(kind));
        let states_wanted = [
            CaseState::Draft,
            CaseState::Submitted,
            CaseState::Supplement,
            CaseState::Collecting,
            CaseState::OffersReady,
            CaseState::Selected,
            CaseState::Approved,
            CaseState::NoOffer,
            CaseState::Rejected,
            CaseState::Withdrawn,
            CaseState::Expired,
        ];
        let unmet = states_wanted.into_iter().filter(|state| !states.contains_key(state.as_str_name()));
        let kinds = lacking.map(|kind| format!("no case of kind {kind:?} came to its end"));
        kinds.chain(unmet.map(|state| format!("no case was seen in {}", state.as_str_name()))).collect()
    }

    pub(crate) fn print(&self) {
        self.tally.print();
    }
}

struct Driver {
    seed: Seed,
    clerk: Clerk,
    whitelist: WhitelistServiceClient<StaffChannel>,
    tally: Tally,
}

impl Driver {
    fn of(ground: &Ground, tally: &Tally) -> Self {
        Self {
            seed: ground.measure.seed,
            clerk: ground.clerk.clone(),
            whitelist: ground.whitelist.clone(),
            tally: tally.clone(),
        }
    }

    async fn run(mut self, plan: Plan) {
        self.tally.begins();
        let last = match self.course(&plan).await {
            Ok(state) => state,
            Err(trouble) => {
                self.tally.complain(format!("case {} ({:?}): {trouble}", plan.index, plan.kind));
                CaseState::Unspecified
            }
        };
        self.tally.ends(plan.kind, last);
    }

    async fn course(&mut self, plan: &Plan) -> Result<CaseState, String> {
        let mut application = plan.application(self.seed);
        if plan.kind == Kind::ConsentRevoked {
            application.consent_id = self.grant(plan).await?;
        }
        let consent_id = application.consent_id.clone();
        let case = self.take_in(plan, application).await?;
        let submitted = Instant::now();
        let mut course = Course { consent_id, submitted, ..Course::of(plan) };
        loop {
            if submitted.elapsed() > LIFE {
                return Err(format!("not through after {LIFE:?}, last seen {:?}", course.last));
            }
            let id = case.case_id.clone();
            let clerk = self.clerk.clone();
            let view = self
                .persist(|| {
                    let (mut clerk, id) = (clerk.clone(), id.clone());
                    async move { clerk.case(&id).await }
                })
                .await
                .map_err(|status| format!("cannot be read: {status:?}"))?;
            let header = view.header.clone().unwrap_or_default();
            if course.last != Some(header.state()) {
                self.tally.saw(header.state());
                course.last = Some(header.state());
            }
            // A refusal here is another turn of the case; the next look shows it.
            let _ = self.clerk.clone().answer_questions(&view).await;
            if self.move_on(&mut course, &header).await? {
                return Ok(header.state());
            }
            tokio::time::sleep(jitter(LOOK)).await;
        }
    }

    /// Does what the plan wants now; whether the case is through.
    async fn move_on(&mut self, course: &mut Course, header: &CaseHeader) -> Result<bool, String> {
        let plan = course.plan.clone();
        let id = header.case_id.clone();
        let state = header.state();
        if course.submitted.elapsed() >= plan.moment && !course.struck {
            match plan.kind {
                Kind::Withdrawn if !ended(state) => {
                    course.struck = true;
                    self.act(|clerk, request| Box::pin(withdraw(clerk, request, id.clone()))).await?;
                    return Ok(false);
                }
                Kind::ConsentRevoked => {
                    course.struck = true;
                    self.revoke(&course.consent_id).await?;
                    return Ok(false);
                }
                _ => {}
            }
        }
        match state {
            CaseState::Rejected | CaseState::Withdrawn | CaseState::Expired => return Ok(true),
            CaseState::Approved => {
                if plan.kind == Kind::WithdrawnLate && !course.struck {
                    course.struck = true;
                    self.act(|clerk, request| Box::pin(withdraw(clerk, request, id.clone()))).await?;
                    return Ok(false);
                }
                // What is still to strike has to; a consent that is revoked after the approval ends the case as well.
                return Ok(course.struck || !matches!(plan.kind, Kind::Withdrawn | Kind::ConsentRevoked));
            }
            CaseState::Selected
                if plan.kind == Kind::WithdrawnLate && plan.nth.is_multiple_of(2) && !course.struck =>
            {
                course.struck = true;
                self.act(|clerk, request| Box::pin(withdraw(clerk, request, id.clone()))).await?;
            }
            CaseState::Submitted => self.at_the_desk(course, &id).await?,
            CaseState::Supplement if plan.kind == Kind::Supplemented => {
                self.act(|mut clerk, request| {
                    let id = id.clone();
                    Box::pin(async move { clerk.supplement(request, &id, &["D04"]).await.map(drop) })
                })
                .await?;
            }
            CaseState::NoOffer => {
                let again = plan.kind == Kind::NobodyOffers && plan.nth > 0 && !course.struck;
                if again {
                    course.struck = true;
                    self.act(|mut clerk, request| {
                        let id = id.clone();
                        Box::pin(async move { clerk.redispatch(request, &id).await.map(drop) })
                    })
                    .await?;
                } else if plan.nth == 1 {
                    self.act(|mut clerk, request| {
                        let id = id.clone();
                        Box::pin(async move { clerk.give_up(request, &id).await.map(drop) })
                    })
                    .await?;
                }
            }
            CaseState::OffersReady if plan.kind != Kind::NotChosen && course.choices < CHOICES => {
                course.choices += 1;
                let nth = plan.nth + usize::try_from(course.choices).unwrap_or_default();
                let (with_evaluator, with_cover) = (plan.with_evaluator, plan.with_cover);
                // Chosen once: what can be chosen may have changed when the act has to be made again.
                let offers = self.persist(|| {
                    let (mut clerk, id) = (self.clerk.clone(), id.clone());
                    async move { clerk.offers(&id).await }
                });
                let offers = offers.await.map_err(|status| format!("no offers: {status:?}"))?;
                let covered = Choice::with_cover(&offers, with_evaluator).filter(|_| with_cover);
                if let Some(choice) = covered.or_else(|| Choice::of(&offers, nth, with_evaluator)) {
                    self.act(move |mut clerk, request| {
                        let (id, choice) = (id.clone(), choice.clone());
                        Box::pin(async move { clerk.select(request, &id, &choice).await.map(drop) })
                    })
                    .await?;
                }
            }
            _ => {}
        }
        Ok(false)
    }

    /// What a clerk does with a submitted case; applications by API need none.
    async fn at_the_desk(&mut self, course: &mut Course, id: &str) -> Result<(), String> {
        let (kind, id) = (course.plan.kind, id.to_owned());
        match kind {
            Kind::Supplemented | Kind::NotSupplemented if !course.asked => {
                course.asked = true;
                self.act(|mut clerk, request| {
                    let id = id.clone();
                    Box::pin(async move { clerk.ask_enterprise(request, &id, &["D04"]).await.map(drop) })
                })
                .await
            }
            Kind::AtTheDesk | Kind::Supplemented | Kind::Drafted => {
                self.act(|mut clerk, request| {
                    let id = id.clone();
                    Box::pin(async move { clerk.accept(request, &id).await.map(drop) })
                })
                .await
            }
            // Held for a clerk because the consent went before the case was accepted: the enterprise gives up.
            Kind::ConsentRevoked if course.struck => {
                self.act(|clerk, request| Box::pin(withdraw(clerk, request, id.clone()))).await
            }
            _ => Ok(()),
        }
    }

    async fn take_in(
        &mut self,
        plan: &Plan,
        application: proto::intake::v1::Application,
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
        channel: proto::intake::v1::Channel,
        application: &proto::intake::v1::Application,
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
    async fn grant(&self, plan: &Plan) -> Result<String, String> {
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

    async fn revoke(&self, consent_id: &str) -> Result<(), String> {
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
    async fn act<F>(&self, act: F) -> Result<(), String>
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
    async fn persist<T, F>(&self, mut call: impl FnMut() -> F) -> Result<T, Status>
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
fn jitter(time: Duration) -> Duration {
    time.mul_f64(rand::rng().random_range(0.5..1.5))
}

/// Whether the same call may succeed a little later.
fn may_pass(status: &Status) -> bool {
    rpc::status::is_retryable(status)
        || matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled)
        // A connection that broke off within an answer has no reason of ours.
        || (status.code() == Code::Unknown && rpc::status::reason(status).is_none())
}

fn ended(state: CaseState) -> bool {
    matches!(state, CaseState::Rejected | CaseState::Withdrawn | CaseState::Expired)
}

async fn withdraw(mut clerk: Clerk, request: String, id: String) -> Result<(), Status> {
    clerk.withdraw(request, &id).await.map(drop)
}

/// Where one case stands in its plan.
struct Course {
    plan: Plan,
    consent_id: String,
    submitted: Instant,
    last: Option<CaseState>,
    /// What was to happen at some moment has happened.
    struck: bool,
    asked: bool,
    choices: u32,
}

impl Course {
    fn of(plan: &Plan) -> Self {
        Self {
            plan: plan.clone(),
            consent_id: String::new(),
            submitted: Instant::now(),
            last: None,
            struck: false,
            asked: false,
            choices: 0,
        }
    }
}
