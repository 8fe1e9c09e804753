//! One case: submitted, watched and moved by a task of its own as its plan wants.

use std::time::{Duration, Instant};

use proto::intake::v1::{CaseHeader, CaseState};
use proto::whitelist::v1::whitelist_service_client::WhitelistServiceClient;
use tonic::Status;
use zhirong::simulate::{Choice, Clerk, Seed, StaffChannel};

use crate::calls::jitter;
use crate::ground::Ground;
use crate::plan::{Kind, Plan};
use crate::tally::Tally;

/// Between two looks at a case.
const LOOK: Duration = Duration::from_millis(400);
/// How long a case may take after its submission: every choice of `CHOICES` may run into its deadline, and outages hold
/// deadlines up, because silence is not an institution's fault then.
const LIFE: Duration = Duration::from_secs(420);
/// How often one case may be chosen anew.
const CHOICES: u32 = 4;

/// Moves one case.
pub(crate) struct Driver {
    pub(crate) seed: Seed,
    pub(crate) clerk: Clerk,
    pub(crate) whitelist: WhitelistServiceClient<StaffChannel>,
    pub(crate) tally: Tally,
}

impl Driver {
    pub(crate) fn of(ground: &Ground, tally: &Tally) -> Self {
        Self {
            seed: ground.measure.seed,
            clerk: ground.clerk.clone(),
            whitelist: ground.whitelist.clone(),
            tally: tally.clone(),
        }
    }

    pub(crate) async fn run(mut self, plan: Plan) {
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
